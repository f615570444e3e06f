import { createRandom } from '../../../electron/core/statistics/random.ts';

export interface SimulatedPairs {
  readonly votes: Int8Array[];
  readonly charsChosen: Float64Array;
  readonly charsRejected: Float64Array;
  readonly cluster: Int32Array;
}

/**
 * Pairs seen from the chosen side. `voteOf` gives the votes for side a from the difference of lengths (a − b), `logitOf`
 * the log-odds that a is chosen from the votes and the difference; lengths are log-normal around 400 characters.
 */
export function simulatePairs(
  options: { rows: number; seed: number },
  voteOf: (difference: number, normal: () => number) => number[],
  logitOf: (votes: readonly number[], difference: number) => number,
): SimulatedPairs {
  const random = createRandom(options.seed);
  const columns: number[][] = [];
  const charsChosen = new Float64Array(options.rows);
  const charsRejected = new Float64Array(options.rows);
  const length = () => Math.round(400 * Math.exp(0.5 * random.nextNormal()));
  for (let row = 0; row < options.rows; row++) {
    const [a, b] = [length(), length()];
    const votes = voteOf(a - b, () => random.nextNormal());
    const isA = random.next() < 1 / (1 + Math.exp(-logitOf(votes, a - b)));
    charsChosen[row] = isA ? a : b;
    charsRejected[row] = isA ? b : a;
    for (const [trait, vote] of votes.entries()) (columns[trait] ??= []).push(isA ? vote : 0 - vote);
  }
  return {
    votes: columns.map((column) => Int8Array.from(column)),
    charsChosen,
    charsRejected,
    cluster: Int32Array.from({ length: options.rows }, (_, row) => row),
  };
}

/** Strength as counted: (for − against) / n. */
export function countStrength(votes: Int8Array): number {
  return votes.reduce((sum, vote) => sum + vote, 0) / votes.length;
}
