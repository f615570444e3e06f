import { upperIncompleteGamma } from './gamma.ts';

/**
 * P(X ≥ statistic) of a chi-squared distribution with `df` > 0 degrees of freedom:
 * Q(df/2, statistic/2), the upper regularised incomplete gamma function (Abramowitz & Stegun 26.4.19).
 */
export function chiSquaredP(statistic: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`Degrees of freedom must be above 0, got ${df}.`);
  if (Number.isNaN(statistic)) return Number.NaN;
  return upperIncompleteGamma(df / 2, Math.max(0, statistic) / 2);
}
