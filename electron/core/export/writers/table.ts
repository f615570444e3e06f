import type { Sql } from '../../corpus/reading/reader.ts';
import { chatType, holding } from '../parts-sql.ts';
import { listRecipeColumns, ownPlaces } from '../recipe-columns.ts';
import {
  column,
  type Condition,
  flag,
  type Shape,
  type Writer,
  type WriterColumn,
  type WriterContext,
} from '../writer.ts';

const startsAsFormula = (text: Sql) => `regexp_matches(${text}, '^[=+\\-@\\t\\r]')`;

/** A text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP advises for CSV. */
const guarded = (text: Sql): Sql =>
  `CASE WHEN ${startsAsFormula(text)} THEN '''' || ${text} ELSE ${text} END`;

const voteType = 'STRUCT(annotator VARCHAR, kind VARCHAR, aspect VARCHAR, label VARCHAR, strength DOUBLE)[]';
const rationaleType = 'STRUCT(annotator VARCHAR, aspect VARCHAR, "text" VARCHAR)[]';
const ratingType = 'STRUCT(annotator VARCHAR, aspect VARCHAR, "value" DOUBLE, value_text VARCHAR)[]';

function withLists(rows: Sql, { relation, datasetId }: WriterContext): Sql {
  const tags = `LEFT JOIN (SELECT row_id, list(tag ORDER BY tag) AS tags FROM tag
    WHERE dataset_id = ${datasetId} AND relation = '${relation}' GROUP BY row_id) g ON g.row_id = rows_of.row_id`;
  if (relation === 'responses')
    return `(SELECT rows_of.*, g.tags, w.ratings FROM ${rows} rows_of ${tags}
      LEFT JOIN (SELECT r.response_id, list({'annotator': n.name, 'aspect': r.aspect, 'value': r."value", 'value_text': r.value_text}
          ORDER BY n.annotator_id, r.aspect) AS ratings FROM rating r JOIN annotator n USING (annotator_id)
          WHERE r.dataset_id = ${datasetId} GROUP BY r.response_id) w ON w.response_id = rows_of.response_id)`;
  return `(SELECT rows_of.*, g.tags, w.votes, q.rationales FROM ${rows} rows_of ${tags}
    LEFT JOIN (SELECT q.comparison_id, list({'annotator': n.name, 'aspect': q.aspect, 'text': q.text} ORDER BY q.aspect NULLS FIRST, n.annotator_id, q.text)
        AS rationales FROM rationale q JOIN annotator n USING (annotator_id)
        WHERE q.dataset_id = ${datasetId} AND q.comparison_id IS NOT NULL GROUP BY q.comparison_id) q ON q.comparison_id = rows_of.row_id
    LEFT JOIN (SELECT v.comparison_id, list({'annotator': n.name, 'kind': n.kind, 'aspect': v.aspect, 'label': v.label, 'strength': v.strength}
        ORDER BY n.annotator_id, v.aspect) AS votes FROM vote v JOIN annotator n USING (annotator_id)
        WHERE v.dataset_id = ${datasetId} GROUP BY v.comparison_id) w ON w.comparison_id = rows_of.row_id)`;
}

function pairColumns(
  said: (name: string, from: Sql, messages: Sql, note: string) => WriterColumn,
): WriterColumn[] {
  return [
    column('example_id', 'VARCHAR', 'example_id', 'id of the example'),
    said('prompt', 'prompt', 'prompt_messages', 'the prompt'),
    said('response_a', 'a', 'a_messages', 'the first response'),
    said('response_b', 'b', 'b_messages', 'the second response'),
    column('label', 'VARCHAR', 'label', 'a, b, tie, both_bad, skip or empty'),
    column('strength', 'DOUBLE', 'strength', 'strength of the preference, 0–1'),
    column('model_a', 'VARCHAR', 'model_a', 'who wrote the first response'),
    column('model_b', 'VARCHAR', 'model_b', 'who wrote the second response'),
    column('language', 'VARCHAR', 'language', 'language'),
    column('topic', 'VARCHAR', 'topic', 'topic'),
    column('subset', 'VARCHAR', 'subset', 'subset of the dataset'),
    column('prompt_of_b', 'VARCHAR', 'prompt_b', 'prompt of the second response, where it is another one'),
    column('n_votes', 'INTEGER', 'n_votes', 'overall votes'),
    column('votes', voteType, 'votes', 'every vote with its annotator'),
    column('rationales', rationaleType, 'rationales', 'every rationale with who gave it'),
  ];
}

function responseColumns(
  said: (name: string, from: Sql, messages: Sql, note: string) => WriterColumn,
): WriterColumn[] {
  return [
    column('example_id', 'VARCHAR', 'example_id', 'id of the example'),
    said('prompt', 'prompt', 'prompt_messages', 'the prompt'),
    said('response', 'text', 'messages', 'the response'),
    column('label', 'BOOLEAN', 'wanted', 'whether the response is wanted, where it has such a rating'),
    column('model_a', 'VARCHAR', 'model', 'who wrote the response'),
    column('language', 'VARCHAR', 'language', 'language'),
    column('topic', 'VARCHAR', 'topic', 'topic'),
    column('subset', 'VARCHAR', 'subset', 'subset of the dataset'),
    column('ratings', ratingType, 'ratings', 'every rating with its annotator'),
  ];
}

const rest: readonly WriterColumn[] = [
  column('tags', 'VARCHAR[]', 'tags', 'tags of the row'),
  column('extra', 'VARCHAR', 'extra', 'columns of the source that no other column holds, as JSON'),
  column('source_file', 'VARCHAR', 'parse_filename(source_file)', 'file the row came from'),
  column('source_row', 'BIGINT', 'source_row', 'row in that file, from 1'),
];

/** CSV has only texts: lists become JSON, texts are guarded where that is asked for. */
const asCell = ({ name, type, sql, note }: WriterColumn, isGuarded: boolean): WriterColumn => {
  if (/\]$/.test(type)) return column(name, 'VARCHAR', `to_json((${sql})::${type})::VARCHAR`, note);
  return column(name, type, isGuarded && type === 'VARCHAR' ? guarded(sql) : sql, note);
};

function shapeOf(context: WriterContext): Shape {
  const { container, isConversational, relation, options, recipe } = context;
  const isGuarded = container === 'csv' && options['guardFormulas'] === true;
  const said = (name: string, text: Sql, messages: Sql, note: string) =>
    isConversational ? column(name, chatType, messages, note) : column(name, 'VARCHAR', text, note);
  const columns = [
    ...(relation === 'pairs' ? pairColumns(said) : responseColumns(said)),
    ...listRecipeColumns(recipe),
    ...rest,
  ];
  const texts = relation === 'pairs' ? ['prompt', 'a', 'b'] : ['prompt', 'text'];
  const formulas: Condition = {
    when: texts.map(startsAsFormula).join(' OR '),
    why: 'a text begins with = + - @ or a tab and gets an apostrophe in front, so that no spreadsheet runs it',
  };
  const empty: Condition = {
    when: texts
      .slice(1)
      .map((text) => `${text} = ''`)
      .join(' OR '),
    why: 'a response is empty, which a CSV cannot tell from a missing one',
  };
  return {
    columns: container === 'csv' ? columns.map((one) => asCell(one, isGuarded)) : columns,
    prepare: (rows) => withLists(rows, context),
    rowsPerUnit: 1,
    holds: holding(
      'sides',
      'models',
      'strength',
      'example_id',
      'language',
      'topic',
      'subset',
      'prompt_turns',
      'system',
      'response_turns',
      'votes',
      'rationales',
      'ratings',
      'tags',
      'extra',
      'two_prompts',
    ),
    excludes: [],
    ambiguous: container === 'csv' ? [empty] : [],
    changes: isGuarded ? [formulas] : [],
  };
}

/** Every selected row with its columns, for people, spreadsheets and other programs; read again by its column names. */
export const table: Writer = {
  id: 'table',
  title: 'Table of all columns',
  purpose: 'every row with all its columns, for spreadsheets, notebooks and Assay itself',
  relations: ['pairs', 'responses'],
  containers: ['parquet', 'jsonl', 'csv'],
  options: [
    flag(
      'guardFormulas',
      'Make formulas harmless in CSV',
      true,
      'an apostrophe before texts that a spreadsheet would run',
    ),
  ],
  canSay: { tie: true, bothBad: true, unlabelled: true },
  unit: 'row',
  recipePlaces: ownPlaces,
  shape: shapeOf,
};
