import { readNumberedPair } from '../reading/numbered-pair.ts';
import type { FormatReader, SourceShape } from '../reading/reader.ts';
import {
  columnNamed,
  hasColumns,
  listOf,
  presentColumns,
  sampleValues,
  textField,
  textOf,
} from '../reading/source-sql.ts';

function isBenchItem(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['instruction', 'response1', 'response2', 'label'].every((key) => key in value)
  );
}

/** EvalBiasBench as released is one object: the name of each bias to its list of items. */
function isGrouped(shape: SourceShape): boolean {
  return (
    shape.columns.length > 0 &&
    shape.columns.every(({ name }) => {
      const [list] = sampleValues(shape, name);
      return Array.isArray(list) && list.length > 0 && list.every(isBenchItem);
    })
  );
}

/** EvalBiasBench: items with a `bias`, flat or grouped by it. */
export const evalBiasBench: FormatReader = {
  id: 'evalbiasbench',
  title: 'EvalBiasBench',
  description: 'bias, instruction, response1, response2 and label (1 or 2), flat or grouped by bias.',
  detect(shape) {
    if (isGrouped(shape)) return { confidence: 0.98, why: 'lists of labelled items by name of the bias' };
    return hasColumns(shape, 'bias', 'instruction', 'response1', 'response2', 'label')
      ? { confidence: 0.97, why: 'bias, response1, response2 and label' }
      : null;
  },
  read(shape) {
    const grouped = isGrouped(shape);
    const field = (name: string) => (grouped ? textField('item', name) : textOf(shape, name));
    const lists = shape.columns.map(({ name }) => `coalesce(${listOf(shape, name)}, [])`).join(', ');
    return {
      ...(grouped
        ? {
            from: (relation) => `(SELECT src_row, unnest(items) AS item, unnest(range(len(items))) AS place
              FROM (SELECT src_row, flatten([${lists}]) AS items FROM ${relation}))`,
            sourceRows: 'CASE WHEN place = 0 THEN 1 ELSE 0 END',
          }
        : {}),
      ...readNumberedPair({
        prompt: field('instruction'),
        first: field('response1'),
        second: field('response2'),
        label: field('label'),
        columns: { prompt: 'instruction', first: 'response1', second: 'response2', label: 'label' },
      }),
      subset: field('bias'),
      maxVotes: 1,
      usedColumns: grouped
        ? shape.columns.map(({ name }) => name)
        : presentColumns(shape, 'bias', 'instruction', 'response1', 'response2', 'label'),
      hasSides: true,
      relation: 'pairs',
    };
  },
};

/** OffsetBias training pairs: `instruction`, `output_1`, `output_2`, `label`. */
export const offsetbias: FormatReader = {
  id: 'offsetbias',
  title: 'OffsetBias',
  description: 'instruction, output_1, output_2 and label (1 or 2).',
  detect(shape) {
    const isJudged = columnNamed(shape, 'preference', 'generator_1', 'input') !== undefined;
    return hasColumns(shape, 'instruction', 'output_1', 'output_2', 'label') && !isJudged
      ? { confidence: 0.9, why: 'instruction, output_1, output_2 and label' }
      : null;
  },
  read: (shape) => ({
    ...readNumberedPair({
      prompt: textOf(shape, 'instruction'),
      first: textOf(shape, 'output_1'),
      second: textOf(shape, 'output_2'),
      label: textOf(shape, 'label'),
      columns: { prompt: 'instruction', first: 'output_1', second: 'output_2', label: 'label' },
    }),
    maxVotes: 1,
    usedColumns: presentColumns(shape, 'instruction', 'output_1', 'output_2', 'label'),
    hasSides: true,
    relation: 'pairs',
  }),
};
