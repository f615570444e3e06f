import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { categoryDivergence } from '../../../statistics/category-divergence.ts';
import { type AuditContext as Context, defineAudit, makeFigure, maximumSlices } from '../audit.ts';
import { measureMean, measureShare, statusOf, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { findLikelihoodObstacle, logpAspect, tokensAspect } from './log-probabilities.ts';

type AuditContext = Context<{ model: string; z_below: number; min_samples: number; targets: string }>;

const headOf = (metric: string, title: string) => ({ audit: 'on-policy', metric, title });

export const onPolicyAudit = defineAudit({
  id: 'on-policy',
  family: 'noise',
  title: 'On-policy check',
  description:
    'Whether the responses are ones the target model would give: their likelihood beside that of its own samples on the same prompt.',
  inputs: ['ratings', 'annotator', 'model', 'topic'],
  parameters: {
    /** The target model: annotator of the log-probabilities and model of its own samples; empty = the one with the most of both. */
    model: z.string().default(''),
    /** Responses this many SDs below the model's own are called off-policy (our operationalisation). */
    z_below: z.number().lt(0).default(-2),
    min_samples: z.number().int().min(2).default(4),
    /** Target shares of topics as JSON, e.g. {"maths":0.5,"code":0.5}; empty = not compared. */
    targets: z
      .string()
      .refine((text) => findTargets(text) !== undefined, 'give JSON such as {"maths":0.5,"code":0.5}')
      .default(''),
  },
  findObstacle: (dataset) => findLikelihoodObstacle({ ...dataset, pairs: Math.max(1, dataset.pairs) }),
  run: async (context) => {
    const model = await findModel(context);
    const divergence = await measureDivergence(context);
    if (model === undefined && divergence.length === 0)
      return {
        obstacle: `No model scored its own samples and other responses of one prompt (ratings of the aspect ${logpAspect} by an annotator that is also a model of responses).`,
      };
    const scores = context.scratch('scores');
    const measured = model === undefined ? [] : await measureModel(context, { model, scores });
    return {
      figures: [...measured, ...divergence],
      findings: model === undefined ? [] : [await conclude(context, { model, scores, figures: measured })],
      params: { target: model ?? 'none', support: 'not measured: needs embeddings' },
    };
  },
});

async function findModel({ session, dataset, signal, params }: AuditContext): Promise<string | undefined> {
  const row = await session.find<{ name: string }>(
    `SELECT n.name FROM rating g JOIN annotator n USING (annotator_id) JOIN response r USING (response_id)
     WHERE g.dataset_id = $1 AND g.aspect = '${logpAspect}' AND ($2 = '' OR n.name = $2) GROUP BY n.name
     HAVING count(*) FILTER (r.model = n.name) > 0 AND count(*) FILTER (r.model IS DISTINCT FROM n.name) > 0
     ORDER BY least(count(*) FILTER (r.model = n.name), count(*) FILTER (r.model IS DISTINCT FROM n.name)) DESC, n.name LIMIT 1`,
    [dataset.datasetId, params.model],
    { signal },
  );
  return row?.name;
}

/** z of every response of another origin against the model's own samples of its prompt, by mean log-probability per token. */
async function measureModel(
  context: AuditContext,
  { model, scores }: { model: string; scores: string },
): Promise<AuditFigure[]> {
  const { session, dataset, signal, params } = context;
  await session.run(
    `CREATE OR REPLACE TABLE ${scores} AS
     WITH scored AS (SELECT g.response_id, avg(g."value") FILTER (g.aspect = '${logpAspect}') / nullif(avg(g."value") FILTER (g.aspect = '${tokensAspect}'), 0) AS s
         FROM rating g JOIN annotator n USING (annotator_id) WHERE g.dataset_id = $1 AND n.name = $2 GROUP BY g.response_id),
       placed AS (SELECT x.*, r.prompt_id, r.model IS NOT DISTINCT FROM $2 AS is_own FROM scored x JOIN response r USING (response_id) WHERE s IS NOT NULL),
       own AS (SELECT prompt_id, avg(s) AS mean, stddev(s) AS sd, count(*) AS k FROM placed WHERE is_own GROUP BY prompt_id)
     SELECT p.response_id, p.prompt_id AS cluster, k, CASE WHEN sd > 0 THEN (s - mean) / sd END AS z FROM placed p JOIN own USING (prompt_id) WHERE NOT is_own ORDER BY p.response_id`,
    [dataset.datasetId, model],
    { signal },
  );
  const from = (outcome: string) =>
    `(SELECT NULL AS slice, cluster, ${outcome} AS outcome FROM ${scores} WHERE k >= ? AND z IS NOT NULL)`;
  const options = { parameters: [params.min_samples], signal };
  const [off] = await sumClusterMoments(session, from('(z < ?)::INTEGER'), {
    parameters: [params.z_below, params.min_samples],
    signal,
  });
  const [mean] = await sumClusterMoments(session, from('z'), options);
  const [few] = await sumClusterMoments(
    session,
    `(SELECT NULL AS slice, cluster, (k < ? OR z IS NULL)::INTEGER AS outcome FROM ${scores})`,
    options,
  );
  const place = { slice_dim: 'annotator', slice_value: model };
  return [
    makeFigure(headOf('off_policy_share', 'Responses the model would hardly give (our operationalisation)'), {
      ...place,
      ...measureShare(off),
      p: null,
    }),
    makeFigure(headOf('mean_z', 'Mean z of a response against the model’s own samples'), {
      ...place,
      ...measureMean(mean),
      neutral: 0,
    }),
    makeFigure(headOf('without_z', 'Responses without a z: too few own samples, or all alike'), {
      ...place,
      ...measureShare(few),
      p: null,
    }),
  ];
}

/** The target shares given as JSON; undefined for text that is none. Empty text has no targets. */
function findTargets(text: string): Record<string, number> | undefined {
  if (text.trim() === '') return {};
  try {
    return z.record(z.string(), z.number().min(0)).parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** KL divergence of the topics of the prompts from target shares. */
async function measureDivergence({ session, dataset, signal, params }: AuditContext): Promise<AuditFigure[]> {
  const targets = findTargets(params.targets) ?? {};
  if (Object.keys(targets).length === 0) return [];
  const rows = await session.all<{ topic: string; n: number }>(
    `SELECT topic, count(DISTINCT prompt_id) AS n FROM response WHERE dataset_id = ? AND topic IS NOT NULL GROUP BY topic ORDER BY topic`,
    [dataset.datasetId],
    { signal },
  );
  const names = [...new Set([...Object.keys(targets), ...rows.map((row) => row.topic)])].slice(
    0,
    10 * maximumSlices,
  );
  const counts = names.map((name) => rows.find((row) => row.topic === name)?.n ?? 0);
  const n = counts.reduce((sum, count) => sum + count, 0);
  const head = headOf(
    'topic_divergence',
    'Kullback-Leibler divergence of the topics from their targets, in nats',
  );
  if (n === 0) return [makeFigure(head, {})];
  const { divergence, isSmoothed } = categoryDivergence(
    counts,
    names.map((name) => targets[name] ?? 0),
  );
  // 2n·KL is asymptotically chi-squared, which gives the spread of a multinomial sample around its own shares.
  const spread = Math.sqrt(
    Math.max(
      0,
      counts.reduce(
        (sum, count, i) =>
          sum +
          (count > 0
            ? (count / n) *
              Math.log(count / n / Math.max(1e-12, targetShare(targets, names[i] ?? '', isSmoothed))) ** 2
            : 0),
        0,
      ) -
        divergence ** 2,
    ) / n,
  );
  const title = isSmoothed ? `${head.title} (½ added to every target: some topic has none)` : head.title;
  return [
    makeFigure(
      { ...head, title },
      {
        value: divergence,
        ci_lo: Math.max(0, divergence - 1.959964 * spread),
        ci_hi: divergence + 1.959964 * spread,
        n_items: n,
        status: statusOf(n),
        neutral: 0,
      },
    ),
  ];
}

function targetShare(targets: Readonly<Record<string, number>>, name: string, isSmoothed: boolean): number {
  const add = isSmoothed ? 0.5 : 0;
  const total = Object.values(targets).reduce((sum, value) => sum + value + add, 0);
  return ((targets[name] ?? 0) + add) / Math.max(1e-12, total);
}

async function conclude(
  context: AuditContext,
  { model, scores, figures }: { model: string; scores: string; figures: readonly AuditFigure[] },
) {
  const [off] = figures;
  const { params } = context;
  return makeFinding({
    id: 'off_policy',
    sentence: `${off ? sayShare(off) : 'An unknown share'} of ${sayMany(off?.n_items ?? 0, 'response')} lie more than ${-params.z_below} SDs below ${model}’s own samples in likelihood per token.`,
    figure: off ? { ...off, neutral: 0 } : null,
    scale: 'amount',
    isDescriptive: true,
    noticeFrom: 0.2,
    rows: await context.keepRows({
      set: 'off_policy',
      relation: 'responses',
      sql: `SELECT response_id AS row_id FROM ${scores} WHERE k >= ? AND z < ? ORDER BY z, response_id`,
      parameters: [params.min_samples, params.z_below],
    }),
  });
}
