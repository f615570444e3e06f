import { createPause } from '../../statistics/pause.ts';

/** Differences of embeddings, chosen − rejected, row by row. */
export interface Differences {
  readonly rows: number;
  readonly dimensions: number;
  /** Row-major, rows × dimensions. */
  readonly matrix: Float32Array;
}

interface FitOptions {
  readonly penalty: number;
  readonly start?: Float64Array;
  readonly signal?: AbortSignal | undefined;
}

/** Penalties tried; coordinates are scaled to a mean square of 1 before. */
const penalties = [1e5, 1e4, 1e3, 1e2, 1e1, 1];
const mostSteps = 30;
const mostInnerSteps = 60;

/** Rows of the differences that `isKept` names. */
export function takeDifferences(source: Differences, isKept: (row: number) => boolean): Differences {
  const kept: number[] = [];
  for (let row = 0; row < source.rows; row++) if (isKept(row)) kept.push(row);
  const { dimensions } = source;
  const matrix = new Float32Array(kept.length * dimensions);
  kept.forEach((row, index) =>
    matrix.set(source.matrix.subarray(row * dimensions, (row + 1) * dimensions), index * dimensions),
  );
  return { rows: kept.length, dimensions, matrix };
}

/** w·x of every row. */
export function scoreDifferences(
  { rows, dimensions, matrix }: Differences,
  weights: Float64Array,
): Float64Array {
  const scores = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    const from = row * dimensions;
    for (let k = 0; k < dimensions; k++) sum += (matrix[from + k] ?? 0) * (weights[k] ?? 0);
    scores[row] = sum;
  }
  return scores;
}

/** Σ_i c_i x_i + λ·v. */
function combine(
  { rows, dimensions, matrix }: Differences,
  coefficients: Float64Array,
  { penalty, vector }: { penalty: number; vector: Float64Array },
): Float64Array {
  const sum = vector.map((value) => penalty * value);
  for (let row = 0; row < rows; row++) {
    const factor = coefficients[row] ?? 0;
    const from = row * dimensions;
    for (let k = 0; k < dimensions; k++) sum[k] = (sum[k] ?? 0) + factor * (matrix[from + k] ?? 0);
  }
  return sum;
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < left.length; k++) sum += (left[k] ?? 0) * (right[k] ?? 0);
  return sum;
}

/** ln(1 + e^−m) without overflow. */
const lossOf = (margin: number) => Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));

const objective = (margins: Float64Array, weights: Float64Array, penalty: number) =>
  margins.reduce((sum, margin) => sum + lossOf(margin), 0) + 0.5 * penalty * dot(weights, weights);

/**
 * Logistic regression without intercept that every difference points to the chosen side, with penalty ½·λ·‖w‖² on the
 * summed log-likelihood, by Newton steps solved with conjugate gradients (truncated Newton: R. Dembo & T. Steihaug 1983).
 * Turning a row and its label together changes nothing, so no sign need be drawn.
 */
export async function fitProbe(differences: Differences, options: FitOptions): Promise<Float64Array> {
  const { penalty, start, signal } = options;
  const pause = createPause(signal);
  let weights = start ? Float64Array.from(start) : new Float64Array(differences.dimensions);
  let margins = scoreDifferences(differences, weights);
  let firstNorm: number | undefined;
  for (let step = 0; step < mostSteps; step++) {
    const chances = margins.map((margin) => 1 / (1 + Math.exp(margin)));
    const gradient = combine(
      differences,
      chances.map((chance) => -chance),
      { penalty, vector: weights },
    );
    const norm = Math.sqrt(dot(gradient, gradient));
    firstNorm ??= norm;
    if (norm <= 1e-5 * Math.max(1, firstNorm)) break;
    const curvature = chances.map((chance) => chance * (1 - chance));
    const direction = await solveNewton(differences, { gradient, curvature, penalty, norm, pause });
    const moves = scoreDifferences(differences, direction);
    const before = objective(margins, weights, penalty);
    const slope = dot(gradient, direction);
    let length = 1;
    for (; length > 1e-8; length /= 2) {
      const next = weights.map((weight, k) => weight + length * (direction[k] ?? 0));
      const nextMargins = margins.map((margin, row) => margin + length * (moves[row] ?? 0));
      if (objective(nextMargins, next, penalty) > before + 1e-4 * length * slope) continue;
      [weights, margins] = [next, nextMargins];
      break;
    }
    if (length <= 1e-8) break;
  }
  return weights;
}

/** d with (XᵀDX + λ) d ≈ −g. */
async function solveNewton(
  differences: Differences,
  system: {
    gradient: Float64Array;
    curvature: Float64Array;
    penalty: number;
    norm: number;
    pause: ReturnType<typeof createPause>;
  },
): Promise<Float64Array> {
  const { gradient, curvature, penalty, norm, pause } = system;
  const direction = new Float64Array(gradient.length);
  const residual = gradient.map((value) => -value);
  let search = Float64Array.from(residual);
  let square = dot(residual, residual);
  const goal = Math.min(0.1, Math.sqrt(norm)) * norm;
  for (let step = 0; step < mostInnerSteps && Math.sqrt(square) > goal; step++) {
    const along = scoreDifferences(differences, search);
    const image = combine(
      differences,
      along.map((value, row) => value * (curvature[row] ?? 0)),
      { penalty, vector: search },
    );
    const length = square / dot(search, image);
    for (let k = 0; k < direction.length; k++) {
      direction[k] = (direction[k] ?? 0) + length * (search[k] ?? 0);
      residual[k] = (residual[k] ?? 0) - length * (image[k] ?? 0);
    }
    const next = dot(residual, residual);
    const share = next / square;
    search = search.map((value, k) => (residual[k] ?? 0) + share * value);
    square = next;
    await pause();
  }
  return direction;
}

/** The differences with a mean square of 1 over all entries, so that penalties mean the same for every model. */
export function scaleDifferences(source: Differences): { scaled: Differences; factor: number } {
  let squares = 0;
  for (const value of source.matrix) squares += value * value;
  const factor = squares === 0 ? 1 : Math.sqrt(source.matrix.length / squares);
  return { scaled: { ...source, matrix: source.matrix.map((value) => value * factor) }, factor };
}

/** The penalty of best log-likelihood on left-out folds, and the weights of a fit on all rows with it. */
export async function fitProbeByFolds(
  source: Differences,
  fold: Uint8Array,
  { folds, signal }: { folds: number; signal?: AbortSignal | undefined },
): Promise<{ weights: Float64Array; penalty: number }> {
  const { scaled, factor } = scaleDifferences(source);
  const losses = penalties.map(() => 0);
  for (let part = 0; part < folds; part++) {
    const inside = takeDifferences(scaled, (row) => fold[row] !== part);
    const outside = takeDifferences(scaled, (row) => fold[row] === part);
    let start: Float64Array | undefined;
    for (const [index, penalty] of penalties.entries()) {
      start = await fitProbe(inside, { penalty, ...(start && { start }), signal });
      const margins = scoreDifferences(outside, start);
      losses[index] = (losses[index] ?? 0) + margins.reduce((sum, margin) => sum + lossOf(margin), 0);
    }
  }
  const best = losses.indexOf(Math.min(...losses));
  const penalty = penalties[best] ?? 1;
  const weights = await fitProbe(scaled, { penalty, signal });
  return { weights: weights.map((weight) => weight * factor), penalty };
}
