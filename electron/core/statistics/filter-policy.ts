import { quantileOfSorted } from './descriptive.ts';
import { undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Ways to weigh the responses of a prompt by the rank of their reward. */
export type FilterStrategy = 'none' | 'best_of_n' | 'best_random' | 'best_worst';

export const filterStrategies: readonly FilterStrategy[] = ['none', 'best_of_n', 'best_random', 'best_worst'];

/** Rows with a gold score below which a reliability is marked `too_small`. */
export const minimumGoldRows = 30;

/**
 * Weights of N responses ranked by reward, best first; they sum to 1. best_of_n (1, 0, …), best_random (½, the rest
 * shared), best_worst (½, 0, …, ½), none (1/N each). One response has weight 1 under all.
 * Source: C. Zhang et al., Policy filtration for RLHF (PF-PPO, 2024).
 */
export function filterWeights(count: number, strategy: FilterStrategy): Float64Array {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`Cannot weigh ${count} responses.`);
  const weights = new Float64Array(count);
  if (count === 1) return weights.fill(1);
  switch (strategy) {
    case 'none':
      return weights.fill(1 / count);
    case 'best_of_n':
      weights[0] = 1;
      return weights;
    case 'best_random':
      weights.fill(0.5 / (count - 1));
      weights[0] = 0.5;
      return weights;
    case 'best_worst':
      weights[0] = 0.5;
      weights[count - 1] = 0.5;
      return weights;
  }
}

export interface LineFit {
  slope: number;
  intercept: number;
  /** Share of the variance of y that the line explains, in [0, 1]. */
  r2: number;
}

/** Weighted least-squares line of y on x with its R². Undefined where x or y has no variance, or below two points. */
export function fitLine(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Outcome<LineFit> {
  const n = x.length;
  if (n === 0) return undefinedOutcome('no_data');
  if (n < 2) return undefinedOutcome('too_few');
  const sum = (of: (i: number) => number) => {
    let total = 0;
    for (let i = 0; i < n; i++) total += (weights?.[i] ?? 1) * of(i);
    return total;
  };
  const mass = sum(() => 1);
  const meanX = sum((i) => x[i] ?? 0) / mass;
  const meanY = sum((i) => y[i] ?? 0) / mass;
  const xx = sum((i) => ((x[i] ?? 0) - meanX) ** 2);
  const yy = sum((i) => ((y[i] ?? 0) - meanY) ** 2);
  const xy = sum((i) => ((x[i] ?? 0) - meanX) * ((y[i] ?? 0) - meanY));
  if (!(xx > 0) || !(yy > 0)) return undefinedOutcome('zero_variance');
  const slope = xy / xx;
  return { status: 'ok', slope, intercept: meanY - slope * meanX, r2: (xy * xy) / (xx * yy) };
}

/** One bin of the reliability curve. */
export interface ReliabilityBin {
  reward: number;
  gold: number;
  /** Rows with weight. */
  n: number;
}

/** Weighted mean reward and gold score in bins at the quantiles of the reward; empty bins are left out. */
export function binByReward(
  rewards: ArrayLike<number>,
  gold: ArrayLike<number>,
  { weights, bins = 10 }: { weights?: ArrayLike<number>; bins?: number } = {},
): ReliabilityBin[] {
  const isUsed = (i: number) => (weights?.[i] ?? 1) > 0;
  const sorted = Float64Array.from(rewards)
    .filter((_, i) => isUsed(i))
    .sort();
  const edges = Array.from({ length: bins - 1 }, (_, i) => quantileOfSorted(sorted, (i + 1) / bins));
  const sums = Array.from({ length: bins }, () => ({ mass: 0, reward: 0, gold: 0, n: 0 }));
  for (let i = 0; i < rewards.length; i++) {
    const bin = sums[edges.findLastIndex((edge) => (rewards[i] ?? Number.NaN) > edge) + 1];
    if (!bin || !isUsed(i)) continue;
    const weight = weights?.[i] ?? 1;
    bin.mass += weight;
    bin.reward += weight * (rewards[i] ?? 0);
    bin.gold += weight * (gold[i] ?? 0);
    bin.n += 1;
  }
  return sums
    .filter((bin) => bin.mass > 0)
    .map((bin) => ({ reward: bin.reward / bin.mass, gold: bin.gold / bin.mass, n: bin.n }));
}

/**
 * How well a reward stands for the gold score where a strategy looks: R² of the line through the bin means of
 * {@link binByReward}. `too_small` below 30 rows with weight; undefined where a variance is 0.
 */
export function strategyReliability(
  rewards: ArrayLike<number>,
  gold: ArrayLike<number>,
  weights: ArrayLike<number>,
): Outcome<LineFit & { bins: ReliabilityBin[]; n: number }> {
  const bins = binByReward(rewards, gold, { weights });
  const n = bins.reduce((sum, bin) => sum + bin.n, 0);
  const fit = fitLine(
    bins.map((bin) => bin.reward),
    bins.map((bin) => bin.gold),
  );
  if (fit.status === 'undefined') return fit;
  return { ...fit, status: n < minimumGoldRows ? 'too_small' : 'ok', bins, n };
}
