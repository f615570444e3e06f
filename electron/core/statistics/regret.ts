import { bootstrapClusters } from './bootstrap.ts';
import type { BootstrapEstimate } from './bootstrap.ts';
import { fitLogistic } from './logistic.ts';
import { undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** One segment of an episode: its summed reward and the values of its first and last state. */
export interface Segment {
  readonly totalReward: number;
  readonly startValue: number;
  readonly endValue: number;
}

/** Deterministic regret, V(start) − (ΣR + V(end)), in units of reward; 0 for optimal play. */
export function segmentRegret({ totalReward, startValue, endValue }: Segment): number {
  return startValue - (totalReward + endValue);
}

/** σ(k·(ΣR₁ − ΣR₂)): chance that the first segment is preferred by its partial return. */
export function returnPreference(first: Segment, second: Segment, k = 1): number {
  return sigmoid(k * (first.totalReward - second.totalReward));
}

/** σ(k·(regret₂ − regret₁)): chance that the first segment is preferred by its regret. */
export function regretPreference(first: Segment, second: Segment, k = 1): number {
  return sigmoid(k * (segmentRegret(second) - segmentRegret(first)));
}

export interface PreferenceModelFit {
  /** Inverse temperature, per unit of reward. */
  k: number;
  logLikelihood: number;
  /** Log-likelihood of each pair under the model fitted without its fold. */
  heldOut: Float64Array;
  /** 1, ½ or 0 per pair: whether the held-out prediction has the voted direction (½ for no prediction or a tie). */
  isCorrect: Float64Array;
  accuracy: number;
}

const folds = 5;

/**
 * One-dimensional maximum likelihood fit of P(first preferred) = σ(k·x), with 5-fold held-out predictions; pair i is in
 * fold i mod 5. The penalty is 1e-3 on k in units of the root mean square of x, which keeps k finite where x separates
 * the votes. Undefined without pairs or where every x is 0.
 *
 * @param differences x per pair, in units of reward.
 * @param preferred 1 where the first was preferred, 0 the second, ½ a tie.
 */
export async function fitPreferenceModel(
  differences: ArrayLike<number>,
  preferred: ArrayLike<number>,
  signal?: AbortSignal,
): Promise<Outcome<PreferenceModelFit>> {
  const n = differences.length;
  if (n === 0) return undefinedOutcome('no_data');
  const scale = Math.sqrt(Array.from(differences).reduce((sum, x) => sum + x * x, 0) / n);
  if (scale === 0) return undefinedOutcome('zero_variance');
  const scaled = Float64Array.from(differences, (x) => x / scale);
  const outcome = Float64Array.from(preferred);
  const all = await fitSlope(scaled, outcome, signal);
  const heldOut = new Float64Array(n);
  const isCorrect = new Float64Array(n);
  for (let fold = 0; fold < folds; fold++) {
    const slope = await fitSlope(
      scaled.filter((_, i) => i % folds !== fold),
      outcome.filter((_, i) => i % folds !== fold),
      signal,
    );
    for (let i = fold; i < n; i += folds) {
      const x = slope * (scaled[i] ?? 0);
      const y = outcome[i] ?? 0.5;
      heldOut[i] = logLikelihoodOf(x, y);
      isCorrect[i] = x === 0 || y === 0.5 ? 0.5 : Number(x > 0 === y > 0.5);
    }
  }
  return {
    status: 'ok',
    k: all / scale,
    logLikelihood: scaled.reduce((sum, x, i) => sum + logLikelihoodOf(all * x, outcome[i] ?? 0.5), 0),
    heldOut,
    isCorrect,
    accuracy: isCorrect.reduce((sum, one) => sum + one, 0) / n,
  };
}

export interface ModelComparison {
  /** Mean held-out log-likelihood per pair, regret − return. */
  logLikelihoodDifference: Outcome<BootstrapEstimate>;
  /** Held-out accuracy, regret − return. */
  accuracyDifference: Outcome<BootstrapEstimate>;
  /** By the interval of the log-likelihood difference (our rule): `undecided` where it covers 0. */
  winner: 'return' | 'regret' | 'undecided';
}

/** Compares two fits over the same pairs by a bootstrap of their held-out predictions; each pair is a cluster. */
export async function compareModels(
  byReturn: PreferenceModelFit,
  byRegret: PreferenceModelFit,
  options: { seed: number; signal?: AbortSignal | undefined },
): Promise<ModelComparison> {
  const ones = new Float64Array(byReturn.heldOut.length).fill(1);
  const differ = (left: Float64Array, right: Float64Array) =>
    bootstrapClusters(
      [left.map((value, i) => value - (right[i] ?? 0)), ones],
      (totals) => (totals[0] ?? Number.NaN) / (totals[1] ?? Number.NaN),
      { seed: options.seed, ...(options.signal ? { signal: options.signal } : {}) },
    );
  const logLikelihoodDifference = await differ(byRegret.heldOut, byReturn.heldOut);
  const accuracyDifference = await differ(byRegret.isCorrect, byReturn.isCorrect);
  const outcome = logLikelihoodDifference;
  const isDecided = outcome.status !== 'undefined' && (outcome.lower > 0 || outcome.upper < 0);
  return {
    logLikelihoodDifference,
    accuracyDifference,
    winner: isDecided ? (outcome.estimate > 0 ? 'regret' : 'return') : 'undecided',
  };
}

async function fitSlope(x: Float64Array, outcome: Float64Array, signal?: AbortSignal): Promise<number> {
  const fit = await fitLogistic(
    { features: [x], outcome },
    { intercept: false, ...(signal ? { signal } : {}) },
  );
  return 'slopes' in fit ? (fit.slopes[0] ?? 0) : 0;
}

/** ln P of a vote y in [0, 1] under log-odds x, without overflow. */
function logLikelihoodOf(x: number, y: number): number {
  const toward = (z: number) => (z > 0 ? -Math.log1p(Math.exp(-z)) : z - Math.log1p(Math.exp(z)));
  return y * toward(x) + (1 - y) * toward(-x);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
