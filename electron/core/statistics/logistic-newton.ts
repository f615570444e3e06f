import { findCholesky, solveCholesky } from './linear-algebra.ts';
import type { createPause } from './pause.ts';

/** Rows handled together, so that a block of every column stays in the processor's cache. */
const BLOCK = 1024;
const MAX_HALVINGS = 40;
/** A column with at most this share of values other than 0 is walked by their places: dummies of many models. */
const SPARSE_FROM = 0.2;

/** A logistic regression problem in columns; `columns[0]` holds ones where there is an intercept. */
export interface LogisticDesign {
  columns: readonly Float64Array[];
  /** In [0, 1]; fractions are soft labels. */
  outcome: Float64Array;
  /** Frequency weights, at least 0. */
  weights: Float64Array;
}

/** How the fit is penalised and when it stops. */
export interface NewtonOptions {
  /** Per column: λ_j of the penalty ½ Σ λ_j β_j². */
  penalties: Float64Array;
  tolerance: number;
  maxSteps: number;
  pause: ReturnType<typeof createPause>;
}

export interface NewtonFit {
  beta: Float64Array;
  /** Penalised information Xᵀ W X + diag(λ) at `beta`, row-major. */
  information: Float64Array;
  /** outcome − fitted probability of each row, before weighting; keeps its relative accuracy in the tails. */
  residuals: Float64Array;
  logLikelihood: number;
  steps: number;
  ended: 'converged' | 'step_limit' | 'singular';
}

/**
 * Newton-Raphson (equivalently iteratively reweighted least squares) on the penalised log-likelihood
 * Σ w_i [y_i η_i − ln(1 + e^{η_i})] − ½ Σ λ_j β_j², η = Xβ. A step is halved while it lowers the objective, so
 * the iteration cannot diverge. Ends when every coefficient moves by less than `tolerance`.
 */
export async function fitNewton(
  design: LogisticDesign,
  start: Float64Array,
  options: NewtonOptions,
): Promise<NewtonFit> {
  const state = createState(design, options.penalties);
  let beta: Float64Array = Float64Array.from(start);
  let objective = evaluate(state, beta);
  let steps = 0;
  let ended: NewtonFit['ended'] = 'step_limit';
  for (;;) {
    const gradient = accumulate(state, beta);
    const factor = findCholesky(state.information, beta.length);
    if (!factor) {
      ended = 'singular';
      break;
    }
    if (steps === options.maxSteps || ended === 'converged') break;
    const delta = solveCholesky(factor, beta.length, gradient);
    const moved = await takeStep(state, { beta, delta, objective }, options);
    beta = moved.beta;
    objective = moved.objective;
    steps += 1;
    if (moved.change < options.tolerance) ended = 'converged';
    await options.pause();
  }
  const { information, residuals } = state;
  return { beta, information, residuals, logLikelihood: state.logLikelihood, steps, ended };
}

interface NewtonState {
  design: LogisticDesign;
  /** Rows where a column is not 0; undefined for a dense column. */
  places: readonly (Uint32Array | undefined)[];
  penalties: Float64Array;
  eta: Float64Array;
  residuals: Float64Array;
  /** w_i p_i (1 − p_i) of each row. */
  curvature: Float64Array;
  information: Float64Array;
  logLikelihood: number;
}

function createState(design: LogisticDesign, penalties: Float64Array): NewtonState {
  const rows = design.outcome.length;
  return {
    design,
    places: design.columns.map(findPlaces),
    penalties,
    eta: new Float64Array(rows),
    residuals: new Float64Array(rows),
    curvature: new Float64Array(rows),
    information: new Float64Array(penalties.length ** 2),
    logLikelihood: Number.NaN,
  };
}

function findPlaces(column: Float64Array): Uint32Array | undefined {
  let count = 0;
  for (const value of column) if (value !== 0) count += 1;
  if (count > SPARSE_FROM * column.length) return undefined;
  const places = new Uint32Array(count);
  let next = 0;
  for (let row = 0; row < column.length; row++) if (column[row] !== 0) places[next++] = row;
  return places;
}

async function takeStep(
  state: NewtonState,
  from: { beta: Float64Array; delta: Float64Array; objective: number },
  options: NewtonOptions,
): Promise<{ beta: Float64Array; objective: number; change: number }> {
  const slack = 1e-12 * (1 + Math.abs(from.objective));
  let scale = 1;
  for (let halving = 0; ; halving++) {
    const beta = from.beta.map((value, j) => value + scale * (from.delta[j] ?? Number.NaN));
    const objective = evaluate(state, beta);
    if (objective >= from.objective - slack || halving === MAX_HALVINGS) {
      const change = scale * from.delta.reduce((largest, d) => Math.max(largest, Math.abs(d)), 0);
      return { beta, objective, change };
    }
    scale /= 2;
    await options.pause();
  }
}

/** Fills η, residuals and curvature at `beta` and returns the penalised log-likelihood. */
function evaluate(state: NewtonState, beta: Float64Array): number {
  const { design, eta, residuals, curvature, penalties } = state;
  predictSparsely(state, beta);
  const { outcome, weights } = design;
  let logLikelihood = 0;
  for (let i = 0; i < eta.length; i++) {
    const value = eta[i] ?? 0;
    const y = outcome[i] ?? 0;
    const weight = weights[i] ?? 0;
    const small = Math.exp(-Math.abs(value));
    const minor = small / (1 + small);
    const major = 1 / (1 + small);
    const p = value < 0 ? minor : major;
    const q = value < 0 ? major : minor;
    residuals[i] = y * q - (1 - y) * p;
    curvature[i] = weight * p * q;
    logLikelihood += weight * (y * value - Math.max(value, 0) - Math.log1p(small));
  }
  state.logLikelihood = logLikelihood;
  let penalty = 0;
  for (const [j, lambda] of penalties.entries()) penalty += 0.5 * lambda * (beta[j] ?? 0) ** 2;
  return logLikelihood - penalty;
}

function predictSparsely({ design: { columns }, places, eta }: NewtonState, beta: Float64Array): void {
  linearPredictor(
    columns.filter((_, j) => !places[j]),
    beta.filter((_, j) => !places[j]),
    eta,
  );
  for (const [j, rows] of places.entries()) {
    const slope = beta[j] ?? 0;
    const column = columns[j];
    if (rows && column) for (const i of rows) eta[i] = (eta[i] ?? 0) + slope * (column[i] ?? 0);
  }
}

/** η = Σ_j β_j x_j, written to `eta`. */
export function linearPredictor(
  columns: readonly Float64Array[],
  beta: ArrayLike<number>,
  eta: Float64Array,
): void {
  eta.fill(0);
  for (const [j, column] of columns.entries()) {
    const slope = beta[j] ?? 0;
    for (let i = 0; i < eta.length; i++) eta[i] = (eta[i] ?? 0) + slope * (column[i] ?? 0);
  }
}

/** Fills the penalised information from the curvature and returns the gradient of the objective. */
function accumulate(state: NewtonState, beta: Float64Array): Float64Array {
  const { design, information, penalties } = state;
  const size = design.columns.length;
  const gradient = new Float64Array(size);
  information.fill(0);
  addDense(state, gradient);
  for (const [j, rows] of state.places.entries()) if (rows) addSparse(state, gradient, j);
  for (let j = 0; j < size; j++) {
    const lambda = penalties[j] ?? 0;
    gradient[j] = (gradient[j] ?? 0) - lambda * (beta[j] ?? 0);
    information[j * size + j] = (information[j * size + j] ?? 0) + lambda;
    for (let k = 0; k < j; k++) information[k * size + j] = information[j * size + k] ?? 0;
  }
  return gradient;
}

/** The dense columns among themselves, block by block. */
function addDense(
  { design, places, information, residuals, curvature }: NewtonState,
  gradient: Float64Array,
): void {
  const { columns, weights } = design;
  const size = columns.length;
  const scaled = new Float64Array(BLOCK);
  const dense = [...columns.keys()].filter((j) => !places[j]);
  for (let from = 0; from < residuals.length; from += BLOCK) {
    const to = Math.min(from + BLOCK, residuals.length);
    for (const j of dense) {
      const column = columns[j] ?? scaled;
      let slope = 0;
      for (let i = from; i < to; i++) {
        const x = column[i] ?? 0;
        slope += (weights[i] ?? 0) * (residuals[i] ?? 0) * x;
        scaled[i - from] = (curvature[i] ?? 0) * x;
      }
      gradient[j] = (gradient[j] ?? 0) + slope;
      for (const k of dense) {
        if (k > j) break;
        const cell = j * size + k;
        information[cell] = (information[cell] ?? 0) + dotBlock(columns[k] ?? scaled, scaled, from, to);
      }
    }
  }
}

/** A sparse column with all dense ones and with the sparse ones up to itself, over the rows where it is not 0. */
function addSparse(
  { design, places, information, residuals, curvature }: NewtonState,
  gradient: Float64Array,
  j: number,
): void {
  const { columns, weights } = design;
  const size = columns.length;
  const rows = places[j] ?? new Uint32Array(0);
  const column = columns[j] ?? new Float64Array(0);
  const scaled = new Float64Array(rows.length);
  let slope = 0;
  for (let at = 0; at < rows.length; at++) {
    const i = rows[at] ?? 0;
    const x = column[i] ?? 0;
    slope += (weights[i] ?? 0) * (residuals[i] ?? 0) * x;
    scaled[at] = (curvature[i] ?? 0) * x;
  }
  gradient[j] = slope;
  for (const [k, other] of columns.entries()) {
    if (places[k] && k > j) continue;
    let sum = 0;
    for (let at = 0; at < rows.length; at++) sum += (other[rows[at] ?? 0] ?? 0) * (scaled[at] ?? 0);
    information[Math.max(j, k) * size + Math.min(j, k)] = sum;
  }
}

function dotBlock(column: Float64Array, scaled: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (column[i] ?? 0) * (scaled[i - from] ?? 0);
  return sum;
}
