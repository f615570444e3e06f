import { normalCritical } from './normal.ts';
import { assertCount, assertLevel, undefinedOutcome } from './outcome.ts';
import type { Interval, Outcome } from './outcome.ts';

export interface Proportion extends Interval {
  estimate: number;
  n: number;
}

/**
 * Wilson score interval of a proportion of independent trials, both ends in [0, 1]:
 * (p̂ + z²/2n ± z √(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n).
 * Source: E. B. Wilson (1927), J. Am. Stat. Assoc. 22. Rows of one prompt are not independent; for those use
 * the cluster interval of `ratio.ts` or `bootstrap.ts`.
 *
 * @param successes Whole number, 0 to `trials`.
 * @throws RangeError for counts that are negative, fractional or above `trials`.
 */
export function wilsonInterval(successes: number, trials: number, level = 0.95): Outcome<Proportion> {
  assertCount('successes', successes);
  assertCount('trials', trials);
  assertLevel(level);
  if (successes > trials) throw new RangeError(`${successes} successes in ${trials} trials.`);
  if (trials === 0) return undefinedOutcome('no_data');
  const z = normalCritical(level);
  const estimate = successes / trials;
  const shrink = 1 + (z * z) / trials;
  const centre = (estimate + (z * z) / (2 * trials)) / shrink;
  const half =
    (z * Math.sqrt((estimate * (1 - estimate)) / trials + (z * z) / (4 * trials * trials))) / shrink;
  return {
    status: 'ok',
    estimate,
    lower: successes === 0 ? 0 : Math.max(0, centre - half),
    upper: successes === trials ? 1 : Math.min(1, centre + half),
    level,
    n: trials,
  };
}
