import { undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { studentCritical } from './student.ts';

/** Loss (or error) reached with n rows. */
export interface CurvePoint {
  readonly n: number;
  readonly loss: number;
}

/** loss(n) = a·n^(−b) + floor. */
export interface LearningCurve {
  a: number;
  b: number;
  floor: number;
  /** Of the line in ln n, for intervals; 0 with a pooled slope or an exact fit. */
  residualError: number;
  meanLogN: number;
  /** Σ (ln n − mean)². */
  spread: number;
  points: number;
}

const floorSteps = 400;

/**
 * Fits loss = a·n^(−b) + floor: for each floor of a grid over [0, lowest loss), least squares in log space; the floor
 * with the smallest squared error of the loss itself wins (our design). Undefined below three points (`too_few`), for a
 * single n (`singular`), or where the loss does not fall with n (`not_converged`).
 *
 * @param points n ≥ 1, loss > 0.
 */
export function fitLearningCurve(points: readonly CurvePoint[]): Outcome<LearningCurve> {
  if (points.length < 3) return undefinedOutcome('too_few');
  const lowest = Math.min(...points.map((point) => point.loss));
  let best: { curve: LearningCurve; error: number } | undefined;
  for (let step = 0; step < floorSteps; step++) {
    const curve = fitAtFloor(points, (lowest * step) / floorSteps);
    if (!curve) return undefinedOutcome('singular');
    const error = points.reduce((sum, point) => sum + (predictLoss(curve, point.n) - point.loss) ** 2, 0);
    if (!best || error < best.error * (1 - 1e-9) - 1e-24) best = { curve, error };
  }
  if (!best || !(best.curve.b > 0)) return undefinedOutcome('not_converged');
  return { status: 'ok', ...best.curve };
}

function fitAtFloor(points: readonly CurvePoint[], floor: number): LearningCurve | undefined {
  const n = points.length;
  const x = points.map((point) => Math.log(point.n));
  const y = points.map((point) => Math.log(point.loss - floor));
  const meanX = x.reduce((sum, value) => sum + value, 0) / n;
  const meanY = y.reduce((sum, value) => sum + value, 0) / n;
  const spread = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  if (!(spread > 0)) return undefined;
  const slope = x.reduce((sum, value, i) => sum + (value - meanX) * ((y[i] ?? 0) - meanY), 0) / spread;
  const squares = x.reduce((sum, value, i) => sum + ((y[i] ?? 0) - meanY - slope * (value - meanX)) ** 2, 0);
  return {
    a: Math.exp(meanY - slope * meanX),
    b: -slope,
    floor,
    residualError: Math.sqrt(squares / (n - 2)),
    meanLogN: meanX,
    spread,
    points: n,
  };
}

/** The curve through one or two points with a slope taken from other groups and no floor. Undefined without a point. */
export function fitWithSlope(points: readonly CurvePoint[], b: number): Outcome<LearningCurve> {
  if (points.length === 0) return undefinedOutcome('no_data');
  if (!(b > 0)) return undefinedOutcome('not_converged');
  const logs = points.map((point) => Math.log(point.loss) + b * Math.log(point.n));
  const a = Math.exp(logs.reduce((sum, value) => sum + value, 0) / logs.length);
  const meanLogN = points.reduce((sum, point) => sum + Math.log(point.n), 0) / points.length;
  return {
    status: 'too_small',
    a,
    b,
    floor: 0,
    residualError: 0,
    meanLogN,
    spread: 0,
    points: points.length,
  };
}

/** a·n^(−b) + floor; infinite at n = 0. */
export function predictLoss(curve: Pick<LearningCurve, 'a' | 'b' | 'floor'>, n: number): number {
  return curve.a * n ** -curve.b + curve.floor;
}

/**
 * Interval of the predicted loss: the t interval of the line in log space, carried over. Undefined where the fit
 * has no residual to judge by (`zero_variance`: a pooled slope, or points exactly on a curve). The floor counts as known,
 * so it errs on the narrow side.
 */
export function predictLossInterval(
  curve: LearningCurve,
  n: number,
  level = 0.95,
): Outcome<{ lower: number; upper: number }> {
  if (!(curve.residualError > 1e-9) || curve.spread === 0) return undefinedOutcome('zero_variance');
  const reach =
    studentCritical(level, curve.points - 2) *
    curve.residualError *
    Math.sqrt(1 / curve.points + (Math.log(n) - curve.meanLogN) ** 2 / curve.spread);
  const above = predictLoss(curve, n) - curve.floor;
  return {
    status: 'ok',
    lower: curve.floor + above * Math.exp(-reach),
    upper: curve.floor + above * Math.exp(reach),
  };
}
