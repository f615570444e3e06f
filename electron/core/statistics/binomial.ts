import { stirlingRemainder } from './gamma.ts';
import { assertCount, undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Probabilities within this relative distance of the observed one count as equally extreme, as R's binom.test has it. */
const RELATIVE_SLACK = 1 + 1e-7;

/** ln P(X = k) of a binomial, by the saddle-point expansion of C. Loader (2000), which has no cancellation for large n. */
function logMass(k: number, n: number, p: number): number {
  if (p === 0 || p === 1) return (p === 0 ? k === 0 : k === n) ? 0 : -Infinity;
  if (k === 0) return n * Math.log1p(-p);
  if (k === n) return n * Math.log(p);
  const correction = stirlingRemainder(n) - stirlingRemainder(k) - stirlingRemainder(n - k);
  const deviance = devianceTerm(k, n * p) + devianceTerm(n - k, n * (1 - p));
  return correction - deviance + 0.5 * Math.log(n / (2 * Math.PI * k * (n - k)));
}

/** x ln(x/m) + m − x without cancellation near x = m. */
function devianceTerm(x: number, m: number): number {
  const difference = x - m;
  if (Math.abs(difference) >= 0.1 * (x + m)) return x * Math.log(x / m) - difference;
  const v = difference / (x + m);
  let sum = difference * v;
  let power = 2 * x * v;
  for (let j = 1; j < 1000; j++) {
    power *= v * v;
    const next = sum + power / (2 * j + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** P(X ≤ k) for k at or below the mode, summed downwards from k: the terms shrink, so nothing is lost. */
export function lowerTail(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  const odds = (1 - p) / p;
  let relative = 1;
  let sum = 1;
  for (let i = k; i > 0 && relative > sum * 1e-17; i--) {
    relative *= (i / (n - i + 1)) * odds;
    sum += relative;
  }
  return sum * Math.exp(logMass(k, n, p));
}

/** The largest k in [0, mode] whose mass is at most `limit`; −1 when none is. The mass rises up to the mode. */
function findCutoff(limit: number, n: number, p: number): number {
  let low = -1;
  let high = Math.min(n, Math.floor((n + 1) * p));
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (logMass(middle, n, p) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Exact two-sided binomial test: the summed probability of every outcome no more likely than the observed one
 * (Clopper's "minimum likelihood" rule, as R's `binom.test`). At `probability` = ½ this is twice the smaller
 * tail, at most 1. Exact for all n: the tails are summed by recurrence, so the work grows with √n, and no
 * normal approximation is used (n = 10 million takes well under a second).
 *
 * Used for paired directions: `trials` are the discordant cases, `successes` those in one direction.
 *
 * @param probability Success probability under the null hypothesis, in [0, 1].
 * @throws RangeError for counts that are negative, fractional or above `trials`.
 */
export function binomialTest(
  successes: number,
  trials: number,
  probability = 0.5,
): Outcome<{ p: number; estimate: number; n: number }> {
  assertCount('successes', successes);
  assertCount('trials', trials);
  if (successes > trials) throw new RangeError(`${successes} successes in ${trials} trials.`);
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`The null probability must lie in [0, 1], got ${probability}.`);
  }
  if (trials === 0) return undefinedOutcome('no_data');
  const p = twoSidedP(successes, trials, probability);
  return { status: 'ok', p, estimate: successes / trials, n: trials };
}

function twoSidedP(successes: number, trials: number, probability: number): number {
  if (probability === 0 || probability === 1) return successes === trials * probability ? 1 : 0;
  if (probability === 0.5) {
    const smaller = Math.min(successes, trials - successes);
    return trials === 2 * smaller ? 1 : Math.min(1, 2 * lowerTail(smaller, trials, 0.5));
  }
  const expected = trials * probability;
  if (successes > expected) return twoSidedP(trials - successes, trials, 1 - probability);
  if (successes === expected) return 1;
  const limit = logMass(successes, trials, probability) + Math.log(RELATIVE_SLACK);
  const other = findCutoff(limit, trials, 1 - probability);
  const p = lowerTail(successes, trials, probability) + lowerTail(other, trials, 1 - probability);
  return Math.min(1, p);
}
