import { solveGrounded } from './grounded-solve.ts';
import { findGroups, listNeighbours } from './game-graph.ts';
import { createPause } from './pause.ts';
import { createRandom, type RandomStream } from './random.ts';

/**
 * Who beats whom among `size` items, row-major: 1 where the row's item beats the column's, −1 where it loses, 0 where they
 * tie or were never compared.
 */
export interface Dominance {
  size: number;
  sign: ArrayLike<number>;
}

export interface TriadCount {
  /** Triples with a winner in all three pairs. */
  complete: number;
  /** Of those, A beats B beats C beats A. */
  cyclic: number;
  /** Triples left out for a tie or a missing comparison. */
  skipped: number;
  /** The first cyclic triples, as item indices in winning order. */
  examples: [number, number, number][];
}

/**
 * Cyclic triads of a dominance relation. Work is pairs × items: 200 items that all met take some milliseconds, a star of
 * thousands none.
 */
export function countTriads(relation: Dominance, keep = 50): TriadCount {
  const { size, sign } = relation;
  const all = (size * (size - 1) * (size - 2)) / 6;
  const result: TriadCount = { complete: 0, cyclic: 0, skipped: all, examples: [] };
  for (const [i, j, k] of listTriads(relation)) {
    const [first, second, third] = [sign[i * size + j], sign[j * size + k], sign[k * size + i]];
    result.complete += 1;
    result.skipped -= 1;
    if (first !== second || second !== third) continue;
    result.cyclic += 1;
    if (result.examples.length < keep) result.examples.push((first ?? 0) > 0 ? [i, j, k] : [i, k, j]);
  }
  return result;
}

/** The triples i < j < k whose three pairs all have a winner. */
function* listTriads({ size, sign }: Dominance): Generator<[number, number, number]> {
  const above = Array.from({ length: size }, (_, i) => {
    const met: number[] = [];
    for (let j = i + 1; j < size; j++) if ((sign[i * size + j] ?? 0) !== 0) met.push(j);
    return met;
  });
  for (const [i, met] of above.entries()) {
    for (const [place, j] of met.entries()) {
      for (let next = place + 1; next < met.length; next++) {
        const k = met[next] ?? 0;
        if ((sign[j * size + k] ?? 0) !== 0) yield [i, j, k];
      }
    }
  }
}

/** The most cyclic triads a round robin of n can have: (n³ − n)/24 for odd n, (n³ − 4n)/24 for even. */
export function maximumCycles(n: number): number {
  return n % 2 === 1 ? (n ** 3 - n) / 24 : (n ** 3 - 4 * n) / 24;
}

/**
 * Kendall and Babington Smith's coefficient of consistence ζ = 1 − c/max of a complete round robin; 1 = fully transitive.
 * With c = n(n−1)(n−2)/6 − Σ s_i(s_i−1)/2 from the numbers of wins s. NaN below three items.
 */
export function consistence(wins: readonly number[]): { cycles: number; zeta: number } {
  const n = wins.length;
  const transitive = wins.reduce((sum, s) => sum + (s * (s - 1)) / 2, 0);
  const cycles = (n * (n - 1) * (n - 2)) / 6 - transitive;
  return { cycles, zeta: n < 3 ? Number.NaN : 1 - cycles / maximumCycles(n) };
}

/** The number of cyclic triads over several relations after each of `rounds` re-drawings of every decided pair. */
export async function simulateCycles(
  relations: readonly Dominance[],
  options: {
    seed: number;
    rounds?: number;
    /** Chance that the row's item beats the column's in relation r; default ½ (random orientation). */
    chanceOf?: (relation: number, i: number, j: number) => number;
    signal?: AbortSignal | undefined;
  },
): Promise<Float64Array> {
  const { rounds = 2000, chanceOf = () => 0.5 } = options;
  const random = createRandom(options.seed);
  const pause = createPause(options.signal);
  const plans = relations.map((relation, index) => planTriads(relation, (i, j) => chanceOf(index, i, j)));
  const counts = new Float64Array(rounds);
  for (let round = 0; round < rounds; round++) {
    let cyclic = 0;
    for (const plan of plans) {
      cyclic += drawCyclic(plan, random);
      const paused = pause();
      if (paused) await paused;
    }
    counts[round] = cyclic;
  }
  return counts;
}

/** The pairs that are part of a triad, and the triads as triples of them: i–j, j–k, i–k. */
interface TriadPlan {
  chances: Float64Array;
  triads: Int32Array;
  wins: Uint8Array;
}

function planTriads(relation: Dominance, chanceOf: (i: number, j: number) => number): TriadPlan {
  const codes = new Map<number, number>();
  const chances: number[] = [];
  const codeOf = (i: number, j: number): number => {
    const key = i * relation.size + j;
    const known = codes.get(key);
    if (known !== undefined) return known;
    codes.set(key, chances.length);
    return chances.push(chanceOf(i, j)) - 1;
  };
  const triads: number[] = [];
  for (const [i, j, k] of listTriads(relation)) triads.push(codeOf(i, j), codeOf(j, k), codeOf(i, k));
  return {
    chances: Float64Array.from(chances),
    triads: Int32Array.from(triads),
    wins: new Uint8Array(chances.length),
  };
}

function drawCyclic({ chances, triads, wins }: TriadPlan, random: RandomStream): number {
  for (const [pair, chance] of chances.entries()) wins[pair] = random.next() < chance ? 1 : 0;
  let cyclic = 0;
  for (let t = 0; t < triads.length; t += 3) {
    const first = wins[triads[t] ?? 0];
    if (first === wins[triads[t + 1] ?? 0] && first !== wins[triads[t + 2] ?? 0]) cyclic += 1;
  }
  return cyclic;
}

/** Preference probabilities of pairs: `p[k]` is the chance that `left[k]` beats `right[k]`; a tie is ½. */
export interface PairProbabilities {
  players: number;
  left: ArrayLike<number>;
  right: ArrayLike<number>;
  p: ArrayLike<number>;
}

/**
 * The share of the preference logits that no scalar score explains: with L_ij = logit P_ij (P clamped to [.01, .99]) and
 * the scores s that fit L_ij ≈ s_i − s_j best by least squares, ‖L − (s_i − s_j)‖²/‖L‖². 0 for utilities, 1 for pure cycles.
 * For a complete round robin s is the row mean. NaN without a preference (all ties). Our diagnostic after General
 * Preference Modeling.
 */
export function cyclicRatio(pairs: PairProbabilities): number {
  const logits = Float64Array.from(pairs.left, (_, k) => {
    const p = Math.min(0.99, Math.max(0.01, pairs.p[k] ?? 0.5));
    return Math.log(p / (1 - p));
  });
  const once = Float64Array.from(logits, () => 1);
  const met = { ...pairs, leftWins: once, rightWins: once };
  const { groups, groupCount } = findGroups(met);
  const degrees = listNeighbours(met);
  const divergence = new Float64Array(pairs.players);
  for (const [k, logit] of logits.entries()) {
    const [left, right] = [pairs.left[k] ?? 0, pairs.right[k] ?? 0];
    divergence[left] = (divergence[left] ?? 0) + logit;
    divergence[right] = (divergence[right] ?? 0) - logit;
  }
  const scores = new Float64Array(pairs.players);
  for (let group = 0; group < groupCount; group++) {
    const members = Array.from(groups.keys())
      .filter((player) => groups[player] === group)
      .sort((left, right) => (degrees[left] ?? 0) - (degrees[right] ?? 0) || left - right);
    const solved = solveGrounded({ ...pairs, weights: once }, members, divergence);
    for (const member of members) scores[member] = solved[member] ?? 0;
  }
  let residual = 0;
  let total = 0;
  for (const [k, logit] of logits.entries()) {
    const gap = (scores[pairs.left[k] ?? 0] ?? 0) - (scores[pairs.right[k] ?? 0] ?? 0);
    residual += (logit - gap) ** 2;
    total += logit * logit;
  }
  return total > 0 ? residual / total : Number.NaN;
}
