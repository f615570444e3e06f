import { undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { createPause } from './pause.ts';
import { createRandom } from './random.ts';
import type { RandomStream } from './random.ts';

/** Permutations unless the caller says otherwise (audit specification, section 0). */
const DEFAULT_PERMUTATIONS = 2000;

export interface PermutationResult {
  /** In [1/(1+m), 1]; never 0. */
  p: number;
  observed: number;
  permutations: number;
}

/**
 * Two-sided permutation p value (1 + #{|T*| ≥ |T|})/(1 + m) (B. Phipson & G. K. Smyth 2010: the observed
 * arrangement counts as one of the permutations). T must be 0 on average under the null hypothesis. Values
 * within a relative 1e-9 of |T| count as equal, so the order of a summation does not decide; a permuted value
 * that is NaN counts as extreme, which errs on the safe side.
 */
export function permutationPValue(observed: number, permuted: ArrayLike<number>): Outcome<PermutationResult> {
  if (Number.isNaN(observed) || permuted.length === 0) return undefinedOutcome('no_data');
  const threshold = Math.abs(observed) * (1 - 1e-9);
  let extreme = 0;
  for (let i = 0; i < permuted.length; i++) {
    if (!(Math.abs(permuted[i] ?? Number.NaN) < threshold)) extreme += 1;
  }
  const permutations = permuted.length;
  return { status: 'ok', p: (1 + extreme) / (1 + permutations), observed, permutations };
}

export interface PermutationOptions {
  observed: number;
  /** Computes the statistic on one random rearrangement, drawing only from the stream it is given. */
  permute: (random: RandomStream) => number;
  seed: number;
  permutations?: number;
  signal?: AbortSignal;
}

/** Runs the permutations (2,000 unless told) and returns {@link permutationPValue} of them. */
export async function permutationTest(options: PermutationOptions): Promise<Outcome<PermutationResult>> {
  const random = createRandom(options.seed);
  const pause = createPause(options.signal);
  const permuted = new Float64Array(options.permutations ?? DEFAULT_PERMUTATIONS);
  for (let i = 0; i < permuted.length; i++) {
    permuted[i] = options.permute(random);
    const paused = pause();
    if (paused) await paused;
  }
  return permutationPValue(options.observed, permuted);
}
