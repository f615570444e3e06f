import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { findFactors, listExtremes } from '../../../electron/core/constitution/directions/factors.ts';

const rows = 400;
const dimensions = 24;

/** Noise of size 1 everywhere, and an axis of size 6 along (e₃ + e₇)/√2 on which 80 % of the chosen have more. */
function plantAxis(seed: number) {
  const random = createRandom(seed);
  const matrix = new Float32Array(rows * dimensions);
  const planted = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const along = 6 * (random.next() < 0.8 ? 1 : -1) * (0.5 + random.next());
    planted[row] = along;
    for (let k = 0; k < dimensions; k++)
      matrix[row * dimensions + k] = random.nextNormal() + (k === 3 || k === 7 ? along / Math.SQRT2 : 0);
  }
  return { differences: { rows, dimensions, matrix }, planted };
}

describe('contrast directions', () => {
  it('recovers a planted axis, turned to the chosen side, with its share of the variance', async () => {
    const { differences, planted } = plantAxis(1);
    const [first] = await findFactors(differences, { method: 'pca', count: 3, seed: 1 });
    const cosine = ((first?.vector[3] ?? 0) + (first?.vector[7] ?? 0)) / Math.SQRT2;
    expect(cosine).toBeGreaterThan(0.98);
    // E[along²] = 36·(1 + 1/12) = 39, plus 1 of noise along it, of 39 + 24 in all: 0.635.
    expect(first?.variance).toBeGreaterThan(0.58);
    expect(first?.variance).toBeLessThan(0.69);
    const extremes = listExtremes(
      first ?? { projections: planted, members: [] },
      planted.map((_, row) => row),
      10,
    );
    const sizes = Array.from(planted, Math.abs).sort((left, right) => right - left);
    for (const row of extremes) expect(Math.abs(planted[row] ?? 0)).toBeGreaterThan(sizes[200] ?? 0);
  });

  it('gives directions at right angles, largest first, and the same ones for the same seed', async () => {
    const { differences } = plantAxis(2);
    const options = { method: 'pca', count: 5, seed: 9 } as const;
    const found = await findFactors(differences, options);
    const again = await findFactors(differences, options);
    expect(again.map(({ vector }) => [...vector])).toEqual(found.map(({ vector }) => [...vector]));
    expect(found.map((one) => one.variance)).toEqual(found.map((one) => one.variance).sort((a, b) => b - a));
    for (const [i, left] of found.entries())
      for (const right of found.slice(i + 1))
        expect(
          Math.abs(left.vector.reduce((sum, value, k) => sum + value * (right.vector[k] ?? 0), 0)),
        ).toBeLessThan(1e-6);
  });

  it('k-means separates two kinds of choice that PCA would put on two axes', async () => {
    const random = createRandom(4);
    const matrix = new Float32Array(200 * 8);
    for (let row = 0; row < 200; row++)
      for (let k = 0; k < 8; k++)
        matrix[row * 8 + k] = 0.2 * random.nextNormal() + (k === (row < 120 ? 0 : 1) ? 3 : 0);
    const found = await findFactors(
      { rows: 200, dimensions: 8, matrix },
      { method: 'kmeans', count: 2, seed: 1 },
    );
    expect(found.map((one) => one.variance)).toEqual([0.6, 0.4]);
    expect(found[0]?.vector[0]).toBeGreaterThan(0.98);
    expect(found[1]?.vector[1]).toBeGreaterThan(0.98);
  });

  it('shows at most one pair of a prompt among the extremes', () => {
    const projections = Float64Array.of(9, 8, 7, -6, 5);
    expect(listExtremes({ projections, members: [0, 1, 2, 3, 4] }, [1, 1, 2, 3, 3], 4)).toEqual([0, 2, 3]);
  });
});
