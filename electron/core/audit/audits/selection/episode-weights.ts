import { z } from 'zod';
import type { Outcome } from '../../../statistics/outcome.ts';
import { type BootstrapEstimate, bootstrapClusters } from '../../../statistics/bootstrap.ts';
import { positiveSideVariance, weighEpisodes } from '../../../statistics/episode-weights.ts';
import { effectiveSampleSize } from '../../../statistics/off-policy.ts';
import { mean } from '../../../statistics/descriptive.ts';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { countFigure, estimateFigure } from '../plain-figures.ts';
import { sayCount, sayMany } from '../wording.ts';

interface Params {
  aspect: string;
  temperature: number;
  per_step: boolean;
}

const headOf = (metric: string, title: string) => ({ audit: 'episode_weights', metric, title });

export const episodeWeightsAudit = defineAudit({
  id: 'episode_weights',
  family: 'selection',
  title: 'Return weighting',
  description:
    'What weighting episodes (or responses) by their return would gain, and how many it would in effect leave.',
  inputs: ['steps', 'ratings'],
  parameters: {
    /** Rating aspect that stands for the return where there are no episodes; empty = the first. */
    aspect: z.string().default(''),
    temperature: z.number().positive().default(0.1),
    /** Whether the softmax runs over steps, as in the authors' code, and not over episodes. */
    per_step: z.boolean().default(false),
  },
  findObstacle: (dataset) =>
    dataset.trajectories > 0 || dataset.ratings > 0
      ? null
      : 'There are neither episodes with rewards nor ratings of responses.',
  run: async (context) => {
    const source = await readReturns(context);
    const { returns, lengths } = source;
    if (returns.length === 0) return { obstacle: 'No episode has a reward and no response a rating.' };
    const { temperature, per_step } = context.params;
    const weights = weighEpisodes(returns, lengths, { temperature, per: per_step ? 'step' : 'episode' });
    const effective = effectiveSampleSize(weights);
    const gain = await bootstrapGain(returns, weights, context);
    const unit = context.dataset.trajectories > 0 ? 'episode' : 'response';
    const gainFigure = estimateFigure(
      { ...headOf('weighted_gain', 'Weighted mean return − plain mean'), neutral: 0 },
      gain,
      returns.length,
    );
    return {
      findings: [
        makeFinding({
          id: 'gain',
          sentence: `Weighting ${sayMany(returns.length, unit)} by ${source.name} raises the mean from ${mean(returns).toPrecision(4)} by ${(gainFigure.value ?? 0).toPrecision(3)}${gainFigure.ci_lo === null ? '' : ` [${gainFigure.ci_lo.toPrecision(3)}, ${(gainFigure.ci_hi ?? 0).toPrecision(3)}]`} and leaves an effective ${sayCount(Math.round(effective))}.`,
          figure: countFigure(
            headOf('effective_share', 'Effective size over number'),
            1 - effective / returns.length,
            returns.length,
          ),
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: 0.9,
        }),
      ],
      figures: [
        gainFigure,
        countFigure(headOf('effective_size', 'Effective size (Σw)² / Σw²'), effective, returns.length),
        countFigure(
          headOf('positive_side_variance', 'Positive-side variance (notation not confirmed)'),
          positiveSideVariance(returns),
          returns.length,
        ),
      ],
      params: { returns: source.name },
    };
  },
});

async function readReturns(
  context: AuditContext<Params>,
): Promise<{ name: string; returns: Float64Array; lengths: Float64Array }> {
  const { session, dataset, signal, params } = context;
  const isEpisodic = dataset.trajectories > 0;
  const aspect = params.aspect || (dataset.aspects[0] ?? '');
  const columns = isEpisodic
    ? await session.columns(
        'SELECT total_reward AS g, steps AS t FROM trajectory WHERE dataset_id = ? AND total_reward IS NOT NULL ORDER BY trajectory_id',
        [dataset.datasetId],
        { signal },
      )
    : await session.columns(
        `SELECT avg("value") AS g, 1 AS t FROM rating WHERE dataset_id = ? AND aspect = ? AND "value" IS NOT NULL GROUP BY response_id ORDER BY response_id`,
        [dataset.datasetId, aspect],
        { signal },
      );
  const empty = new Float64Array(0);
  return {
    name: isEpisodic ? 'return' : aspect,
    returns: columns['g'] ?? empty,
    lengths: columns['t'] ?? empty,
  };
}

/** Σw·G/Σw − ΣG/n with the weights held at those of all data. */
async function bootstrapGain(
  returns: Float64Array,
  weights: Float64Array,
  { seed, signal }: AuditContext<Params>,
): Promise<Outcome<BootstrapEstimate>> {
  const ones = new Float64Array(returns.length).fill(1);
  return bootstrapClusters(
    [returns.map((g, i) => g * (weights[i] ?? 0)), weights, returns, ones],
    ([weighted = 0, mass = 0, sum = 0, n = 0]) => weighted / mass - sum / n,
    { seed, ...(signal ? { signal } : {}) },
  );
}
