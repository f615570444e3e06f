import { incompleteBeta } from './gamma.ts';
import { normalQuantile } from './normal.ts';

/**
 * Student's t distribution function with `df` > 0 degrees of freedom (need not be whole).
 * P(T ≤ −|t|) = ½ I_{df/(df+t²)}(df/2, ½) (Abramowitz & Stegun 26.7.1).
 */
export function studentCdf(t: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`Degrees of freedom must be above 0, got ${df}.`);
  if (Number.isNaN(t)) return Number.NaN;
  if (!Number.isFinite(t)) return t < 0 ? 0 : 1;
  const square = t * t;
  const tail = 0.5 * incompleteBeta(df / (df + square), df / 2, 0.5, square / (df + square));
  return t < 0 ? tail : 1 - tail;
}

/** Two-sided p value of a t statistic, P(|T| ≥ |t|). */
export function studentTwoSidedP(t: number, df: number): number {
  return 2 * studentCdf(-Math.abs(t), df);
}

/**
 * Inverse of {@link studentCdf} for p in (0, 1); −Infinity at 0 and Infinity at 1.
 * Brackets the root from the normal quantile outwards, then bisects to machine precision.
 */
export function studentQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`A quantile needs a probability in [0, 1], got ${p}.`);
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  if (p === 0.5) return 0;
  if (p > 0.5) return -studentQuantile(1 - p, df);
  let upper = 0;
  let lower = Math.min(normalQuantile(p), -1e-3);
  while (studentCdf(lower, df) > p) {
    upper = lower;
    lower *= 2;
  }
  for (let step = 0; step < 200; step++) {
    const middle = 0.5 * (lower + upper);
    if (middle === lower || middle === upper) break;
    if (studentCdf(middle, df) > p) upper = middle;
    else lower = middle;
  }
  return 0.5 * (lower + upper);
}

/** Half-width multiplier of a two-sided t interval: 4.3027 at level 0.95 with 2 degrees of freedom. */
export function studentCritical(level: number, df: number): number {
  return -studentQuantile((1 - level) / 2, df);
}
