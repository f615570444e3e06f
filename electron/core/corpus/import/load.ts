import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { SourceColumn } from '../../../contract/import.contract.ts';
import type { Reading, Sql } from '../formats/reader.ts';
import { buildRecordSelect } from '../formats/record-sql.ts';
import type { SourceRejection } from './stage.ts';

export interface LoadRequest {
  readonly importId: number;
  readonly datasetId: number;
  readonly fileNo: number;
  /** Path as the person gave it, kept as provenance. */
  readonly path: string;
  readonly fileName: string;
  readonly bytes: number;
  readonly format: string;
  /** The source relation, with `src_row`. */
  readonly relation: Sql;
  readonly columns: readonly SourceColumn[];
  readonly reading: Reading;
  readonly rejections: readonly SourceRejection[];
  readonly keepDuplicates: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (phase: string, share: number) => void;
}

/** Source rows of one file by what became of them; they add up to the rows in the file. */
export interface LoadCounts {
  readonly sourceRows: number;
  readonly loaded: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly pairs: number;
}

/** Ids are `base + record * stride + place`: unique and in file order, with gaps where records have fewer parts. */
interface IdPlan {
  readonly promptBase: number;
  readonly responseBase: number;
  readonly responseStride: number;
  readonly comparisonBase: number;
  readonly comparisonStride: number;
  readonly annotatorBase: number;
  readonly mediaBase: number;
}

const separator = 'chr(30)';

/** Runs statements of one load, all interruptible, with the share of each reported under the phase it belongs to. */
class Loader {
  constructor(
    readonly session: Session,
    readonly request: LoadRequest,
  ) {}

  run(phase: string, sql: string, parameters: readonly (string | number | null)[] = []): Promise<number> {
    const { signal, onProgress } = this.request;
    return this.session.run(sql, parameters, { signal, onProgress: (share) => onProgress(phase, share) });
  }

  one<T>(sql: string): Promise<T> {
    return this.session.one<T>(sql, [], { signal: this.request.signal });
  }
}

/** All of a record but its texts: what the tables other than prompt and response are made from. */
async function survey(loader: Loader, records: Sql): Promise<void> {
  await loader.run(
    'Checking rows',
    `CREATE OR REPLACE TEMP TABLE survey AS
     SELECT record_no, src_row, src_rows,
       coalesce(problem,
         CASE WHEN prompt_text IS NULL AND len(responses) > 0 THEN 'the prompt is missing'
              WHEN list_contains(list_transform(responses, lambda r: r.text IS NULL), true) THEN 'a response is missing' END) AS problem,
       problem_column,
       md5_number(concat_ws(${separator}, prompt_text, prompt_b_text, example_id, extra, votes::VARCHAR, ratings::VARCHAR, annotators::VARCHAR,
         array_to_string(list_transform(responses, lambda r: concat_ws(${separator}, r.text, r.model)), ${separator}))) AS content_key,
       md5_number(prompt_text) AS prompt_key,
       md5_number(prompt_b_text) AS prompt_b_key,
       example_id, language, topic, subset, extra, votes, ratings, annotators,
       list_transform(responses, lambda r: r.model) AS models,
       list_transform(responses, lambda r: coalesce(length(r.text), 0)) AS response_chars,
       coalesce(length(prompt_text), 0) AS prompt_chars,
       coalesce(len(list_filter(prompt_messages, lambda m: m.role = 'user')), 1) AS turns
     FROM ${records}`,
  );
}

/** Marks in `kept` the records that are usable and not there yet. */
async function chooseRecords(loader: Loader): Promise<{ everything: boolean }> {
  const { datasetId, keepDuplicates } = loader.request;
  const isFirst = keepDuplicates ? 'true' : 'record_no = first_no AND NOT is_known';
  await loader.run(
    'Checking rows',
    `CREATE OR REPLACE TEMP TABLE kept AS
     SELECT record_no FROM (
       SELECT s.record_no, f.first_no,
         EXISTS (SELECT 1 FROM record_key k WHERE k.dataset_id = ${datasetId} AND k.content_key = s.content_key) AS is_known
       FROM survey s
       JOIN (SELECT content_key, min(record_no) AS first_no FROM survey WHERE problem IS NULL GROUP BY content_key) f
         USING (content_key)
       WHERE s.problem IS NULL)
     WHERE ${isFirst}`,
  );
  const { kept, all } = await loader.one<{ kept: number; all: number }>(
    'SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM survey) AS all',
  );
  return { everything: kept === all };
}

async function planIds(loader: Loader): Promise<IdPlan> {
  const { reading } = loader.request;
  const strides =
    reading.maxResponses !== undefined && reading.maxVotes === 1
      ? { responses: reading.maxResponses, comparisons: 1 }
      : await loader.one<{ responses: number; comparisons: number }>(
          `SELECT coalesce(max(len(models)), 1) AS responses,
             coalesce(max(len(list_distinct(list_transform(votes, lambda v: {'a': v.a, 'b': v.b})))), 1) AS comparisons FROM survey`,
        );
  const bases = await loader.one<
    Record<'prompt' | 'response' | 'comparison' | 'annotator' | 'media', number>
  >(
    `SELECT (SELECT coalesce(max(prompt_id), 0) + 1 FROM prompt) AS prompt,
       (SELECT coalesce(max(response_id), 0) + 1 FROM response) AS response,
       (SELECT coalesce(max(comparison_id), 0) + 1 FROM comparison) AS comparison,
       (SELECT coalesce(max(annotator_id), 0) + 1 FROM annotator) AS annotator,
       (SELECT coalesce(max(media_id), 0) + 1 FROM media) AS media`,
  );
  return {
    promptBase: bases.prompt,
    responseBase: bases.response,
    responseStride: Math.max(1, strides.responses),
    comparisonBase: bases.comparison,
    comparisonStride: Math.max(1, strides.comparisons),
    annotatorBase: bases.annotator,
    mediaBase: bases.media,
  };
}

/** One row per distinct prompt of the dataset; `prompt_map` then gives each record its prompts. */
async function loadPrompts(loader: Loader, records: Sql, plan: IdPlan): Promise<void> {
  const { importId, datasetId } = loader.request;
  await loader.run(
    'Loading prompts',
    `CREATE OR REPLACE TEMP TABLE prompt_map AS
     SELECT u.key, u.place, p.prompt_id AS known_id, coalesce(p.prompt_id, ${plan.promptBase} + u.place) AS prompt_id
     FROM (SELECT key, min(place) AS place FROM (
         SELECT prompt_key AS key, record_no * 2 AS place FROM survey SEMI JOIN kept USING (record_no) WHERE len(models) > 0
         UNION ALL
         SELECT prompt_b_key, record_no * 2 + 1 FROM survey SEMI JOIN kept USING (record_no) WHERE prompt_b_key IS NOT NULL)
       GROUP BY key) u
     LEFT JOIN prompt p ON p.dataset_id = ${datasetId} AND p.text_key = u.key`,
  );
  const insert = (side: number, text: string, messages: string, turns: string) =>
    loader.run(
      'Loading prompts',
      `INSERT INTO prompt (prompt_id, dataset_id, text, messages, text_key, chars, turns, import_id)
       SELECT m.prompt_id, ${datasetId}, r.${text}, ${messages}, m.key, length(r.${text}), ${turns}, ${importId}
       FROM ${records} r JOIN prompt_map m ON m.place = r.record_no * 2 + ${side} WHERE m.known_id IS NULL`,
    );
  await insert(
    0,
    'prompt_text',
    'r.prompt_messages',
    `coalesce(len(list_filter(r.prompt_messages, lambda m: m.role = 'user')), 1)`,
  );
  if (loader.request.reading.promptBText !== undefined) await insert(1, 'prompt_b_text', 'NULL', '1');
}

async function loadResponses(loader: Loader, records: Sql, plan: IdPlan, everything: boolean): Promise<void> {
  const { importId, datasetId, path, reading } = loader.request;
  const isAlone = reading.relation === 'responses';
  const own = (column: string) => (isAlone ? `r.${column}` : 'NULL');
  const promptOf =
    reading.promptBText === undefined
      ? 'm.prompt_id'
      : 'CASE WHEN r.place = 1 AND mb.prompt_id IS NOT NULL THEN mb.prompt_id ELSE m.prompt_id END';
  await loader.run(
    'Loading responses',
    `INSERT INTO response (response_id, dataset_id, prompt_id, text, messages, model, position, chars, example_id, language,
       topic, subset, extra, import_id, source_file, source_row)
     SELECT ${plan.responseBase} + record_no * ${plan.responseStride} + place, ${datasetId}, prompt_id, item.text, item.messages,
       item.model, place, length(item.text), example_id, language, topic, subset, extra, ${importId}, ?, src_row + 1
     FROM (
       SELECT r.record_no, r.src_row, ${promptOf} AS prompt_id, ${own('example_id')} AS example_id, ${own('language')} AS language,
         ${own('topic')} AS topic, ${own('subset')} AS subset, ${own('extra')} AS extra, r.item, r.place
       FROM (SELECT *, unnest(responses) AS item, unnest(range(len(responses))) AS place FROM ${records}
             ${everything ? '' : 'SEMI JOIN kept USING (record_no)'}) r
       JOIN (SELECT record_no, prompt_key, prompt_b_key FROM survey) s ON s.record_no = r.record_no
       JOIN prompt_map m ON m.key = s.prompt_key
       ${reading.promptBText === undefined ? '' : 'LEFT JOIN prompt_map mb ON mb.key = s.prompt_b_key'})`,
    [path],
  );
  await loader.run(
    'Loading responses',
    `INSERT INTO media SELECT ${plan.mediaBase} + row_number() OVER () - 1, ${datasetId}, response_id, file, ${importId} FROM (
       SELECT ${plan.responseBase} + record_no * ${plan.responseStride} + place AS response_id, unnest(item.media) AS file
       FROM (SELECT record_no, unnest(responses) AS item, unnest(range(len(responses))) AS place
             FROM ${records} SEMI JOIN kept USING (record_no)))`,
  );
}

/** Annotators named anywhere in the file get one row per name and dataset. */
async function loadAnnotators(loader: Loader, plan: IdPlan): Promise<void> {
  const { importId, datasetId } = loader.request;
  await loader.run(
    'Loading votes',
    `CREATE OR REPLACE TEMP TABLE named AS
     SELECT name, coalesce(max(kind) FILTER (kind <> 'unknown'), 'unknown') AS kind, any_value(attributes) AS attributes FROM (
       SELECT DISTINCT coalesce(v.annotator, 'label') AS name, 'unknown' AS kind, NULL::MAP(VARCHAR, VARCHAR) AS attributes
         FROM (SELECT unnest(votes) AS v FROM survey SEMI JOIN kept USING (record_no))
       UNION ALL SELECT DISTINCT coalesce(g.annotator, 'label'), 'unknown', NULL
         FROM (SELECT unnest(ratings) AS g FROM survey SEMI JOIN kept USING (record_no))
       UNION ALL SELECT n.name, n.kind, n.attributes
         FROM (SELECT unnest(annotators) AS n FROM survey SEMI JOIN kept USING (record_no)))
     WHERE name IS NOT NULL GROUP BY name`,
  );
  await loader.run(
    'Loading votes',
    `UPDATE annotator SET attributes = coalesce(n.attributes, annotator.attributes),
       kind = CASE WHEN n.kind = 'unknown' THEN annotator.kind ELSE n.kind END
     FROM named n WHERE annotator.dataset_id = ${datasetId} AND annotator.name = n.name`,
  );
  await loader.run(
    'Loading votes',
    `INSERT INTO annotator SELECT ${plan.annotatorBase} + row_number() OVER (ORDER BY name) - 1, ${datasetId}, name, kind, attributes, ${importId}
     FROM named WHERE name NOT IN (SELECT name FROM annotator WHERE dataset_id = ${datasetId})`,
  );
}

const majority = `CASE
  WHEN n_a + n_b + n_tie + n_bad = 0 THEN CASE WHEN n_skip > 0 THEN 'skip' END
  WHEN n_a > greatest(n_b, n_tie + n_bad) THEN 'a'
  WHEN n_b > greatest(n_a, n_tie + n_bad) THEN 'b'
  WHEN n_bad > greatest(n_a, n_b, n_tie) THEN 'both_bad'
  ELSE 'tie' END`;

/** Strength of several votes: the mean signed strength where votes are graded, else the lead of the majority. */
const jointStrength = `CASE
  WHEN n_graded > 0 THEN abs(signed_sum) / n_graded
  WHEN n_a + n_b + n_tie + n_bad > 1 THEN abs(n_a - n_b) / (n_a + n_b + n_tie + n_bad) END`;

/** One row per compared pair of responses, its label the majority of the overall votes (no majority = tie). */
async function loadComparisons(loader: Loader, plan: IdPlan): Promise<number> {
  const { importId, datasetId, path, fileName, reading } = loader.request;
  const isSingle = reading.maxVotes === 1;
  await loader.run(
    'Loading pairs',
    `CREATE OR REPLACE TEMP TABLE voted AS
     SELECT record_no, v.a AS a, v.b AS b, v.label AS label, v.strength AS strength, coalesce(v.annotator, 'label') AS annotator,
       v.aspect AS aspect, v.rationale AS rationale, v.shown_first AS shown_first, v.ms AS ms
     FROM (SELECT record_no, unnest(votes) AS v FROM survey SEMI JOIN kept USING (record_no))`,
  );
  const grouped = isSingle
    ? `SELECT record_no, a, b, label, CASE WHEN label IN ('a', 'b') THEN strength END AS strength, (label IS NOT NULL)::INTEGER AS n_votes, 0 AS place FROM voted`
    : `SELECT record_no, a, b, ${majority} AS label, ${jointStrength} AS strength, n_a + n_b + n_tie + n_bad + n_skip AS n_votes, place FROM (
        SELECT record_no, a, b, count(*) FILTER (label = 'a' AND aspect IS NULL) AS n_a, count(*) FILTER (label = 'b' AND aspect IS NULL) AS n_b,
          count(*) FILTER (label = 'tie' AND aspect IS NULL) AS n_tie, count(*) FILTER (label = 'both_bad' AND aspect IS NULL) AS n_bad,
          count(*) FILTER (label = 'skip' AND aspect IS NULL) AS n_skip,
          count(strength) FILTER (aspect IS NULL) AS n_graded,
          coalesce(sum(CASE label WHEN 'a' THEN strength WHEN 'b' THEN -strength ELSE 0 END) FILTER (aspect IS NULL), 0) AS signed_sum,
          row_number() OVER (PARTITION BY record_no ORDER BY a, b) - 1 AS place
        FROM voted GROUP BY record_no, a, b)`;
  await loader.run('Loading pairs', `CREATE OR REPLACE TEMP TABLE compared AS ${grouped}`);
  const inserted = await loader.run(
    'Loading pairs',
    `INSERT INTO comparison
     SELECT ${plan.comparisonBase} + c.record_no * ${plan.comparisonStride} + c.place, ${datasetId},
       coalesce(s.example_id, concat(?, '#', s.src_row + 1)) || ${plan.comparisonStride > 1 ? `CASE WHEN max(c.place) OVER (PARTITION BY c.record_no) > 0 THEN concat(':', c.a, '-', c.b) ELSE '' END` : "''"},
       m.prompt_id, mb.prompt_id,
       ${plan.responseBase} + c.record_no * ${plan.responseStride} + c.a, ${plan.responseBase} + c.record_no * ${plan.responseStride} + c.b,
       c.label, c.strength, c.n_votes, s.models[c.a + 1], s.models[c.b + 1], s.language, s.topic, s.subset,
       s.prompt_chars, s.response_chars[c.a + 1], s.response_chars[c.b + 1], s.turns, s.extra, ${importId}, ?, s.src_row + 1
     FROM compared c JOIN survey s ON s.record_no = c.record_no
     JOIN prompt_map m ON m.key = s.prompt_key LEFT JOIN prompt_map mb ON mb.key = s.prompt_b_key
     ORDER BY c.record_no, c.place`,
    [fileName, path],
  );
  const comparisonOf = `${plan.comparisonBase} + v.record_no * ${plan.comparisonStride} + ${isSingle ? '0' : 'c.place'}`;
  const joinCompared = isSingle
    ? ''
    : 'JOIN compared c ON c.record_no = v.record_no AND c.a = v.a AND c.b = v.b';
  const joinNames = `JOIN annotator n ON n.dataset_id = ${datasetId} AND n.name = v.annotator`;
  await loader.run(
    'Loading votes',
    `INSERT INTO vote SELECT ${comparisonOf}, ${datasetId}, n.annotator_id, v.aspect, v.label, v.strength, v.shown_first, v.ms, ${importId}
     FROM voted v ${joinCompared} ${joinNames} WHERE v.label IS NOT NULL`,
  );
  await loader.run(
    'Loading votes',
    `INSERT INTO rationale SELECT ${datasetId}, ${comparisonOf}, NULL, n.annotator_id, v.aspect, v.rationale, ${importId}
     FROM voted v ${joinCompared} ${joinNames} WHERE v.rationale IS NOT NULL`,
  );
  return inserted;
}

async function loadRatings(loader: Loader, plan: IdPlan): Promise<void> {
  const { importId, datasetId } = loader.request;
  const rows = `(SELECT ${plan.responseBase} + record_no * ${plan.responseStride} + g.response AS response_id, g.*
    FROM (SELECT record_no, unnest(ratings) AS g FROM survey SEMI JOIN kept USING (record_no))) g
    JOIN annotator n ON n.dataset_id = ${datasetId} AND n.name = coalesce(g.annotator, 'label')`;
  await loader.run(
    'Loading ratings',
    `INSERT INTO rating SELECT g.response_id, ${datasetId}, n.annotator_id, g.aspect, g."value", g.value_text, g.scale_min, g.scale_max, ${importId}
     FROM ${rows} WHERE g."value" IS NOT NULL OR g.value_text IS NOT NULL`,
  );
  await loader.run(
    'Loading ratings',
    `INSERT INTO rationale SELECT ${datasetId}, NULL, g.response_id, n.annotator_id, g.aspect, g.rationale, ${importId}
     FROM ${rows} WHERE g.rationale IS NOT NULL`,
  );
}

async function keepRejections(loader: Loader): Promise<void> {
  const { importId, datasetId, path, relation, columns, rejections } = loader.request;
  const raw =
    columns.length > 0
      ? `to_json({${columns.map((column) => `${quoteIdentifier(column.name)}: ${quoteIdentifier(column.name)}`).join(', ')}})::VARCHAR`
      : "''";
  await loader.run(
    'Keeping rejected rows',
    `INSERT INTO rejected_row
     SELECT ${importId}, ${datasetId}, ?, s.src_row + 1, s.problem_column, s.problem, left(t.raw, 10000)
     FROM (SELECT src_row, any_value(problem_column) AS problem_column, any_value(problem) AS problem FROM survey WHERE problem IS NOT NULL AND src_rows > 0 GROUP BY src_row) s
     JOIN (SELECT src_row, ${raw} AS raw FROM ${relation}) t ON t.src_row = s.src_row`,
    [path],
  );
  for (const rejection of rejections) {
    await loader.run('Keeping rejected rows', 'INSERT INTO rejected_row VALUES (?, ?, ?, ?, ?, ?, ?)', [
      importId,
      datasetId,
      path,
      rejection.row,
      rejection.column,
      rejection.reason,
      rejection.raw,
    ]);
  }
}

async function countRows(loader: Loader, pairs: number): Promise<LoadCounts> {
  const container = loader.request.rejections.length;
  const counts = await loader.one<{ sourceRows: number; loaded: number; rejected: number }>(
    `SELECT (SELECT count(*) FROM ${loader.request.relation}) AS "sourceRows",
       coalesce(sum(src_rows) FILTER (record_no IN (SELECT record_no FROM kept)), 0) AS loaded,
       coalesce(sum(src_rows) FILTER (problem IS NOT NULL), 0) AS rejected FROM survey`,
  );
  return {
    sourceRows: counts.sourceRows + container,
    loaded: counts.loaded,
    rejected: counts.rejected + container,
    duplicates: counts.sourceRows - counts.loaded - counts.rejected,
    pairs,
  };
}

/**
 * Loads one file into the tables of the corpus. Runs inside the caller's transaction: all of the file is there
 * afterwards, or nothing. Records equal in every part to one of the same dataset are duplicates and skipped.
 */
export async function loadFile(session: Session, request: LoadRequest): Promise<LoadCounts> {
  const loader = new Loader(session, request);
  const select = buildRecordSelect(request.relation, request.columns, request.reading);
  const isRewritten = request.reading.from !== undefined;
  if (isRewritten) await loader.run('Reading', `CREATE OR REPLACE TEMP TABLE record AS ${select}`);
  const records = isRewritten
    ? '(SELECT *, rowid AS record_no FROM record)'
    : `(SELECT *, src_row AS record_no FROM (${select}))`;
  await survey(loader, records);
  const { everything } = await chooseRecords(loader);
  const plan = await planIds(loader);
  await loadPrompts(loader, records, plan);
  await loadResponses(loader, records, plan, everything);
  await loadAnnotators(loader, plan);
  const pairs = await loadComparisons(loader, plan);
  await loadRatings(loader, plan);
  await keepRejections(loader);
  const counts = await countRows(loader, pairs);
  await loader.run(
    'Finishing',
    `INSERT INTO record_key SELECT ${request.datasetId}, ${request.importId}, content_key FROM survey SEMI JOIN kept USING (record_no)`,
  );
  await loader.run('Finishing', 'INSERT INTO import_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
    request.importId,
    request.fileNo,
    request.path,
    request.format,
    request.bytes,
    counts.sourceRows,
    counts.loaded,
    counts.rejected,
    counts.duplicates,
    counts.pairs,
  ]);
  for (const table of [
    'survey',
    'kept',
    'prompt_map',
    'named',
    'voted',
    'compared',
    ...(isRewritten ? ['record'] : []),
  ]) {
    await session.run(`DROP TABLE IF EXISTS temp.${table}`);
  }
  return counts;
}
