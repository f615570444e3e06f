import { createPause } from './pause.ts';

export interface FacilityChoice {
  /** Items in the order they were taken. */
  chosen: number[];
  /** What each added to the objective, never increasing. */
  gains: number[];
  /** Σ_i max_{j∈S} sim(i, j). */
  value: number;
}

/**
 * Greedy maximisation of the facility-location function f(S) = Σ_i max_{j∈S} sim(i, j): the subset that represents all
 * items best. f is monotone and submodular, so greedy reaches at least 1 − 1/e (63 %) of the optimum (G. Nemhauser,
 * L. Wolsey, M. Fisher 1978). Lazy evaluation (M. Minoux 1978): a gain never rises, so only the top of the queue is
 * recomputed. Negative similarities count as 0; equal gains go to the lower index.
 *
 * @param similarity Symmetric or not; `similarity(i, j)` says how well j stands for i.
 * @throws RangeError unless 0 ≤ size ≤ count; the signal's reason when aborted.
 */
export async function chooseFacilities(
  count: number,
  size: number,
  options: { similarity: (i: number, j: number) => number; signal?: AbortSignal | undefined },
): Promise<FacilityChoice> {
  if (!Number.isInteger(size) || size < 0 || size > count)
    throw new RangeError(`Cannot choose ${size} of ${count} items.`);
  const pause = createPause(options.signal);
  const served = new Float64Array(count);
  const gainOf = (candidate: number): number => {
    let gain = 0;
    for (let i = 0; i < count; i++) {
      gain += Math.max(0, options.similarity(i, candidate) - (served[i] ?? 0));
    }
    return gain;
  };
  const bounds = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const freshAt = new Int32Array(count).fill(-1);
  const isTaken = new Uint8Array(count);
  const result: FacilityChoice = { chosen: [], gains: [], value: 0 };
  while (result.chosen.length < size) {
    const best = findHighest(bounds, isTaken);
    if (freshAt[best] !== result.chosen.length) {
      bounds[best] = gainOf(best);
      freshAt[best] = result.chosen.length;
      const paused = pause();
      if (paused) await paused;
      continue;
    }
    const gain = bounds[best] ?? 0;
    isTaken[best] = 1;
    result.chosen.push(best);
    result.gains.push(gain);
    result.value += gain;
    for (let i = 0; i < count; i++) {
      served[i] = Math.max(served[i] ?? 0, options.similarity(i, best));
    }
  }
  return result;
}

function findHighest(bounds: Float64Array, isTaken: Uint8Array): number {
  let best = -1;
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < bounds.length; i++) {
    const bound = bounds[i] ?? Number.NEGATIVE_INFINITY;
    if (isTaken[i] === 0 && bound > highest) {
      best = i;
      highest = bound;
    }
  }
  return best;
}
