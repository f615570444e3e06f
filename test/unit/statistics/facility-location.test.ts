import { describe, expect, it } from 'vitest';
import { chooseFacilities } from '../../../electron/core/statistics/facility-location.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';

const from = (matrix: number[][]) => ({ similarity: (i: number, j: number) => matrix[i]?.[j] ?? 0 });

/** Plain greedy without a queue. */
function greedyValue(matrix: number[][], size: number): number {
  const served = matrix.map(() => 0);
  for (let taken = 0; taken < size; taken++) {
    const gains = matrix.map((_, j) =>
      matrix.reduce((sum, row, i) => sum + Math.max(0, (row[j] ?? 0) - (served[i] ?? 0)), 0),
    );
    const best = gains.indexOf(Math.max(...gains));
    matrix.forEach((row, i) => (served[i] = Math.max(served[i] ?? 0, row[best] ?? 0)));
  }
  return served.reduce((sum, value) => sum + value, 0);
}

function bestValue(matrix: number[][], size: number): number {
  let best = 0;
  for (let set = 0; set < 2 ** matrix.length; set++) {
    const members = matrix.map((_, j) => j).filter((j) => (set >> j) & 1);
    if (members.length !== size) continue;
    const value = matrix.reduce((sum, row) => sum + Math.max(0, ...members.map((j) => row[j] ?? 0)), 0);
    best = Math.max(best, value);
  }
  return best;
}

describe('chooseFacilities', () => {
  it('sims (1,.9,.1;.9,1,.2;.1,.2,1), K=2 chooses items 2 and 3, value 2.9 (audit specification C7)', async () => {
    const matrix = [[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]]; // prettier-ignore
    const choice = await chooseFacilities(3, 2, from(matrix));
    expect(choice.chosen).toEqual([1, 2]);
    expect(choice.value).toBeCloseTo(2.9, 12);
  });

  it('lazy evaluation gives the value of plain greedy, gains never rise, and at least 63 % of the optimum (40 random matrices, seed 5)', async () => {
    const random = createRandom(5);
    for (let round = 0; round < 40; round++) {
      const n = 4 + random.nextBelow(5);
      const matrix = Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => (i === j ? 1 : random.next() * 1.2 - 0.2)),
      );
      const size = 1 + random.nextBelow(n - 1);
      const choice = await chooseFacilities(n, size, from(matrix));
      expect(choice.value).toBeCloseTo(greedyValue(matrix, size), 9);
      expect(choice.value).toBeGreaterThanOrEqual(0.63 * bestValue(matrix, size));
      expect(choice.gains.every((gain, i) => i === 0 || gain <= (choice.gains[i - 1] ?? 0) + 1e-12)).toBe(
        true,
      );
      expect(new Set(choice.chosen).size).toBe(size);
    }
  });

  it('stops when aborted', async () => {
    const options = { ...from([[1]]), signal: AbortSignal.abort(new Error('enough')) };
    await expect(chooseFacilities(1, 1, options)).rejects.toThrow('enough');
  });
});
