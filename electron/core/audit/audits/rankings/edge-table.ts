import type { Parameter } from '../../../../../native/duckdb/session.ts';
import type { AuditContext } from '../audit.ts';

type Context = Pick<AuditContext<unknown>, 'session' | 'signal' | 'scratch'>;

/** Compared responses and their triads, as scratch tables. */
export interface ComparisonGraph {
  readonly edges: string;
  /** scope, cluster and cyclic (1, 0, or NULL where one of the pairs is tied) of every triad whose three pairs were all compared. */
  readonly triads: string;
}

/** Table of the responses of a dataset: response_id, model, key; responses of one prompt with equal texts have one key. */
export async function storeResponseKeys(
  { session, signal, scratch }: Context,
  datasetId: number,
): Promise<string> {
  const keys = scratch('response_keys');
  await session.run(
    `CREATE OR REPLACE TABLE ${keys} AS SELECT response_id, model, min(response_id) OVER (PARTITION BY prompt_id, hash) AS key
     FROM (SELECT response_id, model, prompt_id, md5_number(text) AS hash FROM response WHERE dataset_id = ?)`,
    [datasetId],
    { signal },
  );
  return keys;
}

/**
 * Creates scratch tables of compared responses and their triads. Edges have one row per scope, prompt and unordered pair of different texts: scope, cluster,
 * x, y (keys of `storeResponseKeys`, x < y), x_model, y_model, score (mean of 1 x wins, ½ tie, 0 y wins), s (sign: 1, 0, −1), games.
 *
 * @param source Relation with scope, cluster, response_a_id, response_b_id, label.
 */
export async function createComparisonGraph(
  { session, signal, scratch }: Context,
  {
    name,
    keys,
    source,
    parameters = [],
  }: { name: string; keys: string; source: string; parameters?: readonly Parameter[] },
): Promise<ComparisonGraph> {
  const table = scratch(name);
  const triads = scratch(`${name}_triads`);
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH pair AS (SELECT q.scope, q.cluster, a.key AS ka, b.key AS kb, a.model AS model_a, b.model AS model_b,
         CASE q.label WHEN 'a' THEN 1.0 WHEN 'b' THEN 0.0 ELSE 0.5 END AS score
       FROM ${source} q JOIN ${keys} a ON a.response_id = q.response_a_id JOIN ${keys} b ON b.response_id = q.response_b_id
       WHERE q.label IN ('a', 'b', 'tie', 'both_bad'))
     SELECT scope, cluster, least(ka, kb) AS x, greatest(ka, kb) AS y, any_value(CASE WHEN ka < kb THEN model_a ELSE model_b END) AS x_model,
       any_value(CASE WHEN ka < kb THEN model_b ELSE model_a END) AS y_model, avg(CASE WHEN ka < kb THEN score ELSE 1 - score END)::DOUBLE AS score,
       sign(avg(CASE WHEN ka < kb THEN score ELSE 1 - score END) - 0.5)::INTEGER AS s, count(*) AS games
     FROM pair WHERE ka <> kb GROUP BY scope, cluster, x, y ORDER BY scope, cluster, x, y`,
    parameters,
    { signal },
  );
  await session.run(
    `CREATE OR REPLACE TABLE ${triads} AS
     SELECT a.scope, a.cluster, CASE WHEN a.s <> 0 AND b.s <> 0 AND c.s <> 0 THEN (a.s = b.s AND c.s = -a.s)::INTEGER END AS cyclic
     FROM ${table} a JOIN ${table} b ON b.scope = a.scope AND b.cluster = a.cluster AND b.x = a.y
     JOIN ${table} c ON c.scope = a.scope AND c.cluster = a.cluster AND c.x = a.x AND c.y = b.y ORDER BY a.scope, a.cluster`,
    [],
    { signal },
  );
  return { edges: table, triads };
}
