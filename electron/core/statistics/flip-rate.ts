import { normalCritical } from './normal.ts';
import { type Interval, type Outcome, undefinedOutcome } from './outcome.ts';

/**
 * The rate ε at which single votes flip a true preference, from the share D of items on which two independent votes differ:
 * D = 2ε(1 − ε), ε = (1 − √(1 − 2D))/2, standard error √(D(1−D)/n)/(2√(1−2D)) by the delta method. An upper bound: honest
 * disagreement counts as error (our operationalisation for the ε of Provably Robust DPO). Undefined for D ≥ ½ and without items;
 * without an interval (`zero_variance`) for D = 0, where the interval is that of no disagreement in n trials by the rule of three.
 */
export function flipRateFromDisagreement(
  disagreeing: number,
  n: number,
  level = 0.95,
): Outcome<{ flipRate: number; standardError: number } & Interval> {
  if (n === 0) return undefinedOutcome('no_data');
  const share = disagreeing / n;
  if (share >= 0.5) return undefinedOutcome('zero_denominator');
  const root = Math.sqrt(1 - 2 * share);
  const flipRate = (1 - root) / 2;
  const standardError = Math.sqrt((share * (1 - share)) / n) / (2 * root);
  const half = share === 0 ? Math.min(0.5, 3 / n) / 2 : normalCritical(level) * standardError;
  return {
    status: 'ok',
    flipRate,
    standardError,
    lower: Math.max(0, flipRate - half),
    upper: Math.min(0.5, flipRate + half),
    level,
  };
}

/**
 * Weights that make a loss unbiased under flips at rate ε < ½: w⁺ = (1−ε)/(1−2ε) for the recorded order, w⁻ = −ε/(1−2ε) for the
 * reverse (S. R. Chowdhury, A. Kini & N. Natarajan 2024, as implemented in TRL).
 * @throws RangeError for ε outside [0, ½).
 */
export function debiasWeights(flipRate: number): { recorded: number; reversed: number } {
  if (!(flipRate >= 0 && flipRate < 0.5))
    throw new RangeError(`A flip rate lies in [0, ½), got ${flipRate}.`);
  return { recorded: (1 - flipRate) / (1 - 2 * flipRate), reversed: -flipRate / (1 - 2 * flipRate) };
}

/** Losses of a pair at margin h: −ln σ(h) plain, debiased with {@link debiasWeights}, and conservative with the label 1 − ε. */
export function preferenceLosses(
  margin: number,
  flipRate: number,
): { plain: number; reversed: number; robust: number; conservative: number } {
  const plain = Math.log1p(Math.exp(-margin));
  const reversed = Math.log1p(Math.exp(margin));
  const weights = debiasWeights(flipRate);
  return {
    plain,
    reversed,
    robust: weights.recorded * plain + weights.reversed * reversed,
    conservative: (1 - flipRate) * plain + flipRate * reversed,
  };
}
