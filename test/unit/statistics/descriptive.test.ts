import { describe, expect, it } from 'vitest';
import {
  mean,
  meanInterval,
  quantile,
  standardDeviation,
  variance,
} from '../../../electron/core/statistics/descriptive.ts';
import {
  findCholesky,
  invertCholesky,
  sandwich,
  solveCholesky,
} from '../../../electron/core/statistics/linear-algebra.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';

describe('descriptive statistics', () => {
  it('population sd of (1, −.5, .1) is .6164, the sample one is larger (audit specification B1)', () => {
    expect(mean([1, -0.5, 0.1])).toBeCloseTo(0.2, 12);
    expect(standardDeviation([1, -0.5, 0.1], true)).toBeCloseTo(0.6164, 4);
    expect(variance([1, -0.5, 0.1])).toBeCloseTo(1.14 / 2, 12);
  });

  it('has no mean of nothing and no variance of one value, rather than 0', () => {
    expect(mean([])).toBeNaN();
    expect(variance([3])).toBeNaN();
    expect(variance([3], true)).toBe(0);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('quantile interpolates as R type 7: first quartile of 1, 2, 3, 4 is 1.75, order does not matter', () => {
    const values = [4, 1, 3, 2];
    expect(quantile(values, 0.25)).toBe(1.75);
    expect(quantile(values, 0.5)).toBe(2.5);
    expect(quantile(values, 1)).toBe(4);
    expect(quantile(values, 0)).toBe(1);
    expect(values).toEqual([4, 1, 3, 2]);
    expect(() => quantile(values, 1.1)).toThrow(RangeError);
  });

  it('questions .47, .20, .35 give mean .34, SE .0781, t interval ±.336 (audit specification F2)', () => {
    const outcome = meanInterval([0.47, 0.2, 0.35]);
    if (outcome.status === 'undefined') throw new Error(outcome.reason);
    expect(outcome.mean).toBeCloseTo(0.34, 10);
    expect(outcome.standardError).toBeCloseTo(0.0781, 4);
    expect(outcome.upper - outcome.mean).toBeCloseTo(0.336, 3);
  });

  it('meanInterval is undefined below two values and where all are equal', () => {
    expect(meanInterval([])).toMatchObject({ reason: 'no_data' });
    expect(meanInterval([1])).toMatchObject({ reason: 'too_few' });
    expect(meanInterval([2, 2, 2])).toMatchObject({ reason: 'zero_variance' });
  });
});

describe('Cholesky', () => {
  it('factors the textbook matrix 4,12,−16; 12,37,−43; −16,−43,98 into 2; 6,1; −8,5,3', () => {
    const matrix = Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98);
    expect([...(findCholesky(matrix, 3) ?? [])]).toEqual([2, 0, 0, 6, 1, 0, -8, 5, 3]);
  });

  it.each([91, 92])('solve and inverse undo a random positive definite matrix (seed %i)', (seed) => {
    const random = createRandom(seed);
    const size = 7;
    const root = Float64Array.from({ length: size * size }, () => random.nextNormal());
    const matrix = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        for (let k = 0; k < size; k++) {
          matrix[i * size + j] =
            (matrix[i * size + j] ?? 0) + (root[i * size + k] ?? 0) * (root[j * size + k] ?? 0);
        }
      }
      matrix[i * size + i] = (matrix[i * size + i] ?? 0) + 0.5;
    }
    const factor = findCholesky(matrix, size);
    if (!factor) throw new Error('not positive definite');
    const x = Array.from({ length: size }, () => random.nextNormal());
    const right = x.map((_, i) => x.reduce((sum, value, j) => sum + (matrix[i * size + j] ?? 0) * value, 0));
    for (const [i, value] of solveCholesky(factor, size, right).entries())
      expect(value).toBeCloseTo(x[i] ?? 0, 9);
    const inverse = invertCholesky(factor, size);
    const restored = sandwich(inverse, matrix, size);
    for (const [cell, value] of restored.entries()) expect(value).toBeCloseTo(inverse[cell] ?? 0, 8);
  });

  it('reports an indefinite or rank-deficient matrix instead of returning NaN', () => {
    expect(findCholesky(Float64Array.of(1, 2, 2, 1), 2)).toBeUndefined();
    expect(findCholesky(Float64Array.of(1, 1, 1, 1), 2)).toBeUndefined();
    expect(findCholesky(Float64Array.of(0), 1)).toBeUndefined();
  });
});
