import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import { promptMessages, renderMessages } from '../reading/message-sql.ts';
import type { FormatReader, Reading, SourceShape, Sql } from '../reading/reader.ts';
import { problems, ratingStruct, responseStruct, votesFromScores } from '../reading/record-parts.ts';
import {
  everyValue,
  hasColumns,
  numberListOf,
  numberOf,
  presentColumns,
  textOf,
} from '../reading/source-sql.ts';
import { nvidiaPrompt } from '../reading/transcript.ts';

/** The five attributes, each 0–4. */
const attributes = ['helpfulness', 'correctness', 'coherence', 'complexity', 'verbosity'] as const;

/** Rows joined at most: HelpSteer2 has two responses a prompt, HelpSteer four. */
const mostInARow = 4;

function ratingsOf(isPerRater: boolean): Sql {
  const perAttribute = attributes.map((attribute) => {
    const rating = ratingStruct({
      response: 'place - 1',
      ...(isPerRater ? { annotator: `'rater ' || rater` } : {}),
      aspect: `'${attribute}'`,
      value: `row_of.${attribute}[rater]`,
      min: 0,
      max: 4,
    });
    return `list_transform(range(1, coalesce(len(row_of.${attribute}), 0) + 1), lambda rater: ${rating})`;
  });
  return `list_filter(flatten(list_transform(assay_rows, lambda row_of, place: flatten([${perAttribute.join(', ')}]))),
    lambda given: given."value" IS NOT NULL)`;
}

/** Rows in a row that share a prompt become one record; values of an attribute are a list, one for each rater. */
function readRows(shape: SourceShape, isPerRater: boolean): Reading {
  const used = presentColumns(shape, 'prompt', 'response', ...attributes);
  const others = shape.columns.filter((column) => !used.includes(column.name));
  const values = (name: string) => (isPerRater ? numberListOf(shape, name) : `[${numberOf(shape, name)}]`);
  const packed = `struct_pack(response := ${textOf(shape, 'response')},
    ${attributes.map((name) => `${name} := ${values(name)}`).join(', ')})`;
  const kept = others.map((column) => {
    const identifier = quoteIdentifier(column.name);
    return `, first(${identifier} ORDER BY src_row) AS ${identifier}`;
  });
  const from = (relation: Sql) => `(SELECT *, ${nvidiaPrompt('assay_text')} AS assay_prompt FROM (
    SELECT min(src_row) AS src_row, count(*) AS assay_count, first(assay_text) AS assay_text,
      list(assay_row ORDER BY src_row) AS assay_rows${kept.join('')}
    FROM (SELECT *, (row_number() OVER (PARTITION BY assay_run ORDER BY src_row) - 1) // ${mostInARow} AS assay_part
      FROM (SELECT *, count(*) FILTER (WHERE assay_starts) OVER (ORDER BY src_row) AS assay_run
      FROM (SELECT *, assay_text IS DISTINCT FROM lag(assay_text) OVER (ORDER BY src_row) AS assay_starts
        FROM (SELECT *, ${textOf(shape, 'prompt')} AS assay_text, ${packed} AS assay_row FROM ${relation}))))
    GROUP BY assay_run, assay_part))`;
  return {
    from,
    sourceRows: 'assay_count',
    promptText: renderMessages('assay_prompt'),
    promptMessages: promptMessages('assay_prompt'),
    responses: `list_transform(assay_rows, lambda row_of: ${responseStruct('row_of.response')})`,
    votes: votesFromScores({
      scores: 'list_transform(assay_rows, lambda row_of: list_avg(row_of.helpfulness))',
      isRank: false,
    }),
    ratings: ratingsOf(isPerRater),
    usedColumns: used,
    hasSides: true,
    relation: 'pairs',
    ...problems([
      {
        when: 'len(list_filter(assay_rows, lambda row_of: row_of.response IS NULL)) > 0',
        text: 'There is no response in “response”.',
        column: 'response',
      },
    ]),
  };
}

const isList = (value: unknown) => Array.isArray(value);
const hasAttributes = (shape: SourceShape) => hasColumns(shape, 'prompt', 'response', ...attributes);

/** HelpSteer2's default set: one response a row, consecutive rows share a prompt; labelled by helpfulness. */
export const helpSteer2: FormatReader = {
  id: 'helpsteer2',
  title: 'HelpSteer2 (attribute ratings)',
  description:
    'One response a row with five ratings 0–4; rows in a row with one prompt are compared by helpfulness.',
  detect: (shape) =>
    hasAttributes(shape) && !everyValue(shape, 'helpfulness', isList)
      ? { confidence: 0.98, why: 'It has prompt, response and the five HelpSteer attributes.' }
      : null,
  read: (shape) => readRows(shape, false),
};

/** HelpSteer2's disagreements: as the default set, with one rating for each rater. Raters are numbered within a row. */
export const helpSteer2Disagreements: FormatReader = {
  id: 'helpsteer2-disagreements',
  title: 'HelpSteer2 disagreements (ratings of each rater)',
  description:
    'One response a row; each attribute is a list, one value a rater. Compared by mean helpfulness.',
  detect: (shape) =>
    hasAttributes(shape) && everyValue(shape, 'helpfulness', isList)
      ? { confidence: 0.98, why: 'The five HelpSteer attributes are lists, one value for each rater.' }
      : null,
  read: (shape) => readRows(shape, true),
};
