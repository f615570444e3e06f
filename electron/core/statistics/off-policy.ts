import { standardDeviation } from './descriptive.ts';
import { undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Effective observations below which an off-policy estimate is `too_small` (our number). */
export const minimumEffectiveSize = 30;

/** Importance weights above this are cut (our number). */
export const defaultWeightClip = 20;

/** One logged choice a row; all arrays have the same length. */
export interface LoggedChoices {
  readonly rewards: ArrayLike<number>;
  /** Importance weights p_e / p_b, already clipped. */
  readonly weights: ArrayLike<number>;
  /** q̂(a): the reward a model expects of the logged action. Needed for the doubly robust estimate. */
  readonly predictedLogged?: ArrayLike<number>;
  /** q̂(π): the reward a model expects of the evaluated policy on the same prompt. */
  readonly predictedPolicy?: ArrayLike<number>;
}

export interface OffPolicyEstimate {
  /** Inverse propensity score, mean(w·r). */
  ips: number;
  /** Self-normalised, Σw·r / Σw. */
  snips: number;
  /** Doubly robust, mean(q̂(π) + w·(r − q̂(a))); undefined without predictions. */
  doublyRobust: number | undefined;
  /** (Σw)² / Σw², at most n. */
  effectiveSize: number;
  n: number;
}

/**
 * p_e / p_b per row, cut at `clip`; NaN where p_b is not above 0 or a propensity is no number, which makes the row
 * invalid.
 */
export function importanceWeights(
  behaviour: ArrayLike<number>,
  evaluated: ArrayLike<number>,
  clip = defaultWeightClip,
): Float64Array {
  return Float64Array.from({ length: behaviour.length }, (_, i) => {
    const p = behaviour[i] ?? Number.NaN;
    const target = evaluated[i] ?? Number.NaN;
    return p > 0 && target >= 0 ? Math.min(clip, target / p) : Number.NaN;
  });
}

/** (Σw)² / Σw²: how many equally weighted observations the weights are worth (L. Kish 1965). NaN for no weight. */
export function effectiveSampleSize(weights: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] ?? Number.NaN;
    sum += weight;
    squares += weight * weight;
  }
  return (sum * sum) / squares;
}

/**
 * Off-policy estimates of the mean reward of a policy from choices another policy logged. Rows whose weight or reward
 * is NaN are left out. Undefined without rows (`no_data`) or where all weights are 0 (`zero_denominator`); `too_small`
 * below an effective size of 30. Source: H. Kiyohara et al., SCOPE-RL documentation.
 */
export function estimateOffPolicy(choices: LoggedChoices): Outcome<OffPolicyEstimate> {
  const { rewards, weights, predictedLogged, predictedPolicy } = choices;
  let [n, weighted, sum, squares, robust] = [0, 0, 0, 0, 0];
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i] ?? Number.NaN;
    const r = rewards[i] ?? Number.NaN;
    if (Number.isNaN(w) || Number.isNaN(r)) continue;
    n += 1;
    weighted += w * r;
    sum += w;
    squares += w * w;
    robust += (predictedPolicy?.[i] ?? Number.NaN) + w * (r - (predictedLogged?.[i] ?? Number.NaN));
  }
  if (n === 0) return undefinedOutcome('no_data');
  if (sum === 0) return undefinedOutcome('zero_denominator');
  const effectiveSize = (sum * sum) / squares;
  return {
    status: effectiveSize < minimumEffectiveSize ? 'too_small' : 'ok',
    ips: weighted / n,
    snips: weighted / sum,
    doublyRobust: Number.isNaN(robust) ? undefined : robust / n,
    effectiveSize,
    n,
  };
}

/**
 * SharpeRatio@k = (best@k − J_b) / std@k over the true values of the k policies an estimator ranks first. The
 * documentation of SCOPE-RL divides the variance by k, its code by k − 1 and floors the ratio at 0; the default is the
 * documentation's, `ddof` 1 gives the divisor of the code. Undefined for fewer than two policies (`too_few`) and for
 * equal values (`zero_variance`).
 *
 * @param ranked True values in the order of the estimator, best first; the behaviour policy is one of the candidates.
 */
export function sharpeRatioAtK(
  ranked: ArrayLike<number>,
  behaviour: number,
  { k = ranked.length, ddof = 0 }: { k?: number; ddof?: 0 | 1 } = {},
): Outcome<{ value: number; k: number }> {
  if (!Number.isInteger(k) || k < 0 || k > ranked.length)
    throw new RangeError(`k is a whole number up to ${ranked.length}, got ${k}.`);
  if (k < 2) return undefinedOutcome('too_few');
  const top = Array.from(ranked).slice(0, k);
  const spread = standardDeviation(top, ddof === 0);
  if (!(spread > 0)) return undefinedOutcome('zero_variance');
  return { status: 'ok', value: (Math.max(...top) - behaviour) / spread, k };
}

/** SharpeRatio@k for k = 2 … K. */
export function listSharpeRatios(
  ranked: ArrayLike<number>,
  behaviour: number,
  ddof: 0 | 1 = 0,
): { k: number; value: number | null }[] {
  return Array.from({ length: Math.max(0, ranked.length - 1) }, (_, index) => {
    const outcome = sharpeRatioAtK(ranked, behaviour, { k: index + 2, ddof });
    return { k: index + 2, value: outcome.status === 'undefined' ? null : outcome.value };
  });
}
