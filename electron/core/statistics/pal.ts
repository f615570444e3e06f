import { createPause } from './pause.ts';
import { createRandom } from './random.ts';

/**
 * Choices of users between two items with vectors f: row r has the difference f(chosen) − f(rejected) in
 * `difference[r * dimensions …]` and |f(rejected)|² − |f(chosen)|² in `offset[r]`.
 */
export interface PalChoices {
  users: number;
  dimensions: number;
  user: ArrayLike<number>;
  difference: Float64Array;
  offset: Float64Array;
}

export interface PalFit {
  /** Ideal points of the K prototypes, row-major K × dimensions. */
  prototypes: Float64Array;
  /** Weights of each user on the prototypes, row-major users × K; each row sums to 1. */
  mix: Float64Array;
  groups: number;
}

export interface PalOptions {
  groups: number;
  seed: number;
  steps?: number;
  rate?: number;
  signal?: AbortSignal | undefined;
}

/** The chance of the recorded choice with ideal point a: σ(d₂² − d₁²) = σ(|f₂|² − |f₁|² + 2a·(f₁ − f₂)), d₁ to the chosen. */
export function choiceProbability(
  ideal: ArrayLike<number>,
  chosen: ArrayLike<number>,
  rejected: ArrayLike<number>,
): number {
  let logit = 0;
  for (let d = 0; d < ideal.length; d++) {
    logit += ((rejected[d] ?? 0) - (ideal[d] ?? 0)) ** 2 - ((chosen[d] ?? 0) - (ideal[d] ?? 0)) ** 2;
  }
  return 1 / (1 + Math.exp(-logit));
}

/**
 * PAL (D. Chen et al. 2024) on frozen vectors: every user's ideal point a_u = Σ_k w_uk p_k is a mix, w_u on the simplex, of K
 * prototypes, fitted by Adam on the mean logistic loss (500 steps unless told). Deterministic by the seed. The small fit
 * without a learned projection is ours. Work is steps × rows × (dimensions + K), with the event loop handed back in between.
 */
export async function fitPal(choices: PalChoices, options: PalOptions): Promise<PalFit> {
  const { groups, steps = 500, rate = 0.05 } = options;
  const { users, dimensions } = choices;
  const random = createRandom(options.seed);
  const prototypes = new Float64Array(groups * dimensions).map(() => 0.5 * random.nextNormal());
  const logits = new Float64Array(users * groups).map(() => 0.1 * random.nextNormal());
  const climbPrototypes = createAdam(prototypes, rate);
  const climbLogits = createAdam(logits, rate);
  const pause = createPause(options.signal);
  for (let step = 1; step <= steps; step++) {
    const mix = softmaxRows(logits, groups);
    const slopes = slopesOf(choices, { prototypes, mix, groups });
    climbPrototypes(slopes.prototypes, step);
    if (groups > 1) climbLogits(slopes.logits, step);
    const paused = pause();
    if (paused) await paused;
  }
  return { prototypes, mix: softmaxRows(logits, groups), groups };
}

/** The chance the fit gives each recorded choice; above ½ = predicted rightly. */
export function predictPal(choices: PalChoices, fit: PalFit): Float64Array {
  return Float64Array.from(choices.offset, (_, row) => 1 / (1 + Math.exp(-logitOf(choices, fit, row))));
}

function logitOf(choices: PalChoices, { prototypes, mix, groups }: PalFit, row: number): number {
  const { dimensions } = choices;
  const user = choices.user[row] ?? 0;
  let logit = choices.offset[row] ?? 0;
  for (let k = 0; k < groups; k++) {
    let dot = 0;
    for (let d = 0; d < dimensions; d++) {
      dot += (prototypes[k * dimensions + d] ?? 0) * (choices.difference[row * dimensions + d] ?? 0);
    }
    logit += 2 * (mix[user * groups + k] ?? 0) * dot;
  }
  return logit;
}

/** Gradient of the mean log-likelihood in the prototypes and in the users' softmax logits. */
function slopesOf(choices: PalChoices, fit: PalFit): { prototypes: Float64Array; logits: Float64Array } {
  const { dimensions, users } = choices;
  const { prototypes, mix, groups } = fit;
  const slopes = {
    prototypes: new Float64Array(prototypes.length),
    logits: new Float64Array(users * groups),
  };
  const dots = new Float64Array(groups);
  const rows = choices.offset.length;
  for (let row = 0; row < rows; row++) {
    const user = choices.user[row] ?? 0;
    const from = row * dimensions;
    let mean = 0;
    for (let k = 0; k < groups; k++) {
      let dot = 0;
      for (let d = 0; d < dimensions; d++) {
        dot += (prototypes[k * dimensions + d] ?? 0) * (choices.difference[from + d] ?? 0);
      }
      dots[k] = dot;
      mean += (mix[user * groups + k] ?? 0) * dot;
    }
    const wrong = 1 / (1 + Math.exp((choices.offset[row] ?? 0) + 2 * mean)) / rows;
    for (let k = 0; k < groups; k++) {
      const weight = mix[user * groups + k] ?? 0;
      const cell = user * groups + k;
      slopes.logits[cell] = (slopes.logits[cell] ?? 0) + wrong * 2 * weight * ((dots[k] ?? 0) - mean);
      const pull = wrong * 2 * weight;
      for (let d = 0; d < dimensions; d++) {
        const at = k * dimensions + d;
        slopes.prototypes[at] = (slopes.prototypes[at] ?? 0) + pull * (choices.difference[from + d] ?? 0);
      }
    }
  }
  return slopes;
}

/** Adam (D. Kingma & J. Ba 2015) upwards, β = (.9, .999), ε = 1e-8; scale-free, so small user gradients move too. */
function createAdam(values: Float64Array, rate: number): (slopes: Float64Array, step: number) => void {
  const first = new Float64Array(values.length);
  const second = new Float64Array(values.length);
  return (slopes, step) => {
    const [firstScale, secondScale] = [1 - 0.9 ** step, 1 - 0.999 ** step];
    for (let i = 0; i < values.length; i++) {
      const slope = slopes[i] ?? 0;
      const m = 0.9 * (first[i] ?? 0) + 0.1 * slope;
      const v = 0.999 * (second[i] ?? 0) + 0.001 * slope * slope;
      first[i] = m;
      second[i] = v;
      values[i] = (values[i] ?? 0) + (rate * (m / firstScale)) / (Math.sqrt(v / secondScale) + 1e-8);
    }
  };
}

function softmaxRows(logits: Float64Array, width: number): Float64Array {
  const shares = new Float64Array(logits.length);
  for (let from = 0; from < logits.length; from += width) {
    const row = logits.subarray(from, from + width);
    const top = row.reduce((most, value) => Math.max(most, value), -Infinity);
    const total = row.reduce((sum, value) => sum + Math.exp(value - top), 0);
    for (const [k, value] of row.entries()) shares[from + k] = Math.exp(value - top) / total;
  }
  return shares;
}
