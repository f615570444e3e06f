import { quantileOfSorted } from './descriptive.ts';
import { undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Counts or shares divided by their sum; all 0 for a sum of 0. */
export function toShares(counts: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(counts);
  const sum = values.reduce((total, count) => total + count, 0);
  return values.map((count) => (sum > 0 ? count / sum : 0));
}

/** Shannon entropy −Σ p ln p in nats of counts or shares; a share of 0 adds nothing. NaN for no mass. */
export function entropy(counts: ArrayLike<number>): number {
  const shares = toShares(counts);
  if (!shares.some((share) => share > 0)) return Number.NaN;
  return shares.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);
}

/**
 * Entropy over ln(number of categories of the domain), in [0, 1]. Categories of the domain that do not occur count in the
 * divisor. Undefined without data, or for a domain of one category.
 */
export function normalisedEntropy(
  counts: ArrayLike<number>,
  categories = counts.length,
): Outcome<{ value: number }> {
  const value = entropy(counts);
  if (Number.isNaN(value)) return undefinedOutcome('no_data');
  if (categories < 2) return undefinedOutcome('one_category');
  return { status: 'ok', value: value / Math.log(categories) };
}

/** KL(p ‖ q) = Σ p ln(p/q) in nats over counts or shares; infinite where p has mass and q has none. */
export function kullbackLeibler(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const left = toShares(p);
  const right = toShares(q);
  return left.reduce(
    (sum, share, i) => (share > 0 ? sum + share * Math.log(share / (right[i] ?? 0)) : sum),
    0,
  );
}

/** Jensen-Shannon divergence in nats, in [0, ln 2], symmetric; of counts or shares over the same categories. */
export function jensenShannon(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const left = toShares(p);
  const right = toShares(q);
  const middle = left.map((share, i) => (share + (right[i] ?? 0)) / 2);
  return Math.max(0, (kullbackLeibler(left, middle) + kullbackLeibler(right, middle)) / 2);
}

/**
 * Counts of two numeric samples in the same bins, cut at the quantiles of both together. Equal quantiles give fewer
 * bins than asked for.
 */
export function shareQuantileBins(
  left: ArrayLike<number>,
  right: ArrayLike<number>,
  bins = 20,
): { left: Float64Array; right: Float64Array } {
  const pooled = Float64Array.from([...Array.from(left), ...Array.from(right)]).sort();
  const inner = Array.from({ length: bins - 1 }, (_, i) => quantileOfSorted(pooled, (i + 1) / bins));
  const edges = Float64Array.from(new Set(inner.filter((edge) => !Number.isNaN(edge))));
  const countOf = (values: ArrayLike<number>) => {
    const counts = new Float64Array(edges.length + 1);
    for (let i = 0; i < values.length; i++) {
      const place = edges.findLastIndex((edge) => (values[i] ?? Number.NaN) > edge) + 1;
      counts[place] = (counts[place] ?? 0) + 1;
    }
    return counts;
  };
  return { left: countOf(left), right: countOf(right) };
}

/** {@link jensenShannon} of two numeric samples on {@link shareQuantileBins}. Undefined where either is empty. */
export function numericJensenShannon(
  left: ArrayLike<number>,
  right: ArrayLike<number>,
  bins = 20,
): Outcome<{ value: number }> {
  if (left.length === 0 || right.length === 0) return undefinedOutcome('no_data');
  const counts = shareQuantileBins(left, right, bins);
  return { status: 'ok', value: jensenShannon(counts.left, counts.right) };
}
