import type { WelfareTable } from '../../../statistics/welfare.ts';
import type { AuditContext } from '../audit.ts';

/** The welfare audit's run: what it reads from and its parameters. */
export type WelfareContext = AuditContext<{
  aspect: string;
  tie_within: number;
  prior: number;
  rounds: number;
  draws: number;
  rule: 'mean' | 'choice' | 'veto';
  veto: number;
  min_raters: number;
  max_groups: number;
  census: string;
}>;

export interface ScoreTable {
  /** Scratch table: annotator_id, rater, model (codes from 0), model_name, prompt_id, response_id, score, z. */
  readonly table: string;
  readonly aspect: string;
  readonly models: readonly string[];
  readonly raters: number;
  readonly means: WelfareTable;
}

/** Models compared at most, those with the most scores. */
const maximumModels = 40;

/**
 * The scores people gave the responses of named models, normalised within each rater (z; SD 0 → 0), and each rater's mean score by
 * model. Answers why not where there is nothing to read.
 */
export async function readScores(context: WelfareContext): Promise<ScoreTable | string> {
  const { session, dataset, signal, params } = context;
  const chosen = await session.find<{ aspect: string }>(
    `SELECT g.aspect FROM rating g JOIN annotator n USING (annotator_id) JOIN response r USING (response_id)
     WHERE g.dataset_id = $1 AND g."value" IS NOT NULL AND n.kind <> 'model' AND r.model IS NOT NULL AND ($2 = '' OR g.aspect = $2)
     GROUP BY g.aspect HAVING count(DISTINCT r.model) > 1 AND count(DISTINCT g.annotator_id) >= 5 ORDER BY count(*) DESC, g.aspect LIMIT 1`,
    [dataset.datasetId, params.aspect],
    { signal },
  );
  if (!chosen)
    return 'No aspect (column rating) is scored by five people on responses of two named models (columns annotator and model).';
  const table = context.scratch('scores');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH given AS (SELECT g.annotator_id, r.model AS model_name, r.prompt_id, g.response_id, avg(g."value") AS score FROM rating g
         JOIN annotator n USING (annotator_id) JOIN response r USING (response_id)
         WHERE g.dataset_id = ? AND g.aspect = ? AND g."value" IS NOT NULL AND n.kind <> 'model' AND r.model IS NOT NULL GROUP BY ALL),
       top AS (SELECT model_name, row_number() OVER (ORDER BY count(*) DESC, model_name) - 1 AS model FROM given GROUP BY model_name ORDER BY model LIMIT ${maximumModels})
     SELECT g.*, t.model, dense_rank() OVER (ORDER BY annotator_id) - 1 AS rater,
       CASE WHEN coalesce(stddev(score) OVER own, 0) = 0 THEN 0 ELSE (score - avg(score) OVER own) / stddev(score) OVER own END AS z
     FROM given g JOIN top t USING (model_name) WINDOW own AS (PARTITION BY annotator_id) ORDER BY annotator_id, response_id`,
    [dataset.datasetId, chosen.aspect],
    { signal },
  );
  const models = await session.all<{ name: string }>(
    `SELECT DISTINCT model, model_name AS name FROM ${table} ORDER BY model`,
  );
  const cells = await session.columns(
    `SELECT rater, model, avg(score) AS mean FROM ${table} GROUP BY rater, model ORDER BY rater, model`,
    [],
    { signal },
  );
  const { rater = new Float64Array(0), model = new Float64Array(0), mean = new Float64Array(0) } = cells;
  const raters = rater.reduce((most, code) => Math.max(most, code + 1), 0);
  const means = new Float64Array(raters * models.length).fill(Number.NaN);
  for (const [cell, value] of mean.entries())
    means[(rater[cell] ?? 0) * models.length + (model[cell] ?? 0)] = value;
  return {
    table,
    aspect: chosen.aspect,
    models: models.map((row) => row.name),
    raters,
    means: { raters, models: models.length, means },
  };
}
