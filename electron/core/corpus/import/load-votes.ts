import type { Sql } from '../reading/reader.ts';
import type { Choice, IdPlan, Loader } from './loader.ts';

/** Annotators named anywhere in the file get one row per name and dataset. */
export async function loadAnnotators(loader: Loader, plan: IdPlan, { whichKept }: Choice): Promise<void> {
  const { importId, heldUnder, reading } = loader.request;
  const rater = `coalesce(one.annotator, 'label') AS name, 'unknown' AS kind, NULL::MAP(VARCHAR, VARCHAR) AS attributes`;
  const parts = [
    ['votes', rater],
    ['ratings', rater],
    ['annotators', 'one.name, one.kind, one.attributes'],
  ] as const;
  const named = parts
    .filter(([part]) => reading[part] !== undefined)
    .map(
      ([part, columns]) =>
        `SELECT DISTINCT ${columns} FROM (SELECT unnest(${part}) AS one FROM survey ${whichKept})`,
    );
  if (named.length === 0) return;
  await loader.run(
    'Loading votes',
    `CREATE OR REPLACE TEMP TABLE named AS
     SELECT name, coalesce(max(kind) FILTER (kind <> 'unknown'), 'unknown') AS kind, any_value(attributes) AS attributes
     FROM (${named.join(' UNION ALL ')})
     WHERE name IS NOT NULL GROUP BY name`,
  );
  await loader.run(
    'Loading votes',
    `UPDATE annotator SET attributes = coalesce(n.attributes, annotator.attributes),
       kind = CASE WHEN n.kind = 'unknown' THEN annotator.kind ELSE n.kind END
     FROM named n WHERE annotator.dataset_id IN (${loader.datasetIds}) AND annotator.name = n.name`,
  );
  await loader.run(
    'Loading votes',
    `INSERT INTO annotator SELECT ${plan.annotatorBase} + row_number() OVER (ORDER BY name) - 1, ${heldUnder}, name, kind, attributes, ${importId}
     FROM named WHERE name NOT IN (SELECT name FROM annotator WHERE dataset_id IN (${loader.datasetIds}))`,
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

/** A relation of the compared pairs of responses, each with the columns of its record in `survey`. */
async function joinCompared(loader: Loader, whichKept: Sql): Promise<Sql> {
  if (loader.request.reading.maxVotes === 1)
    return `(SELECT *, v.a AS a, v.b AS b, v.label AS label, CASE WHEN v.label IN ('a', 'b') THEN v.strength END AS strength,
         (v.label IS NOT NULL)::INTEGER AS n_votes, 0 AS place
        FROM (SELECT *, unnest(votes) AS v FROM survey ${whichKept}))`;
  await loader.run(
    'Loading pairs',
    `CREATE OR REPLACE TEMP TABLE compared AS
     SELECT record_no, a, b, ${majority} AS label, ${jointStrength} AS strength, n_a + n_b + n_tie + n_bad + n_skip AS n_votes, place FROM (
        SELECT record_no, a, b, count(*) FILTER (label = 'a' AND counts) AS n_a, count(*) FILTER (label = 'b' AND counts) AS n_b,
          count(*) FILTER (label = 'tie' AND counts) AS n_tie, count(*) FILTER (label = 'both_bad' AND counts) AS n_bad,
          count(*) FILTER (label = 'skip' AND counts) AS n_skip,
          count(strength) FILTER (counts) AS n_graded,
          coalesce(sum(CASE label WHEN 'a' THEN strength WHEN 'b' THEN -strength ELSE 0 END) FILTER (counts), 0) AS signed_sum,
          row_number() OVER (PARTITION BY record_no ORDER BY a, b) - 1 AS place
        FROM voted GROUP BY record_no, a, b)`,
  );
  return '(SELECT * FROM compared JOIN survey USING (record_no))';
}

/** Names of annotators up to which a name is looked for in a list rather than joined. */
const fewNames = 32;

/**
 * SQL for the id of the annotator of a name, and the join it needs. DuckDB takes tables made in its own transaction for
 * empty: it would build the join's hash table from all the votes of a file, so few names go without a join.
 */
async function findAnnotators(loader: Loader, name: Sql): Promise<{ readonly id: Sql; readonly join: Sql }> {
  const ofDataset = `FROM annotator WHERE dataset_id IN (${loader.datasetIds})`;
  const { names } = await loader.one<{ names: number }>(`SELECT count(*) AS names ${ofDataset}`);
  if (names > fewNames)
    return {
      id: 'n.annotator_id',
      join: `JOIN annotator n ON n.dataset_id IN (${loader.datasetIds}) AND n.name = ${name}`,
    };
  const listed = (column: string) => `(SELECT list(${column} ORDER BY annotator_id) ${ofDataset})`;
  return { id: `${listed('annotator_id')}[list_position(${listed('name')}, ${name})]`, join: '' };
}

/** One row per compared pair of responses, its label the majority of the votes that count for it (no majority = tie). */
export async function loadComparisons(loader: Loader, plan: IdPlan, { whichKept }: Choice): Promise<number> {
  const { importId, heldUnder, path, fileName, reading } = loader.request;
  const isSingle = reading.maxVotes === 1;
  const kind = isSingle ? 'VIEW' : 'TABLE';
  await loader.run(
    'Loading pairs',
    `CREATE OR REPLACE TEMP ${kind} voted AS
     SELECT record_no, v.a AS a, v.b AS b, v.label AS label, v.strength AS strength, coalesce(v.annotator, 'label') AS annotator,
       v.aspect AS aspect, v.rationale AS rationale, v.shown_first AS shown_first, v.ms AS ms,
       v.aspect IS NULL AND (reference IS NULL OR v.annotator = reference) AS counts
     FROM (SELECT record_no, reference, unnest(votes) AS v FROM survey ${whichKept})`,
  );
  const compared = await joinCompared(loader, whichKept);
  const inserted = await loader.run(
    'Loading pairs',
    `INSERT INTO comparison
     SELECT ${plan.comparisonBase} + c.record_no * ${plan.comparisonStride} + c.place, ${heldUnder},
       coalesce(c.example_id, concat(?, '#', c.src_row + 1)) || ${plan.comparisonStride > 1 ? `CASE WHEN max(c.place) OVER (PARTITION BY c.record_no) > 0 THEN concat(':', c.a, '-', c.b) ELSE '' END` : "''"},
       p.prompt_id, p.prompt_b_id,
       ${plan.responseBase} + c.record_no * ${plan.responseStride} + c.a, ${plan.responseBase} + c.record_no * ${plan.responseStride} + c.b,
       c.label, c.strength, c.n_votes, c.models[c.a + 1], c.models[c.b + 1], c.language, c.topic, c.subset,
       c.prompt_chars, c.response_chars[c.a + 1], c.response_chars[c.b + 1], c.turns, c.extra, ${importId}, ?, c.src_row + 1
     FROM ${compared} c JOIN placed p USING (record_no)
     ${isSingle ? '' : 'ORDER BY c.record_no, c.place'}`,
    [fileName, path],
  );
  const comparisonOf = `${plan.comparisonBase} + v.record_no * ${plan.comparisonStride} + ${isSingle ? '0' : 'c.place'}`;
  const ofVote = isSingle ? '' : 'JOIN compared c ON c.record_no = v.record_no AND c.a = v.a AND c.b = v.b';
  const annotator = await findAnnotators(loader, 'v.annotator');
  await loader.run(
    'Loading votes',
    `INSERT INTO vote SELECT ${comparisonOf}, ${heldUnder}, ${annotator.id}, v.aspect, v.label, v.strength, v.shown_first, v.ms, ${importId}
     FROM voted v ${ofVote} ${annotator.join} WHERE v.label IS NOT NULL`,
  );
  await loader.run(
    'Loading votes',
    `INSERT INTO rationale SELECT ${heldUnder}, ${comparisonOf}, NULL, ${annotator.id}, v.aspect, v.rationale, ${importId}
     FROM voted v ${ofVote} ${annotator.join} WHERE v.rationale IS NOT NULL`,
  );
  return inserted;
}

/** One row per rating that says something, with its rationale apart. */
export async function loadRatings(loader: Loader, plan: IdPlan, { whichKept }: Choice): Promise<void> {
  if (loader.request.reading.ratings === undefined) return;
  const { importId, heldUnder } = loader.request;
  const annotator = await findAnnotators(loader, `coalesce(g.annotator, 'label')`);
  const rows = `(SELECT ${plan.responseBase} + record_no * ${plan.responseStride} + g.response AS response_id, g.*
    FROM (SELECT record_no, unnest(ratings) AS g FROM survey ${whichKept})) g ${annotator.join}`;
  await loader.run(
    'Loading ratings',
    `INSERT INTO rating SELECT g.response_id, ${heldUnder}, ${annotator.id}, g.aspect, g."value", g.value_text, g.scale_min, g.scale_max, ${importId}
     FROM ${rows} WHERE g."value" IS NOT NULL OR g.value_text IS NOT NULL`,
  );
  await loader.run(
    'Loading ratings',
    `INSERT INTO rationale SELECT ${heldUnder}, NULL, g.response_id, ${annotator.id}, g.aspect, g.rationale, ${importId}
     FROM ${rows} WHERE g.rationale IS NOT NULL`,
  );
}
