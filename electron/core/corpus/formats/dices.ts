import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import { groupSource } from '../reading/grouped-source.ts';
import type { FormatReader, Reading, SourceShape, Sql } from '../reading/reader.ts';
import {
  annotatorStruct,
  presentRatings,
  problems,
  ratingStruct,
  responseStruct,
} from '../reading/record-parts.ts';
import { columnNamed, hasColumns, presentColumns, textOf } from '../reading/source-sql.ts';

const demographics = ['gender', 'locale', 'race', 'raw_race', 'age', 'education'];

function listQuestions(shape: SourceShape): string[] {
  return shape.columns.map(({ name }) => name).filter((name) => /^Q(\d+_|_overall$)/.test(name));
}

/**
 * Yes = 1 and No = 0 on a scale 0..1. Unsure keeps its word and has no value: it is no half-way between the two. Q1 asks
 * in free words and has no scale.
 */
function answer(shape: SourceShape, column: string, annotator: Sql): Sql {
  const words = `nullif(trim(${textOf(shape, column)}), '')`;
  return ratingStruct({
    response: 0,
    aspect: quoteLiteral(column),
    value: `CASE lower(${words}) WHEN 'yes' THEN 1 WHEN 'no' THEN 0 END`,
    valueText: words,
    annotator,
    ...(column.startsWith('Q1_') ? {} : { min: 0, max: 1 }),
  });
}

function raterOf(shape: SourceShape): Sql {
  const attributes = demographics
    .filter((name) => columnNamed(shape, `rater_${name}`) !== undefined)
    .map((name) => [name, `nullif(${textOf(shape, `rater_${name}`)}, '')`] as const);
  return annotatorStruct(textOf(shape, 'rater_id'), "'human'", Object.fromEntries(attributes));
}

const perRater = ['id', 'phase', 'answer_time_ms', 'answer_timestamp'];

function groupItems(shape: SourceShape): (relation: Sql) => Sql {
  const answers = presentRatings(
    listQuestions(shape).map((column) => answer(shape, column, textOf(shape, 'rater_id'))),
  );
  return (relation) =>
    `(${groupSource(shape, relation, {
      by: [textOf(shape, 'item_id'), textOf(shape, 'context'), textOf(shape, 'response')],
      memberId: `coalesce(${textOf(shape, 'rater_id')}, src_row::VARCHAR)`,
      keyed: presentColumns(shape, ...perRater),
      aggregates: {
        assay_answers: `flatten(list(${answers ?? 'NULL'} ORDER BY src_row))`,
        assay_raters: `list(DISTINCT ${raterOf(shape)}) FILTER (${textOf(shape, 'rater_id')} IS NOT NULL)`,
      },
    })})`;
}

function read(shape: SourceShape): Reading {
  const hasGold = columnNamed(shape, 'safety_gold') !== undefined;
  const gold = `list_filter([${answer(shape, 'safety_gold', "'safety_gold'")}], lambda given: given.value_text IS NOT NULL)`;
  const annotators = hasGold
    ? `list_append(assay_raters, ${annotatorStruct("'safety_gold'", "'human'")})`
    : 'assay_raters';
  return {
    from: groupItems(shape),
    sourceRows: 'assay_rows',
    exampleId: textOf(shape, 'item_id'),
    promptText: textOf(shape, 'context'),
    topic: textOf(shape, 'harm_type'),
    responses: `[${responseStruct(textOf(shape, 'response'))}]`,
    ratings: hasGold ? `list_concat(assay_answers, ${gold})` : 'assay_answers',
    annotators,
    ...problems([
      { when: `${textOf(shape, 'context')} IS NULL`, text: 'There is no conversation.', column: 'context' },
      { when: `${textOf(shape, 'response')} IS NULL`, text: 'There is no response.', column: 'response' },
    ]),
    maxResponses: 1,
    maxVotes: 0,
    usedColumns: presentColumns(
      shape,
      ...['rater_id', 'item_id', 'context', 'response', 'harm_type', 'safety_gold'],
      ...demographics.map((name) => `rater_${name}`),
      ...listQuestions(shape),
    ),
    hasSides: false,
    relation: 'responses',
  };
}

/** DICES 350 and 990: one row is one rater's answers on one conversation; rows of a conversation become one record. */
export const dices: FormatReader = {
  id: 'dices',
  title: 'DICES',
  description:
    'Safety answers of many raters; rows of one item become one response with ratings and rater demographics.',
  detect: (shape) =>
    hasColumns(shape, 'rater_id', 'item_id', 'context', 'response', 'Q_overall')
      ? { confidence: 0.99, why: 'one rater’s answers Q1…Q_overall on one conversation a row' }
      : null,
  read,
};
