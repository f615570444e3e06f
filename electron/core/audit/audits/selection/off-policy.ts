import { z } from 'zod';
import { bootstrapClusters, percentileInterval, resampleTotals } from '../../../statistics/bootstrap.ts';
import { effectiveSampleSize, estimateOffPolicy, sharpeRatioAtK } from '../../../statistics/off-policy.ts';
import { type AuditContext, defineAudit, makeFigure } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { countFigure, estimateFigure } from '../plain-figures.ts';
import { sayCount, sayMany } from '../wording.ts';

interface Params {
  clip: number;
}

const headOf = (metric: string, title: string) => ({ audit: 'off_policy', metric, title });

export const offPolicyAudit = defineAudit({
  id: 'off_policy',
  family: 'selection',
  title: 'Off-policy estimates',
  description:
    'What another policy would have earned on the logged episodes, by importance weights, and how far that can be trusted.',
  inputs: ['steps'],
  parameters: {
    /** Importance weights above this are cut. */
    clip: z.number().positive().default(20),
  },
  findObstacle: (dataset) =>
    dataset.trajectories > 0
      ? null
      : 'There are no episodes with logged propensities (columns propensity and target_propensity of steps).',
  run: async (context) => {
    const { valid, invalid, rewards, weights } = await readLogged(context);
    if (valid === 0)
      return {
        obstacle: 'No episode has a propensity above 0, a target propensity and a reward in every step.',
      };
    const outcome = estimateOffPolicy({ rewards, weights });
    if (outcome.status === 'undefined')
      return { obstacle: 'All importance weights are 0: the policies share no action.' };
    const ones = new Float64Array(valid).fill(1);
    const options = { seed: context.seed, ...(context.signal ? { signal: context.signal } : {}) };
    const products = weights.map((weight, i) => weight * (rewards[i] ?? 0));
    const ips = await bootstrapClusters([products, ones], ([sum = 0, n = 0]) => sum / n, options);
    const snips = await bootstrapClusters([products, weights], ([sum = 0, mass = 0]) => sum / mass, options);
    const logged = await bootstrapClusters([rewards, ones], ([sum = 0, n = 0]) => sum / n, options);
    const status = outcome.status === 'ok' ? {} : { status: 'too_small' as const };
    const figures = [
      { ...estimateFigure(headOf('snips', 'Self-normalised estimate (SNIPS)'), snips, valid), ...status },
      { ...estimateFigure(headOf('ips', 'Inverse propensity estimate (IPS)'), ips, valid), ...status },
      estimateFigure(headOf('logged_mean', 'Mean return of the logged policy'), logged, valid),
      countFigure(headOf('effective_size', 'Effective size'), outcome.effectiveSize, valid),
    ];
    const [best] = figures;
    return {
      findings: [
        makeFinding({
          id: 'estimate',
          sentence: `The target policy is estimated at ${(best?.value ?? 0).toPrecision(4)} [${(best?.ci_lo ?? 0).toPrecision(3)}, ${(best?.ci_hi ?? 0).toPrecision(3)}] against ${(figures[2]?.value ?? 0).toPrecision(4)} logged, on an effective ${sayCount(Math.round(outcome.effectiveSize))} of ${sayMany(valid, 'episode')}.`,
          figure: countFigure(
            headOf('lost_share', 'Share of the sample lost to weighting'),
            1 - effectiveSampleSize(weights) / valid,
            valid,
          ),
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: 0.8,
        }),
      ],
      figures,
      params: {
        invalid_episodes: invalid,
        doubly_robust: 'not computed: the log holds no model of the reward',
      },
    };
  },
});

/** Weight of an episode: the product of its step ratios, cut. An episode with a missing or zero propensity is invalid. */
async function readLogged({ session, dataset, params, signal }: AuditContext<Params>) {
  const columns = await session.columns(
    `SELECT any_value(t.total_reward) AS r, CASE WHEN bool_and(coalesce(s.propensity > 0 AND s.target_propensity >= 0, false)) AND any_value(t.total_reward) IS NOT NULL
         THEN least(?, CASE WHEN min(s.target_propensity) = 0 THEN 0 ELSE exp(sum(ln(nullif(s.target_propensity, 0) / nullif(s.propensity, 0)))) END) END AS w
     FROM step s JOIN trajectory t USING (trajectory_id) WHERE s.dataset_id = ? GROUP BY s.trajectory_id ORDER BY s.trajectory_id`,
    [params.clip, dataset.datasetId],
    { signal },
  );
  const { r = new Float64Array(0), w = r } = columns;
  const isValid = (_: number, i: number) => !Number.isNaN(w[i] ?? Number.NaN);
  const rewards = r.filter(isValid);
  return { rewards, weights: w.filter(isValid), valid: rewards.length, invalid: w.length - rewards.length };
}

interface RiskParams {
  estimator: string;
  behaviour: string;
  ddof: number;
}

export const rankingRiskAudit = defineAudit({
  id: 'ranking_risk',
  family: 'selection',
  title: 'Risk of choosing models by a judge',
  description:
    'SharpeRatio@k of the models a judge ranks first, their true value being the win rate by label (our use of the measure).',
  inputs: ['label', 'model', 'votes'],
  parameters: {
    /** Annotator whose win rates rank the models; empty = the model with most votes. */
    estimator: z.string().default(''),
    /** The model in use now; empty = the one in most pairs. */
    behaviour: z.string().default(''),
    /** 0: variance divided by k, as documented; 1: by k − 1, as in the code. */
    ddof: z.number().int().min(0).max(1).default(0),
  },
  findObstacle: (dataset) => {
    if (dataset.models < 3) return 'There are not three models to choose from (columns model_a and model_b).';
    return dataset.modelJudges > 0 ? null : 'No annotator is a model that could rank the others.';
  },
  run: async (context) => {
    const estimator = context.params.estimator || (await findEstimator(context));
    const models = await rankModels(context, estimator);
    if (models.length < 3)
      return { obstacle: `Fewer than three models have both labels and votes of ${estimator || 'a judge'}.` };
    const behaviour =
      context.params.behaviour || ([...models].sort((a, b) => b.games - a.games)[0]?.model ?? '');
    const place = models.findIndex((one) => one.model === behaviour);
    if (place < 0) return { obstacle: `The model “${behaviour}” is not among those ranked.` };
    const figures = await measureRisk(context, { models, place });
    const last =
      figures.find((figure) => figure.slice_value === String(Math.min(5, models.length))) ?? figures.at(-1);
    return {
      findings: [
        makeFinding({
          id: 'sharpe',
          sentence: `Taking the ${last?.slice_value ?? ''} models ${estimator} ranks first has SharpeRatio@k ${(last?.value ?? Number.NaN).toFixed(2)}${last?.ci_lo == null ? '' : ` [${last.ci_lo.toFixed(2)}, ${(last.ci_hi ?? 0).toFixed(2)}]`} over ${behaviour}, on ${sayMany(last?.n_items ?? 0, 'pair')}.`,
          figure: last ?? null,
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: Number.POSITIVE_INFINITY,
          series: 'sharpe',
        }),
      ],
      figures,
      series: [
        {
          id: 'sharpe',
          title: 'SharpeRatio@k',
          x_title: 'k',
          y_title: '(best − behaviour) / SD',
          points: figures.map((figure) => ({
            label: figure.slice_value ?? '',
            x: Number(figure.slice_value),
            y: figure.value,
            ci_lo: figure.ci_lo,
            ci_hi: figure.ci_hi,
            n: figure.n_items,
          })),
        },
      ],
      params: { estimator, behaviour },
    };
  },
});

async function findEstimator({ session, dataset }: AuditContext<RiskParams>): Promise<string> {
  const row = await session.find<{ name: string }>(
    `SELECT n.name FROM vote v JOIN annotator n USING (annotator_id) WHERE v.dataset_id = ? AND v.aspect IS NULL AND n.kind = 'model'
     GROUP BY n.name ORDER BY count(*) DESC, n.name LIMIT 1`,
    [dataset.datasetId],
  );
  return row?.name ?? '';
}

interface RankedModel {
  readonly model: string;
  readonly games: number;
}

const score = (label: string, side: string) =>
  `CASE ${label} WHEN '${side}' THEN 1 WHEN 'tie' THEN 0.5 WHEN 'both_bad' THEN 0.5 ELSE 0 END`;

/** Models in the order of the judge's win rates, the best first; those with 20 pairs at least. */
async function rankModels(
  { session, pairs, dataset }: AuditContext<RiskParams>,
  estimator: string,
): Promise<RankedModel[]> {
  return session.all<RankedModel>(
    `WITH judged AS (SELECT x.model_a, x.model_b, v.label FROM ${pairs} x JOIN vote v USING (comparison_id) JOIN annotator n ON n.annotator_id = v.annotator_id
         WHERE v.dataset_id = ? AND v.aspect IS NULL AND n.name = ? AND v.label <> 'skip' AND x.label IS NOT NULL),
       sides AS (SELECT model_a AS model, ${score('label', 'a')} AS won FROM judged UNION ALL SELECT model_b, ${score('label', 'b')} FROM judged)
     SELECT model, count(*) AS games FROM sides WHERE model IS NOT NULL GROUP BY model HAVING count(*) >= 20 ORDER BY avg(won) DESC, model LIMIT 20`,
    [dataset.datasetId, estimator],
  );
}

async function measureRisk(
  { session, pairs, seed, signal, params }: AuditContext<RiskParams>,
  { models, place }: { models: readonly RankedModel[]; place: number },
) {
  const names = models.map((one) => one.model);
  const parts = names.flatMap((_, i) => [
    `coalesce(sum(won) FILTER (model = $${i + 1}), 0) AS w${i}`,
    `count(*) FILTER (model = $${i + 1}) AS n${i}`,
  ]);
  const columns = await session.columns(
    `WITH sides AS (SELECT cluster, model_a AS model, ${score('label', 'a')} AS won FROM ${pairs} WHERE label IN ('a', 'b', 'tie', 'both_bad')
       UNION ALL SELECT cluster, model_b, ${score('label', 'b')} FROM ${pairs} WHERE label IN ('a', 'b', 'tie', 'both_bad'))
     SELECT ${parts.join(', ')} FROM sides GROUP BY cluster ORDER BY cluster`,
    names,
    { signal },
  );
  const data = names.flatMap((_, i) => [
    columns[`w${i}`] ?? new Float64Array(0),
    columns[`n${i}`] ?? new Float64Array(0),
  ]);
  const resampled = await resampleTotals(data, { seed, ...(signal ? { signal } : {}) });
  const totals = Float64Array.from(data, (column) => column.reduce((sum, value) => sum + value, 0));
  const games = totals.reduce((sum, value, i) => (i % 2 === 1 ? sum + value : sum), 0) / 2;
  const ratioAt = (k: number) => (sums: Float64Array) => {
    const rates = names.map((_, i) => (sums[2 * i] ?? 0) / (sums[2 * i + 1] ?? 0));
    const outcome = sharpeRatioAtK(rates, rates[place] ?? Number.NaN, { k, ddof: params.ddof === 1 ? 1 : 0 });
    return outcome.status === 'undefined' ? Number.NaN : outcome.value;
  };
  return names.slice(1).map((_, index) => {
    const k = index + 2;
    const value = ratioAt(k)(totals);
    const interval = percentileInterval(resampled, ratioAt(k));
    const isKnown = !Number.isNaN(value);
    return makeFigure(
      { audit: 'ranking_risk', metric: 'sharpe_ratio', title: 'SharpeRatio@k' },
      {
        value: isKnown ? value : null,
        ci_lo: isKnown && interval.status !== 'undefined' ? interval.lower : null,
        ci_hi: isKnown && interval.status !== 'undefined' ? interval.upper : null,
        n_items: Math.round(games),
        n_clusters: data[0]?.length ?? 0,
        status: isKnown ? 'ok' : 'undefined',
        slice_dim: 'k',
        slice_value: String(k),
      },
    );
  });
}
