import { logGamma } from './gamma.ts';

/**
 * Fisher's exact test of a 2×2 table [[a, b], [c, d]], two-sided by the minimum-likelihood rule: the summed probability
 * of every table with the same margins that is no more likely than the observed one (as R's `fisher.test`).
 * @throws RangeError for counts that are negative or fractional.
 */
export function fisherExact(table: readonly [number, number, number, number]): number {
  const [a, b, c, d] = table;
  if (table.some((count) => !Number.isInteger(count) || count < 0))
    throw new RangeError(`A 2×2 table holds whole numbers of at least 0, got ${table.join(', ')}.`);
  const [row, column, total] = [a + b, a + c, a + b + c + d];
  const choose = (n: number, k: number) => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  const logOf = (x: number) => choose(row, x) + choose(total - row, column - x) - choose(total, column);
  const observed = logOf(a);
  let p = 0;
  for (let x = Math.max(0, row + column - total); x <= Math.min(row, column); x++) {
    const value = logOf(x);
    if (value <= observed + 1e-7) p += Math.exp(value);
  }
  return Math.min(1, p);
}
