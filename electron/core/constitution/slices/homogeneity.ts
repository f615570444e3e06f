import { incompleteBeta } from '../../statistics/gamma.ts';

/** Estimates of one quantity in several groups, with their covariance over the clusters they share. */
export interface GroupEstimates {
  readonly estimates: readonly number[];
  /** Row-major, groups × groups. */
  readonly covariance: Float64Array;
  /** Clusters (prompts) of each group. */
  readonly clusters: readonly number[];
}

export interface HomogeneityTest {
  readonly groups: number;
  readonly f: number;
  readonly df1: number;
  readonly df2: number;
  readonly p: number;
}

/** P(F ≥ f) of an F distribution: I_{d2/(d2 + d1·f)}(d2/2, d1/2) (Abramowitz & Stegun 26.6.2). */
export function fUpperTail(f: number, df1: number, df2: number): number {
  if (!(f > 0)) return 1;
  const x = df2 / (df2 + df1 * f);
  return incompleteBeta(x, df2 / 2, df1 / 2, (df1 * f) / (df2 + df1 * f));
}

/**
 * Test that all groups have the same value. Q = Σ w_g (θ_g − θ̄)² with w_g = 1/V_gg; its mean and variance under
 * equality follow from the covariance (tr AV, 2 tr AVAV with A = D − D11ᵀD/1ᵀD1), and Satterthwaite's scaled χ² stands
 * for it, so groups may share prompts. Few prompts in a group are allowed for as B. L. Welch (1951, Biometrika 38) does;
 * where no prompt is in two groups this is Welch's test itself. Undefined for fewer than two groups, or without variance.
 */
export function findHomogeneityTest(input: GroupEstimates): HomogeneityTest | undefined {
  const { estimates, covariance, clusters } = input;
  const size = estimates.length;
  const at = (row: number, column: number) => covariance[row * size + column] ?? Number.NaN;
  if (size < 2 || estimates.some((_, g) => !(at(g, g) > 0))) return undefined;
  const weights = estimates.map((_, g) => 1 / at(g, g));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = estimates.reduce((sum, value, g) => sum + (weights[g] ?? 0) * value, 0) / total;
  const q = estimates.reduce((sum, value, g) => sum + (weights[g] ?? 0) * (value - mean) ** 2, 0);
  const product = new Float64Array(size * size);
  for (let column = 0; column < size; column++) {
    let pooled = 0;
    for (let k = 0; k < size; k++) pooled += (weights[k] ?? 0) * at(k, column);
    for (let row = 0; row < size; row++)
      product[row * size + column] = (weights[row] ?? 0) * (at(row, column) - pooled / total);
  }
  let trace = 0;
  let squared = 0;
  for (let row = 0; row < size; row++) {
    trace += product[row * size + row] ?? 0;
    for (let column = 0; column < size; column++)
      squared += (product[row * size + column] ?? 0) * (product[column * size + row] ?? 0);
  }
  if (!(trace > 1e-9) || !(squared > 0)) return undefined;
  const lambda = weights.reduce(
    (sum, weight, g) => sum + (1 - weight / total) ** 2 / Math.max(1, (clusters[g] ?? 0) - 1),
    0,
  );
  const f = q / trace / (1 + ((2 * (size - 2)) / (size ** 2 - 1)) * lambda);
  const df1 = trace ** 2 / squared;
  const df2 = (size ** 2 - 1) / (3 * lambda);
  return { groups: size, f, df1, df2, p: fUpperTail(f, df1, df2) };
}
