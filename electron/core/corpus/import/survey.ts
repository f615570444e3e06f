import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { Sql } from '../reading/reader.ts';
import { buildRecordSelect } from '../reading/record-sql.ts';
import type { Loader } from './loader.ts';

/** What the statements of a load read: `survey` has all of a record but its texts, `records` the whole of it. */
export interface Surveyed {
  /**
   * A relation with the columns of `buildRecordSelect` and those of the table `placed`, which must be there when it is
   * read and says which records those are.
   */
  readonly records: Sql;
  /** A relation with `record_no` and the prompt's columns of `buildRecordSelect`. */
  readonly prompts: Sql;
  /** Drops the temporary tables. */
  readonly drop: () => Promise<void>;
}

/** What the tables other than prompt and response are made from. */
const surveyColumns = `src_rows,
  coalesce(problem,
    CASE WHEN prompt_text IS NULL AND len(responses) > 0 THEN 'the prompt is missing'
         WHEN list_contains(list_transform(responses, lambda r: r.text IS NULL), true) THEN 'a response is missing' END) AS problem,
  problem_column,
  hash(prompt_b_text, example_id, extra, votes, ratings, annotators, responses) AS content_hash,
  coalesce(md5_number(prompt_text), 0) AS prompt_key,
  md5_number(prompt_b_text) AS prompt_b_key,
  example_id, language, topic, subset, extra, votes, reference, ratings, annotators,
  list_transform(responses, lambda r: r.model) AS models,
  coalesce(list_bool_or(list_transform(responses, lambda r: r.media IS NOT NULL)), false) AS has_media,
  list_transform(responses, lambda r: coalesce(length(r.text), 0)) AS response_chars,
  coalesce(length(prompt_text), 0) AS prompt_chars,
  coalesce(len(list_filter(prompt_messages, lambda m: m.role = 'user')), 1) AS turns`;

/**
 * The rows of `select` that `places` has under the same `row_key`, each with its place. A scalar subquery and not a join,
 * because DuckDB does not know how many rows a JSON file holds: it would build the join's hash table from all the texts.
 */
function placeRows(select: Sql, places: Sql): Sql {
  const place = `(SELECT {'record_no': p.record_no, 'prompt_id': p.prompt_id, 'prompt_b_id': p.prompt_b_id}
    FROM ${places} p WHERE p.row_key = r.row_key)`;
  return `SELECT * EXCLUDE (row_key, place), place.record_no AS record_no, place.prompt_id AS prompt_id, place.prompt_b_id AS prompt_b_id
    FROM (SELECT r.*, ${place} AS place FROM (${select}) r) WHERE place IS NOT NULL`;
}

function dropTables(loader: Loader, ...tables: readonly string[]): () => Promise<void> {
  return async () => {
    for (const table of tables) await loader.run('Finishing', `DROP TABLE temp.${table}`);
  };
}

/** Records of a source that numbers its rows; one that a format rewrites is kept as rewritten, and numbered after. */
async function surveyNumbered(loader: Loader): Promise<Surveyed> {
  const { relation, columns, reading } = loader.request;
  const select = buildRecordSelect(relation, columns, reading);
  const isRewritten = reading.from !== undefined;
  if (isRewritten) {
    await loader.run('Reading', `CREATE OR REPLACE TEMP TABLE rewritten AS ${select}`);
    await loader.run(
      'Reading',
      `CREATE OR REPLACE TEMP TABLE record AS SELECT *, row_number() OVER (ORDER BY src_row, rowid) - 1 AS record_no FROM rewritten`,
    );
    await loader.run('Reading', 'DROP TABLE temp.rewritten');
  }
  const numbered = isRewritten ? 'record' : `(SELECT *, src_row AS record_no FROM (${select}))`;
  await loader.run(
    'Checking rows',
    `CREATE OR REPLACE TEMP TABLE survey AS SELECT record_no, src_row, ${surveyColumns} FROM ${numbered}`,
  );
  const drop = dropTables(loader, 'survey', ...(isRewritten ? ['record'] : []));
  const records = placeRows(
    `SELECT * EXCLUDE (record_no), record_no AS row_key FROM ${numbered}`,
    '(SELECT *, record_no AS row_key FROM placed)',
  );
  return { records: `(${records})`, prompts: numbered, drop };
}

/** Row ids of a table that its transaction has not yet committed are in order too, but do not begin with 0. */
async function findFirstRowId(loader: Loader): Promise<string> {
  const ids = await loader.one<{ first: string; isGapless: boolean }>(
    `SELECT coalesce(min(rowid), 0)::VARCHAR AS first, coalesce(max(rowid) - min(rowid) + 1 = count(*), true) AS "isGapless"
     FROM surveyed`,
  );
  if (!ids.isGapless) throw new Error('the row ids of a temporary table have gaps');
  return ids.first;
}

/** Operators that hand rows on in the order in which they come. DuckDB keeps that order in a table made from them. */
const orderKeeping: ReadonlySet<string> = new Set([
  'BATCH_CREATE_TABLE_AS',
  'CREATE_TABLE_AS',
  'PROJECTION',
  'READ_JSON',
]);

interface PlanNode {
  readonly name: string;
  readonly children?: readonly PlanNode[];
}

/**
 * True where the plan of a statement neither joins nor groups. An expression may make it do so: a long `IN` list or a
 * subquery becomes a join, and threads then hand on their part of the file in any order.
 */
async function keepsFileOrder(loader: Loader, statement: Sql): Promise<boolean> {
  const plan = await loader.one<{ explain_value: string }>(`EXPLAIN (FORMAT json) ${statement}`);
  const isKept = ({ name, children = [] }: PlanNode): boolean =>
    orderKeeping.has(name.trim()) && children.every(isKept);
  return (JSON.parse(plan.explain_value) as PlanNode[]).every(isKept);
}

/**
 * Records of a source that has no row numbers. The survey lies in file order, so its row ids are the numbers; where its
 * plan cannot promise that order, rows are counted on one thread instead. The later pass over the responses finds a row's
 * number by the hash of all its columns. Rows with the hash of another are read in a pass of their own that counts rows,
 * on one thread.
 */
async function surveyUnnumbered(loader: Loader, unnumbered: Sql): Promise<Surveyed> {
  const { relation, columns, reading } = loader.request;
  const key = `hash(${columns.map((column) => quoteIdentifier(column.name)).join(', ')})`;
  const keyed = `(SELECT *, ${key} AS src_row FROM ${unnumbered})`;
  const select = buildRecordSelect(keyed, columns, reading);
  const survey = `CREATE OR REPLACE TEMP TABLE surveyed AS SELECT src_row AS row_key, prompt_text, prompt_messages, prompt_b_text, ${surveyColumns}
    FROM (${select})`;
  if (!(await keepsFileOrder(loader, survey))) return surveyNumbered(loader);
  await loader.run('Checking rows', survey);
  const place = await findFirstRowId(loader);
  await loader.run(
    'Checking rows',
    `CREATE OR REPLACE TEMP VIEW survey AS SELECT rowid - ${place} AS record_no, rowid - ${place} AS src_row, * FROM surveyed`,
  );
  await loader.run(
    'Checking rows',
    `CREATE OR REPLACE TEMP TABLE twin AS SELECT record_no, row_key FROM survey
     SEMI JOIN (SELECT row_key FROM surveyed GROUP BY row_key HAVING count(*) > 1) USING (row_key)`,
  );
  const { twins } = await loader.one<{ twins: number }>('SELECT count(*) AS twins FROM twin');
  const unique = placeRows(
    `SELECT * EXCLUDE (src_row), src_row AS row_key FROM (${select})`,
    `(SELECT p.*, s.row_key FROM placed p JOIN survey s USING (record_no) ${twins > 0 ? 'ANTI JOIN twin USING (record_no)' : ''})`,
  );
  const counted = placeRows(
    `SELECT * EXCLUDE (src_row), src_row AS row_key FROM (${buildRecordSelect(relation, columns, reading)})`,
    '(SELECT *, record_no AS row_key FROM placed SEMI JOIN twin USING (record_no))',
  );
  const all = twins > 0 ? `${unique} UNION ALL ${counted}` : unique;
  const drop = async () => {
    await loader.run('Finishing', 'DROP VIEW temp.survey');
    await dropTables(loader, 'surveyed', 'twin')();
  };
  return { records: `(SELECT *, record_no AS src_row FROM (${all}))`, prompts: 'survey', drop };
}

/** Reads the whole source once and keeps in `survey` what decides about its records. */
export async function surveyRecords(loader: Loader): Promise<Surveyed> {
  const { unnumbered, reading } = loader.request;
  return unnumbered !== undefined && reading.from === undefined
    ? surveyUnnumbered(loader, unnumbered)
    : surveyNumbered(loader);
}
