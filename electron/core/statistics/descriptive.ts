import { assertLevel, undefinedOutcome } from './outcome.ts';
import type { Interval, Outcome } from './outcome.ts';
import { studentCritical, studentTwoSidedP } from './student.ts';

/** Arithmetic mean by one running update per value; NaN for no values. */
export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) return Number.NaN;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? Number.NaN;
  return sum / values.length;
}

/**
 * Σ(x − x̄)²/(n − 1) in two passes; NaN below two values.
 * With `population` the divisor is n, and one value has variance 0.
 */
export function variance(values: ArrayLike<number>, population = false): number {
  const divisor = population ? values.length : values.length - 1;
  if (divisor < 1) return Number.NaN;
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i] ?? Number.NaN) - centre) ** 2;
  return sum / divisor;
}

/** Square root of {@link variance}: the n − 1 form unless `population`. */
export function standardDeviation(values: ArrayLike<number>, population = false): number {
  return Math.sqrt(variance(values, population));
}

/**
 * Sample quantile by linear interpolation of the order statistics at (n − 1)·p, which is R's type 7 and
 * DuckDB's `quantile_cont`. NaN for no values.
 *
 * @param sorted Values in ascending order, without NaN.
 * @param p In [0, 1].
 */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`A quantile needs a probability in [0, 1], got ${p}.`);
  const position = (sorted.length - 1) * p;
  const index = Math.floor(position);
  const low = sorted[index] ?? Number.NaN;
  const high = sorted[Math.min(index + 1, sorted.length - 1)] ?? Number.NaN;
  const share = position - index;
  return share === 0 || low === high ? low : low + share * (high - low);
}

/** {@link quantileOfSorted} of values in any order; the input is not changed. */
export function quantile(values: ArrayLike<number>, p: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), p);
}

export interface MeanEstimate extends Interval {
  mean: number;
  standardError: number;
  /** Two-sided p value of mean = 0. */
  p: number;
  n: number;
}

/**
 * Mean with a t interval, x̄ ± t_{n−1} s/√n, for values that are independent (one per question, one per
 * cluster). Undefined below two values, or where all values are equal and the error would be a false 0.
 */
export function meanInterval(values: ArrayLike<number>, level = 0.95): Outcome<MeanEstimate> {
  assertLevel(level);
  const n = values.length;
  if (n === 0) return undefinedOutcome('no_data');
  if (n < 2) return undefinedOutcome('too_few');
  const centre = mean(values);
  const standardError = standardDeviation(values) / Math.sqrt(n);
  if (standardError === 0) return undefinedOutcome('zero_variance');
  const half = studentCritical(level, n - 1) * standardError;
  return {
    status: 'ok',
    mean: centre,
    standardError,
    lower: centre - half,
    upper: centre + half,
    level,
    p: studentTwoSidedP(centre / standardError, n - 1),
    n,
  };
}
