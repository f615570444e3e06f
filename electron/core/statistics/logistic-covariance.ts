import { findCholesky, invertCholesky, sandwich } from './linear-algebra.ts';
import type { LogisticDesign, NewtonFit } from './logistic-newton.ts';

/** What the standard errors assume: a true model with independent rows, independent rows, or independent clusters. */
export type ErrorKind = 'model' | 'robust' | 'cluster';

/** Rows ordered by cluster: cluster g holds `rows[starts[g]]` up to, not including, `rows[starts[g + 1]]`. */
export interface ClusterOrder {
  rows: Uint32Array;
  starts: Uint32Array;
}

/** Groups row numbers by cluster id (any whole numbers) with a counting sort. */
export function orderByCluster(ids: ArrayLike<number>): ClusterOrder {
  const codes = new Map<number, number>();
  const codeOf = new Uint32Array(ids.length);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row] ?? Number.NaN;
    let code = codes.get(id);
    if (code === undefined) {
      code = codes.size;
      codes.set(id, code);
    }
    codeOf[row] = code;
  }
  const starts = new Uint32Array(codes.size + 1);
  for (const code of codeOf) starts[code + 1] = (starts[code + 1] ?? 0) + 1;
  for (let code = 0; code < codes.size; code++)
    starts[code + 1] = (starts[code + 1] ?? 0) + (starts[code] ?? 0);
  const next = starts.slice();
  const rows = new Uint32Array(ids.length);
  for (const [row, code] of codeOf.entries()) {
    const position = next[code] ?? 0;
    rows[position] = row;
    next[code] = position + 1;
  }
  return { rows, starts };
}

/**
 * Covariance of the coefficients. With A the penalised information: `model` A⁻¹; `robust` A⁻¹ (Σ w_i r_i² x_i
 * x_iᵀ) A⁻¹ (White's HC0, each row an independent observation counted w_i times); `cluster` A⁻¹ (Σ_g s_g s_gᵀ)
 * A⁻¹ with s_g = Σ_{i in g} w_i r_i x_i (Liang & Zeger 1986). No small-sample factor is applied: with one row
 * per cluster and unit weights `cluster` equals `robust`.
 *
 * @returns Row-major matrix, or undefined where the information is singular.
 */
export function findCovariance(
  design: LogisticDesign,
  fit: NewtonFit,
  clusters: ClusterOrder | 'rows' | 'model',
): Float64Array | undefined {
  const size = fit.beta.length;
  const factor = findCholesky(fit.information, size);
  if (!factor) return undefined;
  const bread = invertCholesky(factor, size);
  if (clusters === 'model') return bread;
  const meat = clusters === 'rows' ? rowMeat(design, fit) : clusterMeat(design, fit, clusters);
  return sandwich(bread, meat, size);
}

function rowMeat({ columns, weights }: LogisticDesign, { residuals }: NewtonFit): Float64Array {
  const meat = new Float64Array(columns.length ** 2);
  const score = new Float64Array(columns.length);
  for (let row = 0; row < residuals.length; row++) {
    const scale = Math.sqrt(weights[row] ?? 0) * (residuals[row] ?? 0);
    for (const [j, column] of columns.entries()) score[j] = scale * (column[row] ?? 0);
    addOuter(meat, score);
  }
  return meat;
}

function clusterMeat(
  { columns, weights }: LogisticDesign,
  { residuals }: NewtonFit,
  { rows, starts }: ClusterOrder,
): Float64Array {
  const meat = new Float64Array(columns.length ** 2);
  const score = new Float64Array(columns.length);
  for (let g = 0; g + 1 < starts.length; g++) {
    score.fill(0);
    for (let position = starts[g] ?? 0; position < (starts[g + 1] ?? 0); position++) {
      const row = rows[position] ?? 0;
      const scale = (weights[row] ?? 0) * (residuals[row] ?? 0);
      for (let j = 0; j < columns.length; j++) {
        score[j] = (score[j] ?? 0) + scale * (columns[j]?.[row] ?? 0);
      }
    }
    addOuter(meat, score);
  }
  return meat;
}

function addOuter(matrix: Float64Array, vector: Float64Array): void {
  const size = vector.length;
  for (let i = 0; i < size; i++) {
    const scale = vector[i] ?? 0;
    for (let j = 0; j < size; j++) {
      matrix[i * size + j] = (matrix[i * size + j] ?? 0) + scale * (vector[j] ?? 0);
    }
  }
}
