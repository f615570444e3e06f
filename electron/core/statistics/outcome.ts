/**
 * Why a statistic has no value. Stable codes: the page translates them.
 *
 * - `no_data`: nothing to compute on (n = 0, or no item with two ratings).
 * - `too_few`: fewer observations than the formula needs (one value has no variance).
 * - `one_category`: all ratings or outcomes are the same, so chance agreement is 1 or the odds are infinite.
 * - `zero_denominator`: the quantity divided by is 0.
 * - `zero_variance`: the spread divided by is 0.
 * - `unequal_raters`: the items do not all have the same number of ratings.
 * - `constant_feature`: the feature takes one value only and cannot be told from the intercept.
 * - `singular`: the features are linearly dependent and no ridge was asked for.
 * - `not_converged`: the step limit was reached first.
 * - `unstable`: too many resamples left the statistic undefined.
 */
export type UndefinedReason =
  | 'no_data'
  | 'too_few'
  | 'one_category'
  | 'zero_denominator'
  | 'zero_variance'
  | 'unequal_raters'
  | 'constant_feature'
  | 'singular'
  | 'not_converged'
  | 'unstable';

/** A statistic that does not exist for this input; never reported as 0. */
export interface Undefined {
  status: 'undefined';
  reason: UndefinedReason;
}

/** A computed statistic, or the reason it has none. `too_small` carries the value but not enough observations to rank it. */
export type Outcome<T> = ({ status: 'ok' | 'too_small' } & T) | Undefined;

/** A confidence interval; `level` is the coverage in (0, 1), e.g. 0.95. */
export interface Interval {
  lower: number;
  upper: number;
  level: number;
}

export function undefinedOutcome(reason: UndefinedReason): Undefined {
  return { status: 'undefined', reason };
}

/** Pairs below which a slice is computed but marked `too_small` (audit specification, section 0). */
const MINIMUM_SLICE_SIZE = 20;

/**
 * Marks a computed outcome `too_small` when it rests on fewer than `minimum` observations.
 * An undefined outcome stays undefined: it has no value to keep.
 */
export function withMinimum<T>(outcome: Outcome<T>, n: number, minimum = MINIMUM_SLICE_SIZE): Outcome<T> {
  return outcome.status === 'ok' && n < minimum ? { ...outcome, status: 'too_small' } : outcome;
}

/** @throws RangeError unless `value` is a whole number of at least 0. */
export function assertCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} must be a whole number of at least 0, got ${value}.`);
  }
}

/** @throws RangeError unless `level` lies strictly between 0 and 1. */
export function assertLevel(level: number): void {
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`The confidence level must lie between 0 and 1, got ${level}.`);
  }
}
