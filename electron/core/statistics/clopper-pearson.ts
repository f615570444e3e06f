import { lowerTail } from './binomial.ts';
import { assertCount, assertLevel, type Outcome, undefinedOutcome } from './outcome.ts';
import type { Proportion } from './wilson.ts';

/** Steps of the bisection: the end is found to 2⁻⁵⁰. */
const steps = 50;

/**
 * Exact interval of a proportion of independent trials (C. J. Clopper & E. S. Pearson 1934, Biometrika 26): the shares under
 * which neither the observed count or more, nor the observed count or fewer, has a probability below (1 − level)/2.
 *
 * @param successes Whole number, 0 to `trials`.
 * @throws RangeError for counts that are negative, fractional or above `trials`.
 */
export function exactInterval(successes: number, trials: number, level = 0.95): Outcome<Proportion> {
  assertCount('successes', successes);
  assertCount('trials', trials);
  assertLevel(level);
  if (successes > trials) throw new RangeError(`${successes} successes in ${trials} trials.`);
  if (trials === 0) return undefinedOutcome('no_data');
  const tail = (1 - level) / 2;
  const share = successes / trials;
  const upperEnd = (k: number, from: number) => findShare((p) => lowerTail(k, trials, p) > tail, from);
  return {
    status: 'ok',
    estimate: share,
    lower: successes === 0 ? 0 : 1 - upperEnd(trials - successes, 1 - share),
    upper: successes === trials ? 1 : upperEnd(successes, share),
    level,
    n: trials,
  };
}

/** The share up to which `holds`, between `from` and 1. */
function findShare(holds: (p: number) => boolean, from: number): number {
  let [low, high] = [from, 1];
  for (let step = 0; step < steps; step++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}
