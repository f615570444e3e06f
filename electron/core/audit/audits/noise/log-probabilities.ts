import type { AuditContext, AuditDataset } from '../audit.ts';

type Context = Pick<AuditContext<unknown>, 'session' | 'dataset' | 'signal' | 'pairs' | 'scratch'>;

/** Aspect of a rating that holds the summed log-probability of a response under the annotator, a language model. */
export const logpAspect = 'logp';
/** Aspect of a rating that holds the number of tokens summed over. */
export const tokensAspect = 'logp_tokens';

/** Why an audit of likelihoods cannot be run, or null. */
export function findLikelihoodObstacle(dataset: AuditDataset): string | null {
  if (!dataset.aspects.includes(logpAspect))
    return `No response has a log-probability: ratings lack the aspect ${logpAspect} (and ${tokensAspect} for the number of tokens). Score the responses with a language model first.`;
  return dataset.pairs === 0 ? 'The dataset holds no pairs.' : null;
}

export interface ScoredModel {
  readonly model: string;
  readonly pairs: number;
}

/**
 * Creates a scratch table with one row per model and pair whose two sides it scored: model, comparison_id, cluster, label, delta
 * (length of chosen − rejected), chosen_id and rejected_id (of a and b for a tie), first and second (summed log-probability of the chosen and rejected; of a and b for a tie),
 * first_mean and second_mean (per token, NULL without counts). Answers its name and the models, the most pairs first.
 */
export async function createLogpPairs(context: Context): Promise<{ table: string; models: ScoredModel[] }> {
  const { session, dataset, signal, pairs } = context;
  const table = context.scratch('logp_pairs');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH scored AS (SELECT g.response_id, g.annotator_id, avg(g."value") FILTER (g.aspect = '${logpAspect}') AS total, avg(g."value") FILTER (g.aspect = '${tokensAspect}') AS tokens
         FROM rating g WHERE g.dataset_id = ? AND g.aspect IN ('${logpAspect}', '${tokensAspect}') GROUP BY ALL HAVING total IS NOT NULL),
       pair AS (SELECT DISTINCT ON (comparison_id) comparison_id, cluster, label, delta, coalesce(chosen_id, response_a_id) AS one, coalesce(rejected_id, response_b_id) AS two
         FROM ${pairs} WHERE label IN ('a', 'b', 'tie') ORDER BY comparison_id)
     SELECT n.name AS model, p.comparison_id, p.cluster, p.label, p.delta, p.one AS chosen_id, p.two AS rejected_id, x.total AS "first", y.total AS "second",
       x.total / nullif(x.tokens, 0) AS first_mean, y.total / nullif(y.tokens, 0) AS second_mean
     FROM pair p JOIN scored x ON x.response_id = p.one JOIN scored y ON y.response_id = p.two AND y.annotator_id = x.annotator_id
     JOIN annotator n ON n.annotator_id = x.annotator_id ORDER BY n.name, p.comparison_id`,
    [dataset.datasetId],
    { signal },
  );
  const models = await session.all<ScoredModel>(
    `SELECT model, count(*) AS pairs FROM ${table} WHERE label <> 'tie' GROUP BY model ORDER BY pairs DESC, model`,
  );
  return { table, models };
}

/** The reference model: the one named, else one with “ref” or “base” in its name, else the one with the most pairs. */
export function findReference(models: readonly ScoredModel[], given: string): string | undefined {
  if (given !== '') return models.find(({ model }) => model === given)?.model;
  return (models.find(({ model }) => /ref|base/i.test(model)) ?? models[0])?.model;
}
