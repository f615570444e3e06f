import { fitNewton, linearPredictor } from './logistic-newton.ts';
import type { LogisticDesign, NewtonOptions } from './logistic-newton.ts';

/** Successive ridge penalties, in units of the mean square of each column. */
const PROBES = [1e-3, 1e-5, 1e-7] as const;
/** Where the maximum exists, a hundredfold smaller penalty barely moves any fitted log-odds. */
const SMALL_MOVE = 0.2;
/** How far, relative to the largest move, a row may move the wrong way and count as not moving. */
const SLACK = 2e-3;

/**
 * Finds out whether the unpenalised maximum-likelihood estimate does not exist because some direction d of the
 * coefficients predicts every row perfectly or not at all: (2y_i − 1)·x_iᵀd ≥ 0 for all rows, > 0 for one
 * (complete or quasi-complete separation; A. Albert & J. A. Anderson 1984, Biometrika 71).
 *
 * As the ridge penalty shrinks, the penalised estimate then runs off along such a direction by about ln 100 per
 * hundredfold, whereas otherwise it settles. So the problem is refitted at three shrinking penalties, and the
 * last move is checked against the definition.
 *
 * @returns Undefined where the estimate exists; else, per column, whether its coefficient runs off. The others
 *   have a finite limit, the estimate from the rows that are not predicted perfectly.
 */
export async function findDiverging(
  design: LogisticDesign,
  start: Float64Array,
  options: Omit<NewtonOptions, 'penalties'> & { hasIntercept: boolean },
): Promise<boolean[] | undefined> {
  const rows = design.outcome.length;
  const squares = design.columns.map((column) => column.reduce((sum, x) => sum + x * x, 0) / rows);
  const move = new Float64Array(rows);
  let drift = new Float64Array(start.length);
  let previous: Float64Array | undefined;
  let beta = start;
  for (const probe of PROBES) {
    const penalties = Float64Array.from(squares, (square, j) =>
      j === 0 && options.hasIntercept ? 0 : probe * square,
    );
    const fit = await fitNewton(design, beta, { ...options, penalties });
    beta = fit.beta;
    if (previous) {
      const before = previous;
      drift = Float64Array.from(beta, (value, j) => value - (before[j] ?? 0));
      linearPredictor(design.columns, drift, move);
      if (move.every((value) => Math.abs(value) < SMALL_MOVE)) return undefined;
    }
    previous = beta;
  }
  if (!separatesRows(design, move)) return undefined;
  return design.columns.map((column, j) => {
    const reach = column.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
    return Math.abs(drift[j] ?? 0) * reach > SMALL_MOVE;
  });
}

function separatesRows({ outcome, weights }: LogisticDesign, move: Float64Array): boolean {
  let largest = 0;
  let wrong = 0;
  for (let i = 0; i < move.length; i++) {
    if (weights[i] === 0) continue;
    const y = outcome[i] ?? 0;
    const value = move[i] ?? 0;
    const margin = y === 1 ? value : y === 0 ? -value : -Math.abs(value);
    largest = Math.max(largest, margin);
    wrong = Math.max(wrong, -margin);
  }
  return largest > SMALL_MOVE && wrong <= SLACK * largest;
}
