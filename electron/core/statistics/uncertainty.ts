import { mean } from './descriptive.ts';

/** Entropy of a yes/no answer with probability p, in nats, in [0, ln 2]. */
export function binaryEntropy(p: number): number {
  const part = (q: number) => (q > 0 ? -q * Math.log(q) : 0);
  return part(p) + part(1 - p);
}

export interface PassUncertainty {
  /** B = H(mean p) − mean H(p): what the passes disagree about (BALD), in nats, in [0, ln 2]. */
  bald: number;
  /** H(mean p): all uncertainty. B is 0 where every pass says ½, so this is needed beside it. */
  total: number;
  meanProbability: number;
}

/**
 * Uncertainty of a verdict over several passes of a judge. The paper drops out weights of the model; a local model has
 * none to drop, so the passes vary template, order and examples: prompt perturbation.
 * Source: UPO (Uncertainty-aware preference optimisation); NaN for no pass.
 *
 * @param probabilities P(a is better) of each pass, in [0, 1].
 */
export function passUncertainty(probabilities: ArrayLike<number>): PassUncertainty {
  const meanProbability = mean(probabilities);
  const total = binaryEntropy(meanProbability);
  const within = mean(Float64Array.from(probabilities, binaryEntropy));
  return { bald: Math.max(0, total - within), total, meanProbability };
}

/** Sampling weights ∝ (1 − B)^μ that sum to 1. As printed μ multiplies and cancels; as an exponent it works. */
export function samplingWeights(balds: ArrayLike<number>, mu = 1): Float64Array {
  const raw = Float64Array.from(balds, (bald) => Math.max(0, 1 - bald) ** mu);
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return raw.map((weight) => (sum > 0 ? weight / sum : 0));
}

/** Reliable (our rule): B is 0 or below the median of all, and |mean p − ½| above 0.2. */
export function isReliable(one: PassUncertainty, medianBald: number): boolean {
  return (one.bald === 0 || one.bald < medianBald) && Math.abs(one.meanProbability - 0.5) > 0.2;
}

/**
 * Pairs (winner, loser) with the winner from the upper and the loser from the lower half of the scores: 9 of the 15
 * pairs of six responses. The middle of an odd number is in neither half; equal scores are told apart by index.
 */
export function screenPairs(scores: ArrayLike<number>): { winner: number; loser: number }[] {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort(
    (i, j) => (scores[j] ?? 0) - (scores[i] ?? 0) || i - j,
  );
  const half = Math.floor(order.length / 2);
  const losers = order.slice(order.length - half);
  return order.slice(0, half).flatMap((winner) => losers.map((loser) => ({ winner, loser })));
}
