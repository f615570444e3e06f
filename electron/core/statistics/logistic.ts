import { findCovariance, orderByCluster } from './logistic-covariance.ts';
import type { ErrorKind } from './logistic-covariance.ts';
import { fitNewton, linearPredictor } from './logistic-newton.ts';
import type { LogisticDesign, NewtonFit } from './logistic-newton.ts';
import { findDiverging } from './logistic-separation.ts';
import { normalCritical, normalTwoSidedP } from './normal.ts';
import { assertLevel, undefinedOutcome } from './outcome.ts';
import type { Interval, Undefined, UndefinedReason } from './outcome.ts';
import { createPause } from './pause.ts';

/** The default ridge penalty λ (audit specification, section 0). */
const DEFAULT_RIDGE = 1e-3;

export interface LogisticInput {
  /** One array per feature, each with one finite number per row. */
  features: readonly Float64Array[];
  /** 0 or 1 per row; fractions in between are soft labels. */
  outcome: ArrayLike<number>;
  /** Frequency weights of at least 0: a row of weight 3 counts as three equal rows. Default 1. */
  weights?: ArrayLike<number>;
  /** Any whole number per row; rows of one cluster (prompt) may depend on each other. */
  clusters?: ArrayLike<number>;
}

export interface LogisticOptions {
  /** λ of the penalty ½ λ Σ β_j² on the summed log-likelihood; the intercept is not penalised. */
  ridge?: number;
  /** Default true. Without it the model is symmetric: reversing all features reverses the odds. */
  intercept?: boolean;
  /** `cluster` where clusters are given, else `model` unless `robust` is asked for. */
  errors?: 'model' | 'robust';
  /** Of the Wald intervals. */
  level?: number;
  tolerance?: number;
  maxSteps?: number;
  signal?: AbortSignal;
}

/** One fitted coefficient, a change in log-odds per unit of its feature. */
export type LogisticCoefficient =
  | ({ status: 'ok'; estimate: number; standardError: number; z: number; p: number } & Interval)
  | { status: 'separated'; estimate: number }
  | Undefined;

export interface LogisticFit {
  /**
   * `separated`: the features predict some outcomes perfectly. The coefficients that only the ridge keeps finite
   * are marked `separated` too; the others are `ok`.
   */
  status: 'ok' | 'separated';
  intercept?: LogisticCoefficient;
  /** In the order of the features. */
  coefficients: LogisticCoefficient[];
  /** What {@link predictLogistic} uses: 0 for an absent intercept and for dropped features. */
  interceptValue: number;
  slopes: Float64Array;
  /** Row-major covariance over `terms`: −1 is the intercept, other numbers are feature indices. */
  covariance: Float64Array;
  terms: number[];
  errors: ErrorKind;
  logLikelihood: number;
  rows: number;
  /** Sum of the weights. */
  n: number;
  /** Clusters, or rows where none were given. */
  clusters: number;
  steps: number;
}

/**
 * Logistic regression of a binary (or soft) outcome by iteratively reweighted least squares with a ridge
 * penalty and, where clusters are given, cluster-robust sandwich standard errors. Stops when every coefficient
 * moves by less than 1e-8, or after 50 steps.
 *
 * A feature with a single value is left out and reported `undefined` (`constant_feature`); with no more clusters
 * than coefficients the sandwich errors collapse, so the coefficients are `undefined` (`too_few`) and only
 * `slopes` has their values. Undefined as a whole:
 * no rows, all outcomes equal while there is an intercept (`one_category`), linearly dependent features
 * without ridge (`singular`), or the step limit (`not_converged`). On separation the ridge fit is returned with
 * status `separated`; a fit asked for with ridge 0 then uses the default ridge.
 *
 * 100,000 rows × 20 features take one to two seconds; the event loop is handed back between steps.
 *
 * @throws RangeError for columns of unequal length or values that are not finite; the signal's reason when aborted.
 */
export async function fitLogistic(
  input: LogisticInput,
  options: LogisticOptions = {},
): Promise<LogisticFit | Undefined> {
  const { ridge = DEFAULT_RIDGE, intercept = true, level = 0.95 } = options;
  assertLevel(level);
  if (!(ridge >= 0)) throw new RangeError(`The ridge penalty must be at least 0, got ${ridge}.`);
  const { design, kept } = createDesign(input, intercept);
  const reason = findProblem(design, kept, intercept);
  if (reason) return undefinedOutcome(reason);
  const { tolerance = 1e-8, maxSteps = 50 } = options;
  const newton = { tolerance, maxSteps, pause: createPause(options.signal), hasIntercept: intercept };
  const start = new Float64Array(design.columns.length);
  const penaltiesOf = (lambda: number): Float64Array =>
    start.map((_, j) => (intercept && j === 0 ? 0 : lambda));
  let fit = await fitNewton(design, start, { ...newton, penalties: penaltiesOf(ridge || DEFAULT_RIDGE) });
  const diverging = await findDiverging(design, fit.beta, newton);
  if (ridge === 0 && !diverging) {
    fit = await fitNewton(design, fit.beta, { ...newton, penalties: penaltiesOf(0) });
  }
  if (fit.ended === 'singular') return undefinedOutcome('singular');
  if (fit.ended === 'step_limit') return undefinedOutcome('not_converged');
  return describeFit(input, { design, fit, kept, diverging, intercept, level, errors: options.errors });
}

/**
 * Fitted probabilities of rows with the given features (same order as in the fit), in (0, 1).
 * @throws RangeError where the number of features differs from that of the fit.
 */
export function predictLogistic(
  fit: Pick<LogisticFit, 'interceptValue' | 'slopes'>,
  features: readonly Float64Array[],
  rows = features[0]?.length ?? 0,
): Float64Array {
  if (features.length !== fit.slopes.length) {
    throw new RangeError(`The fit has ${fit.slopes.length} features, got ${features.length}.`);
  }
  const eta = new Float64Array(rows);
  linearPredictor(features, fit.slopes, eta);
  return eta.map((value) => 1 / (1 + Math.exp(-(value + fit.interceptValue))));
}

function createDesign(input: LogisticInput, intercept: boolean): { design: LogisticDesign; kept: number[] } {
  const outcome = Float64Array.from(input.outcome);
  const rows = outcome.length;
  const weights = input.weights ? Float64Array.from(input.weights) : new Float64Array(rows).fill(1);
  assertColumn('The weights', weights, rows);
  if (weights.some((weight) => weight < 0)) throw new RangeError('A weight is at least 0.');
  assertColumn('The outcome', outcome, rows);
  if (outcome.some((y) => y < 0 || y > 1)) throw new RangeError('An outcome lies in [0, 1].');
  if (input.clusters && input.clusters.length !== rows) {
    throw new RangeError(`Got ${input.clusters.length} cluster ids for ${rows} rows.`);
  }
  for (const [index, column] of input.features.entries()) assertColumn(`Feature ${index}`, column, rows);
  const kept = [...input.features.keys()].filter((index) => {
    const column = input.features[index] ?? outcome;
    const reference = intercept ? (column[weights.findIndex((weight) => weight > 0)] ?? 0) : 0;
    return column.some((value, row) => value !== reference && (weights[row] ?? 0) > 0);
  });
  const columns = kept.map((index) => input.features[index] ?? outcome);
  if (intercept) columns.unshift(new Float64Array(rows).fill(1));
  return { design: { columns, outcome, weights }, kept };
}

function assertColumn(name: string, column: Float64Array, rows: number): void {
  if (column.length !== rows) throw new RangeError(`${name}: ${column.length} values for ${rows} rows.`);
  if (!column.every((value) => Number.isFinite(value))) {
    throw new RangeError(`${name}: every value must be a finite number.`);
  }
}

function findProblem(
  { outcome, weights, columns }: LogisticDesign,
  kept: readonly number[],
  intercept: boolean,
): UndefinedReason | undefined {
  if (!weights.some((weight) => weight > 0)) return 'no_data';
  if (columns.length === 0 || (!intercept && kept.length === 0)) return 'constant_feature';
  if (!intercept) return undefined;
  const isAll = (value: number): boolean => outcome.every((y, row) => weights[row] === 0 || y === value);
  return isAll(0) || isAll(1) ? 'one_category' : undefined;
}

interface FittedModel {
  design: LogisticDesign;
  fit: NewtonFit;
  kept: readonly number[];
  diverging: boolean[] | undefined;
  intercept: boolean;
  level: number;
  errors: 'model' | 'robust' | undefined;
}

function describeFit(input: LogisticInput, model: FittedModel): LogisticFit | Undefined {
  const { design, fit, kept, intercept } = model;
  const order = input.clusters && orderByCluster(input.clusters);
  const covariance = findCovariance(design, fit, order ?? (model.errors === 'robust' ? 'rows' : 'model'));
  if (!covariance) return undefinedOutcome('singular');
  const terms = intercept ? [-1, ...kept] : [...kept];
  const slopes = new Float64Array(input.features.length);
  for (const [position, term] of terms.entries()) if (term >= 0) slopes[term] = fit.beta[position] ?? 0;
  const clusters = order ? order.starts.length - 1 : design.outcome.length;
  const errors: ErrorKind = order ? 'cluster' : (model.errors ?? 'model');
  const describe = (term: number): LogisticCoefficient => {
    const position = terms.indexOf(term);
    if (position < 0) return undefinedOutcome('constant_feature');
    if (errors !== 'model' && clusters <= terms.length) return undefinedOutcome('too_few');
    return describeCoefficient(model, covariance, position);
  };
  return {
    status: model.diverging ? 'separated' : 'ok',
    ...(intercept ? { intercept: describe(-1) } : {}),
    coefficients: input.features.map((_, index) => describe(index)),
    interceptValue: intercept ? (fit.beta[0] ?? 0) : 0,
    slopes,
    covariance,
    terms,
    errors,
    logLikelihood: fit.logLikelihood,
    rows: design.outcome.length,
    n: design.weights.reduce((sum, weight) => sum + weight, 0),
    clusters,
    steps: fit.steps,
  };
}

function describeCoefficient(
  { fit, diverging, level }: FittedModel,
  covariance: Float64Array,
  position: number,
): LogisticCoefficient {
  const estimate = fit.beta[position] ?? Number.NaN;
  if (diverging?.[position]) return { status: 'separated', estimate };
  const variance = covariance[position * fit.beta.length + position] ?? Number.NaN;
  if (!(variance > 0)) return undefinedOutcome('zero_variance');
  const standardError = Math.sqrt(variance);
  const z = estimate / standardError;
  const half = normalCritical(level) * standardError;
  return {
    status: 'ok',
    estimate,
    standardError,
    z,
    p: normalTwoSidedP(z),
    lower: estimate - half,
    upper: estimate + half,
    level,
  };
}
