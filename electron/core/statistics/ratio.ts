import { assertLevel, undefinedOutcome } from './outcome.ts';
import type { Interval, Outcome } from './outcome.ts';
import { studentCritical, studentTwoSidedP } from './student.ts';

/**
 * What the linearised interval of a ratio needs, summed over clusters (prompts). With y and x the per-cluster
 * sums of the numerator and the denominator, these are six plain sums: one SQL aggregate yields them for
 * hundreds of statistics in one scan.
 */
export interface ClusterMoments {
  clusters: number;
  sumY: number;
  sumX: number;
  sumYY: number;
  sumXY: number;
  sumXX: number;
}

export interface RatioEstimate extends Interval {
  estimate: number;
  standardError: number;
  clusters: number;
}

/** The part of Σy² below which a residual sum of squares is rounding, not spread. */
const ROUNDING = 1e-13;

/**
 * Cluster-robust interval of a ratio of sums R = Σy/Σx (a rate, a mean per row, the strength of a principle).
 * Linearisation (Taylor): residuals u_g = y_g − R·x_g, Var(R) = G/(G−1) · Σu² / (Σx)², interval
 * R ± t_{G−1}·SE. With x_g = 1 it is the t interval of a mean. Source: W. G. Cochran, Sampling Techniques
 * (3rd ed. 1977), section 2.11. Agrees with the cluster bootstrap for many clusters; with few clusters, or a
 * rate close to 0 or 1, prefer the bootstrap.
 *
 * Undefined: no cluster, fewer than two clusters, Σx = 0, or no spread at all between clusters (all-equal
 * votes), where the formula would claim an exact result.
 */
export function ratioInterval(moments: ClusterMoments, level = 0.95): Outcome<RatioEstimate> {
  const { clusters, sumY, sumX, sumYY, sumXY, sumXX } = moments;
  assertLevel(level);
  if (clusters === 0) return undefinedOutcome('no_data');
  if (sumX === 0) return undefinedOutcome('zero_denominator');
  const ratio = sumY / sumX;
  const squares = sumYY - 2 * ratio * sumXY + ratio * ratio * sumXX;
  const scale = sumYY + ratio * ratio * sumXX;
  return linearised({ estimate: ratio, squares, scale, denominator: sumX, clusters, level });
}

/** {@link ratioInterval} from per-cluster sums: `numerators[g]` and `denominators[g]` for cluster g. */
export function ratioIntervalOfClusters(
  numerators: ArrayLike<number>,
  denominators: ArrayLike<number>,
  level = 0.95,
): Outcome<RatioEstimate> {
  return ratioInterval(sumClusters(numerators, denominators), level);
}

/** The six sums of {@link ClusterMoments} from per-cluster sums. @throws RangeError for unequal lengths. */
export function sumClusters(numerators: ArrayLike<number>, denominators: ArrayLike<number>): ClusterMoments {
  assertSameLength(numerators, denominators);
  const moments = { clusters: numerators.length, sumY: 0, sumX: 0, sumYY: 0, sumXY: 0, sumXX: 0 };
  for (let g = 0; g < numerators.length; g++) {
    const y = numerators[g] ?? Number.NaN;
    const x = denominators[g] ?? Number.NaN;
    moments.sumY += y;
    moments.sumX += x;
    moments.sumYY += y * y;
    moments.sumXY += x * y;
    moments.sumXX += x * x;
  }
  return moments;
}

/** Per-cluster sums of one ratio. */
export interface ClusterRatio {
  numerators: ArrayLike<number>;
  denominators: ArrayLike<number>;
}

/**
 * Interval and two-sided p value of the difference R₁ − R₂ of two ratios over the same clusters, in the same
 * order; a cluster without rows of one ratio holds 0 in both of its sums. The residual of a cluster is
 * u₁/Σx₁ − u₂/Σx₂, so what the two ratios share within a prompt cancels as it should.
 */
export function ratioDifferenceInterval(
  first: ClusterRatio,
  second: ClusterRatio,
  level = 0.95,
): Outcome<RatioEstimate & { p: number }> {
  assertLevel(level);
  assertSameLength(first.numerators, second.numerators);
  const left = sumClusters(first.numerators, first.denominators);
  const right = sumClusters(second.numerators, second.denominators);
  const clusters = left.clusters;
  if (clusters === 0) return undefinedOutcome('no_data');
  if (left.sumX === 0 || right.sumX === 0) return undefinedOutcome('zero_denominator');
  const ratios = [left.sumY / left.sumX, right.sumY / right.sumX] as const;
  let squares = 0;
  let scale = 0;
  for (let g = 0; g < clusters; g++) {
    const a = residual(first, g, ratios[0]) / left.sumX;
    const b = residual(second, g, ratios[1]) / right.sumX;
    squares += (a - b) ** 2;
    scale += a * a + b * b;
  }
  const estimate = ratios[0] - ratios[1];
  const outcome = linearised({ estimate, squares, scale, denominator: 1, clusters, level });
  if (outcome.status === 'undefined') return outcome;
  return { ...outcome, p: studentTwoSidedP(estimate / outcome.standardError, clusters - 1) };
}

/**
 * Errors clustered in two ways at once, from the intervals of one difference by the first clusters, by the second and by their
 * intersection: variances add and that of the intersection is taken off (Cameron, Gelbach & Miller 2011), never below the larger of
 * the two. t with the fewer clusters − 1.
 */
export function combineTwoWays(
  ...[first, second, both]: readonly [DifferenceOutcome, DifferenceOutcome, DifferenceOutcome]
): DifferenceOutcome {
  if (first.status === 'undefined') return first;
  if (second.status === 'undefined') return second;
  const [a, b] = [first.standardError ** 2, second.standardError ** 2];
  const shared = both.status === 'undefined' ? 0 : both.standardError ** 2;
  const standardError = Math.sqrt(Math.max(a, b, a + b - shared));
  const clusters = Math.min(first.clusters, second.clusters);
  const half = studentCritical(first.level, clusters - 1) * standardError;
  const { estimate } = first;
  return {
    ...first,
    standardError,
    clusters,
    lower: estimate - half,
    upper: estimate + half,
    p: studentTwoSidedP(estimate / standardError, clusters - 1),
  };
}

type DifferenceOutcome = ReturnType<typeof ratioDifferenceInterval>;

function residual(ratio: ClusterRatio, g: number, value: number): number {
  return (ratio.numerators[g] ?? Number.NaN) - value * (ratio.denominators[g] ?? Number.NaN);
}

function linearised(parts: {
  estimate: number;
  squares: number;
  scale: number;
  denominator: number;
  clusters: number;
  level: number;
}): Outcome<RatioEstimate> {
  const { estimate, squares, scale, denominator, clusters, level } = parts;
  if (clusters < 2) return undefinedOutcome('too_few');
  if (!(squares > ROUNDING * scale)) return undefinedOutcome('zero_variance');
  const standardError = Math.sqrt((clusters / (clusters - 1)) * squares) / Math.abs(denominator);
  const half = studentCritical(level, clusters - 1) * standardError;
  return {
    status: 'ok',
    estimate,
    standardError,
    lower: estimate - half,
    upper: estimate + half,
    level,
    clusters,
  };
}

function assertSameLength(left: ArrayLike<number>, right: ArrayLike<number>): void {
  if (left.length !== right.length) {
    throw new RangeError(`The columns cover ${left.length} and ${right.length} clusters.`);
  }
}
