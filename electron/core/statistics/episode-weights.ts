import { findCholesky, solveCholesky } from './linear-algebra.ts';
import { mean } from './descriptive.ts';

export interface EpisodeWeightOptions {
  /** Temperature α of the softmax; 0.1 in the authors' example. */
  readonly temperature?: number;
  /**
   * `per_episode`: each episode has mass ∝ exp(x/α). `per_step`: the softmax runs over transitions as in the authors'
   * code, so an episode of T steps has mass ∝ T·exp(x/α).
   */
  readonly per?: 'episode' | 'step';
}

/** x = (G − min) / (max − min) in [0, 1]; 0 for all where max = min. */
export function scaleToUnit(values: ArrayLike<number>): Float64Array {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i] ?? Number.NaN);
    high = Math.max(high, values[i] ?? Number.NaN);
  }
  const range = high - low;
  return Float64Array.from(values, (value) => (range > 0 ? (value - low) / range : 0));
}

/**
 * Weights of episodes that sum to 1: ∝ exp(x/α), x the scaled return (return weighting) or scaled advantage. Equal
 * returns give uniform weights (per step: proportional to length).
 * Source: Z.-W. Hong et al., Harnessing mixed offline reinforcement learning datasets (2023) and its code.
 *
 * @param scores Returns G, or advantages G − V̂(s₀) of {@link advantages}; one finite number an episode.
 * @param lengths Steps of each episode; only read `per` step.
 * @throws RangeError for a temperature that is not above 0.
 */
export function weighEpisodes(
  scores: ArrayLike<number>,
  lengths: ArrayLike<number>,
  { temperature = 0.1, per = 'episode' }: EpisodeWeightOptions = {},
): Float64Array {
  if (!(temperature > 0)) throw new RangeError(`The temperature must be above 0, got ${temperature}.`);
  const scaled = scaleToUnit(scores);
  const raw = scaled.map(
    (x, i) => Math.exp((x - 1) / temperature) * (per === 'step' ? (lengths[i] ?? Number.NaN) : 1),
  );
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return raw.map((weight) => weight / sum);
}

/**
 * PSV = mean(max(0, G − Ḡ)²): how far the good episodes lie above the mean; where it is high, reweighting pays.
 * The notation is from memory, not confirmed in the paper.
 */
export function positiveSideVariance(returns: ArrayLike<number>): number {
  const centre = mean(returns);
  return mean(Float64Array.from(returns, (value) => Math.max(0, value - centre) ** 2));
}

/**
 * G − V̂(s₀), V̂ the least-squares linear regression of G on the features of the first state with an intercept. A ridge
 * of 1e-9 times the mean square of the features keeps dependent features harmless.
 *
 * @param features One array per feature, each with one finite number an episode.
 */
export function advantages(returns: ArrayLike<number>, features: readonly ArrayLike<number>[]): Float64Array {
  const columns = [
    new Float64Array(returns.length).fill(1),
    ...features.map((one) => Float64Array.from(one)),
  ];
  const size = columns.length;
  const gram = new Float64Array(size * size);
  const right = new Float64Array(size);
  for (const [i, left] of columns.entries()) {
    for (const [j, other] of columns.entries()) gram[i * size + j] = dot(left, other);
    right[i] = dot(left, returns);
  }
  for (let i = 0; i < size; i++) gram[i * size + i] = (gram[i * size + i] ?? 0) * (1 + 1e-9) + 1e-12;
  const factor = findCholesky(gram, size, 0);
  const slopes = factor ? solveCholesky(factor, size, right) : new Float64Array(size);
  return Float64Array.from({ length: returns.length }, (_, row) => {
    const predicted = columns.reduce((sum, column, i) => sum + (slopes[i] ?? 0) * (column[row] ?? 0), 0);
    return (returns[row] ?? Number.NaN) - predicted;
  });
}

function dot(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += (left[i] ?? 0) * (right[i] ?? 0);
  return sum;
}
