import { type ClusterOrder, findCovariance, orderByCluster } from '../statistics/logistic-covariance.ts';
import { fitNewton, type LogisticDesign, type NewtonFit } from '../statistics/logistic-newton.ts';
import { createPause } from '../statistics/pause.ts';
import { ratioIntervalOfClusters } from '../statistics/ratio.ts';
import { studentCritical } from '../statistics/student.ts';

/** Pairs that must set a principle apart from "the longer" and from "the shorter" for a controlled figure. */
const minimumDistinguishing = 20;
const ridge = 1e-3;
/** Log-odds beyond which the fit is held finite by the ridge alone. */
const separationLimit = 12;

/** How the length-controlled strength is made; printed with every constitution. */
export const lengthControlText =
  'Logistic regression of the label on the vote of the principle and on three terms of the length difference in characters ' +
  '(its sign, tanh(difference / SD), tanh of the log ratio / SD), all antisymmetric in the two sides, without intercept. ' +
  'The controlled strength is the mean effect of the vote over the pairs where the principle speaks, with the longer and the ' +
  'shorter side equally likely to be the side it speaks for, times relevance. Interval: delta method on cluster-robust errors ' +
  '(prompts). Absent for principles that fewer than 20 pairs tell apart from length itself.';

export interface LengthColumns {
  readonly charsChosen: Float64Array;
  readonly charsRejected: Float64Array;
  readonly cluster: ArrayLike<number>;
}

export interface ControlledStrength {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/** What all principles share: the length terms, the prompts, and the fit without any principle. */
export interface LengthModel {
  readonly sign: Float64Array;
  readonly terms: readonly Float64Array[];
  readonly order: ClusterOrder;
  readonly cluster: ArrayLike<number>;
  readonly start: Float64Array;
}

const meanSquareRoot = (values: Float64Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / Math.max(1, values.length));

/**
 * Length terms seen from the chosen side. The spread is about zero, not about the mean, so that exchanging the sides
 * of any pair only turns the sign of its terms.
 */
export async function makeLengthModel(
  columns: LengthColumns,
  { signal }: { signal?: AbortSignal } = {},
): Promise<LengthModel> {
  const { charsChosen, charsRejected, cluster } = columns;
  const difference = charsChosen.map((chars, row) => chars - (charsRejected[row] ?? 0));
  const ratio = charsChosen.map((chars, row) => Math.log((chars + 1) / ((charsRejected[row] ?? 0) + 1)));
  const sign = difference.map(Math.sign);
  const bounded = (values: Float64Array) => {
    const spread = meanSquareRoot(values);
    return values.map((value) => (spread > 0 ? Math.tanh(value / spread) : 0));
  };
  const terms = [sign, bounded(difference), bounded(ratio)];
  const fit = await fitChosen(terms, new Float64Array(terms.length), signal);
  return { sign, terms, order: orderByCluster(cluster), cluster, start: fit.fit.beta };
}

/**
 * Strength of a principle with length held neutral, −1..1 with a 95 % interval; undefined where the data cannot tell
 * the principle from length, the outcome is separated, or there are too few prompts.
 *
 * With logit P(chosen) = β·vote + φ·z over the length terms z, the value is
 * relevance · mean over applicable pairs of [σ(β + φz) + σ(β − φz) − 1]: the chosen side counted as if its length
 * advantage had been for and against the vote equally often. It equals the raw strength where votes and length are
 * independent, and 0 where the vote has no effect of its own.
 */
export async function controlForLength(
  votes: Int8Array,
  model: LengthModel,
  { signal }: { signal?: AbortSignal } = {},
): Promise<ControlledStrength | undefined> {
  if (!isDistinguishable(votes, model.sign)) return undefined;
  const columns = [Float64Array.from(votes), ...model.terms];
  const { fit, design } = await fitChosen(columns, Float64Array.from([0, ...model.start]), signal);
  if (fit.ended !== 'converged' || Math.abs(fit.beta[0] ?? 0) > separationLimit) return undefined;
  const covariance = findCovariance(design, fit, model.order);
  const clusters = model.order.starts.length - 1;
  if (!covariance || clusters <= columns.length) return undefined;
  const effect = standardise(votes, model.terms, fit.beta);
  const relevance = describeRelevance(votes, model);
  const variance =
    relevance.value ** 2 * quadraticForm(effect.gradient, covariance) + (effect.value * relevance.error) ** 2;
  const value = relevance.value * effect.value;
  const half = studentCritical(0.95, clusters - 1) * Math.sqrt(variance);
  return { value, lower: Math.max(-1, value - half), upper: Math.min(1, value + half) };
}

function isDistinguishable(votes: Int8Array, sign: Float64Array): boolean {
  let unlikeLonger = 0;
  let unlikeShorter = 0;
  let discordant = 0;
  for (let row = 0; row < votes.length; row++) {
    if (votes[row] !== 0) discordant += 1;
    if (votes[row] !== sign[row]) unlikeLonger += 1;
    if (votes[row] !== -(sign[row] ?? 0)) unlikeShorter += 1;
  }
  return Math.min(discordant, unlikeLonger, unlikeShorter) >= minimumDistinguishing;
}

/** Every row is a pair seen from its chosen side, so every outcome is 1 and there is no intercept. */
async function fitChosen(
  columns: readonly Float64Array[],
  start: Float64Array,
  signal: AbortSignal | undefined,
): Promise<{ fit: NewtonFit; design: LogisticDesign }> {
  const rows = columns[0]?.length ?? 0;
  const ones = new Float64Array(rows).fill(1);
  const design: LogisticDesign = { columns, outcome: ones, weights: ones };
  const fit = await fitNewton(design, start, {
    penalties: new Float64Array(columns.length).fill(ridge),
    tolerance: 1e-7,
    maxSteps: 50,
    pause: createPause(signal),
  });
  return { fit, design };
}

/** Mean of σ(β + c) + σ(β − c) − 1 over pairs with a vote, c the length part of the predictor, and its gradient. */
function standardise(
  votes: Int8Array,
  terms: readonly Float64Array[],
  beta: Float64Array,
): { value: number; gradient: Float64Array } {
  const gradient = new Float64Array(beta.length);
  const own = beta[0] ?? 0;
  let sum = 0;
  let n = 0;
  for (let row = 0; row < votes.length; row++) {
    if (votes[row] === 0) continue;
    n += 1;
    let length = 0;
    for (const [j, term] of terms.entries()) length += (beta[j + 1] ?? 0) * (term[row] ?? 0);
    const plus = 1 / (1 + Math.exp(-own - length));
    const minus = 1 / (1 + Math.exp(-own + length));
    sum += plus + minus - 1;
    const [rise, fall] = [plus * (1 - plus), minus * (1 - minus)];
    gradient[0] = (gradient[0] ?? 0) + rise + fall;
    for (const [j, term] of terms.entries()) {
      gradient[j + 1] = (gradient[j + 1] ?? 0) + (rise - fall) * (term[row] ?? 0);
    }
  }
  return { value: n === 0 ? 0 : sum / n, gradient: gradient.map((slope) => (n === 0 ? 0 : slope / n)) };
}

function describeRelevance(votes: Int8Array, { order }: LengthModel): { value: number; error: number } {
  const clusters = order.starts.length - 1;
  const applicable = new Float64Array(clusters);
  const pairs = new Float64Array(clusters);
  for (let g = 0; g < clusters; g++) {
    for (let position = order.starts[g] ?? 0; position < (order.starts[g + 1] ?? 0); position++) {
      pairs[g] = (pairs[g] ?? 0) + 1;
      if (votes[order.rows[position] ?? 0] !== 0) applicable[g] = (applicable[g] ?? 0) + 1;
    }
  }
  const outcome = ratioIntervalOfClusters(applicable, pairs);
  const total = applicable.reduce((sum, count) => sum + count, 0);
  const value = total / Math.max(1, votes.length);
  return { value, error: outcome.status === 'undefined' ? 0 : outcome.standardError };
}

function quadraticForm(vector: Float64Array, matrix: Float64Array): number {
  const size = vector.length;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) sum += (vector[i] ?? 0) * (matrix[i * size + j] ?? 0) * (vector[j] ?? 0);
  }
  return Math.max(0, sum);
}
