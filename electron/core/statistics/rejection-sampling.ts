import { createRandom, shuffle } from './random.ts';

/** Reward of a response from a pairwise judge: logit P(y beats a baseline), P cut to [1e-4, 1 − 1e-4]. */
export function pairwiseReward(probability: number): number {
  const p = Math.min(1 - 1e-4, Math.max(1e-4, probability));
  return Math.log(p / (1 - p));
}

/** exp((r − M)/β) in (0, 1], M the highest reward: the chance of acceptance when all candidates remain. */
export function acceptanceProbabilities(rewards: ArrayLike<number>, beta = 0.5): Float64Array {
  assertBeta(beta);
  const highest = Math.max(...Array.from(rewards));
  return Float64Array.from(rewards, (reward) => acceptance(reward, highest, beta));
}

export interface AcceptedCandidate {
  index: number;
  /** 1-based round in which it was accepted. */
  round: number;
}

/**
 * Statistical rejection sampling: rounds over the remaining candidates, each accepted with probability
 * exp((r − M)/β), M the highest reward that remains, until `size` are accepted or none is left. β → 0 takes the best,
 * β → ∞ takes a uniform sample, because a round visits them in random order. Candidates are told apart by index, so equal
 * texts stay two candidates.
 * Source: T. Liu et al., Statistical rejection sampling improves preference optimization (RSO, 2023), Algorithm 1.
 *
 * @returns At most `size` candidates, in the order of acceptance; all of them where size ≥ number of candidates.
 */
export function sampleByRejection(
  rewards: ArrayLike<number>,
  { size, beta = 0.5, seed }: { size: number; beta?: number; seed: number },
): AcceptedCandidate[] {
  assertBeta(beta);
  const random = createRandom(seed);
  const accepted: AcceptedCandidate[] = [];
  let remaining = Array.from({ length: rewards.length }, (_, index) => index);
  for (let round = 1; accepted.length < size && remaining.length > 0; round++) {
    const highest = Math.max(...remaining.map((index) => rewards[index] ?? Number.NaN));
    const rejected: number[] = [];
    for (const index of shuffle(remaining, random)) {
      const chance = acceptance(rewards[index] ?? Number.NaN, highest, beta);
      if (accepted.length < size && random.next() < chance) accepted.push({ index, round });
      else rejected.push(index);
    }
    remaining = rejected;
  }
  return accepted;
}

function acceptance(reward: number, highest: number, beta: number): number {
  if (reward >= highest) return 1;
  return beta === 0 ? 0 : Math.exp((reward - highest) / beta);
}

function assertBeta(beta: number): void {
  if (!(beta >= 0)) throw new RangeError(`β must be at least 0, got ${beta}.`);
}
