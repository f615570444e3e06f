import { normalCritical } from './normal.ts';
import { assertLevel, undefinedOutcome } from './outcome.ts';
import type { Interval, Outcome } from './outcome.ts';

/** How much a disagreement counts: not at all graded, or by (squared) distance between ordered categories. */
export type KappaWeights = 'identity' | 'linear' | 'quadratic';

export interface KappaEstimate {
  kappa: number;
  /** Observed (weighted) share of agreement. */
  observed: number;
  /** Share of agreement expected from the two raters' marginals. */
  expected: number;
  n: number;
  /** Absent where the large-sample variance is 0 (agreement complete or nil): it would claim certainty. */
  error?: Interval & { standardError: number };
}

/**
 * Cohen's kappa of two raters, (po − pe)/(1 − pe), from their contingency table, and weighted kappa for
 * ordered categories with agreement weights 1 − |i−j|/(k−1) (`linear`) or 1 − (i−j)²/(k−1)² (`quadratic`).
 *
 * Large-sample standard error of J. L. Fleiss, J. Cohen & B. S. Everitt (1969), Psychol. Bull. 72:
 * Var = [Σ p_ij (w_ij(1−pe) − (w̄_i. + w̄_.j)(1−po))² − (po·pe − 2pe + po)²] / (n(1−pe)⁴), with
 * w̄_i. = Σ_j w_ij p_.j and w̄_.j = Σ_i w_ij p_i..
 *
 * Undefined without rows, or where both raters use one and the same category (pe = 1).
 *
 * @param table Square counts (may be weighted): `table[i][j]` items rated i by the first, j by the second.
 */
export function cohenKappa(
  table: readonly ArrayLike<number>[],
  options: { weights?: KappaWeights; level?: number } = {},
): Outcome<KappaEstimate> {
  const { weights = 'identity', level = 0.95 } = options;
  assertLevel(level);
  const parts = agreementParts(flatten(table), table.length, weights);
  if (!parts) return undefinedOutcome('no_data');
  const { observed, expected, n } = parts;
  if (expected > 1 - 1e-12) return undefinedOutcome('one_category');
  const kappa = (observed - expected) / (1 - expected);
  const estimate: Outcome<KappaEstimate> = { status: 'ok', kappa, observed, expected, n };
  const variance = kappaVariance(parts);
  if (variance < 1e-14 / n) return estimate;
  const standardError = Math.sqrt(variance);
  const half = normalCritical(level) * standardError;
  return { ...estimate, error: { standardError, lower: kappa - half, upper: kappa + half, level } };
}

/** {@link cohenKappa} of a flat row-major table, NaN where undefined: the statistic function of a bootstrap. */
export function kappaOfTotals(
  totals: ArrayLike<number>,
  categories: number,
  weights: KappaWeights = 'identity',
): number {
  const parts = agreementParts(Float64Array.from(totals), categories, weights);
  if (!parts || parts.expected > 1 - 1e-12) return Number.NaN;
  return (parts.observed - parts.expected) / (1 - parts.expected);
}

/**
 * Contingency table of two raters' answers: `table[i][j]` counts items rated `categories[i]` by the first and
 * `categories[j]` by the second. Items whose answer is in neither list position (missing, invalid) are left
 * out by either rater.
 *
 * @throws RangeError for answer lists of unequal length.
 */
export function tabulateAnswers<T>(
  first: readonly T[],
  second: readonly T[],
  categories: readonly T[],
): number[][] {
  if (first.length !== second.length) {
    throw new RangeError(`The raters answered ${first.length} and ${second.length} items.`);
  }
  const position = new Map(categories.map((category, index) => [category, index]));
  const table = categories.map(() => categories.map(() => 0));
  for (const [item, answer] of first.entries()) {
    const row = table[position.get(answer) ?? -1];
    const column = position.get(second[item] as T);
    if (row && column !== undefined) row[column] = (row[column] ?? 0) + 1;
  }
  return table;
}

/** Kappa with the chance level fixed at one half, 2(accuracy − 0.5), in [−1, 1]: for labels whose order was randomised. */
export function adjustedKappa(accuracy: number): number {
  return 2 * (accuracy - 0.5);
}

interface AgreementParts {
  shares: Float64Array;
  weight: (i: number, j: number) => number;
  rowMeans: number[];
  columnMeans: number[];
  observed: number;
  expected: number;
  n: number;
}

function agreementParts(
  counts: Float64Array,
  categories: number,
  weights: KappaWeights,
): AgreementParts | undefined {
  const n = counts.reduce((sum, count) => sum + count, 0);
  if (!(n > 0)) return undefined;
  const shares = counts.map((count) => count / n);
  const indices = Array.from({ length: categories }, (_, index) => index);
  const share = (i: number, j: number): number => shares[i * categories + j] ?? 0;
  const rows = indices.map((i) => indices.reduce((sum, j) => sum + share(i, j), 0));
  const columns = indices.map((j) => indices.reduce((sum, i) => sum + share(i, j), 0));
  const weight = agreementWeight(weights, categories);
  const rowMeans = indices.map((i) => indices.reduce((sum, j) => sum + weight(i, j) * (columns[j] ?? 0), 0));
  const columnMeans = indices.map((j) => indices.reduce((sum, i) => sum + weight(i, j) * (rows[i] ?? 0), 0));
  const observed = indices.reduce(
    (sum, i) => sum + indices.reduce((part, j) => part + weight(i, j) * share(i, j), 0),
    0,
  );
  const expected = indices.reduce((sum, i) => sum + (rows[i] ?? 0) * (rowMeans[i] ?? 0), 0);
  return { shares, weight, rowMeans, columnMeans, observed, expected, n };
}

function agreementWeight(weights: KappaWeights, categories: number): (i: number, j: number) => number {
  const span = Math.max(1, categories - 1);
  if (weights === 'linear') return (i, j) => 1 - Math.abs(i - j) / span;
  if (weights === 'quadratic') return (i, j) => 1 - ((i - j) / span) ** 2;
  return (i, j) => (i === j ? 1 : 0);
}

function kappaVariance(parts: AgreementParts): number {
  const { shares, weight, rowMeans, columnMeans, observed, expected, n } = parts;
  const categories = rowMeans.length;
  let sum = 0;
  for (const [cell, share] of shares.entries()) {
    const i = Math.floor(cell / categories);
    const j = cell % categories;
    const chance = (rowMeans[i] ?? 0) + (columnMeans[j] ?? 0);
    sum += share * (weight(i, j) * (1 - expected) - chance * (1 - observed)) ** 2;
  }
  const shift = observed * expected - 2 * expected + observed;
  return Math.max(0, sum - shift * shift) / (n * (1 - expected) ** 4);
}

function flatten(table: readonly ArrayLike<number>[]): Float64Array {
  const flat = new Float64Array(table.length * table.length);
  for (const [i, row] of table.entries()) {
    if (row.length !== table.length) throw new RangeError('A kappa table has as many columns as rows.');
    for (let j = 0; j < row.length; j++) {
      const count = row[j] ?? Number.NaN;
      if (!(count >= 0)) throw new RangeError(`A count is at least 0, got ${count}.`);
      flat[i * table.length + j] = count;
    }
  }
  return flat;
}
