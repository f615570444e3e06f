import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { normalCdf } from '../../../electron/core/statistics/normal.ts';
import { compareAuc, computeAuc } from '../../../electron/core/constitution/ceiling/auc.ts';
import {
  type Differences,
  fitProbe,
  fitProbeByFolds,
  scoreDifferences,
  takeDifferences,
} from '../../../electron/core/constitution/ceiling/probe.ts';

/** Differences from N(μ e₁, I): the best linear rule has AUC Φ(√2·μ). */
function drawGaussian(rows: number, dimensions: number, shift: number, seed: number): Differences {
  const random = createRandom(seed);
  const matrix = Float32Array.from(
    { length: rows * dimensions },
    (_, index) => random.nextNormal() + (index % dimensions === 0 ? shift : 0),
  );
  return { rows, dimensions, matrix };
}

describe('AUC of signed differences', () => {
  it('is the average over all ways to turn the pairs, by hand on three rows', () => {
    // Scores 2, 1, −1.5: s_i > −s_j for ordered i ≠ j: (2,1) both ways, (2,−1.5) both ways; (1,−1.5) not: 4 of 6.
    expect(computeAuc([2, 1, -1.5])).toBeCloseTo(4 / 6, 12);
    // Ties count one half: (1, −1) both ways are draws.
    expect(computeAuc([1, -1])).toBeCloseTo(0.5, 12);
    expect(computeAuc([0, 0, 0])).toBeCloseTo(0.5, 12);
    expect(computeAuc([3, 1, 2])).toBe(1);
  });

  it('equals the ordinary AUC with drawn signs on average (a sign error would give 1 − AUC)', () => {
    const random = createRandom(2);
    const scores = Array.from({ length: 40 }, () => random.nextNormal() + 0.5);
    let sum = 0;
    for (let draw = 0; draw < 400; draw++) {
      const turned = scores.map((score) => {
        const sign = random.next() < 0.5 ? 1 : -1;
        return { score: sign * score, sign };
      });
      const positive = turned.filter((one) => one.sign === 1);
      const negative = turned.filter((one) => one.sign === -1);
      let right = 0;
      for (const one of positive) for (const other of negative) right += one.score > other.score ? 1 : 0;
      sum += right / (positive.length * negative.length);
    }
    expect(computeAuc(scores)).toBeCloseTo(sum / 400, 1);
  });
});

describe('the linear probe', () => {
  it('has a gradient of zero where it stops (a wrong penalty or sign would leave one)', async () => {
    const data = drawGaussian(200, 5, 0.8, 1);
    const penalty = 3;
    const weights = await fitProbe(data, { penalty });
    const margins = scoreDifferences(data, weights);
    for (let k = 0; k < 5; k++) {
      let gradient = penalty * (weights[k] ?? 0);
      for (let row = 0; row < 200; row++)
        gradient -= (data.matrix[row * 5 + k] ?? 0) / (1 + Math.exp(margins[row] ?? 0));
      expect(Math.abs(gradient)).toBeLessThan(1e-2);
    }
  });

  it('reaches the best AUC of Gaussian differences, and its interval covers that over seeds', async () => {
    const shift = 0.6;
    const best = normalCdf(Math.SQRT2 * shift);
    let covered = 0;
    const seeds = 20;
    for (let seed = 1; seed <= seeds; seed++) {
      const data = drawGaussian(1_300, 6, shift, seed);
      const train = takeDifferences(data, (row) => row < 1_000);
      const test = takeDifferences(data, (row) => row >= 1_000);
      const fold = Uint8Array.from({ length: 1_000 }, (_, row) => row % 5);
      const { weights } = await fitProbeByFolds(train, fold, { folds: 5 });
      const { probe } = await compareAuc(
        {
          probe: scoreDifferences(test, weights),
          rules: [],
          cluster: Array.from({ length: 300 }, (_, row) => row),
        },
        { seed },
      );
      if (probe.ci && probe.ci[0] <= best && best <= probe.ci[1]) covered += 1;
      expect(Math.abs((probe.value ?? 0) - best)).toBeLessThan(0.1);
    }
    // Binomial(20, 0.95): 16 or more in 99.7 % of the draws.
    expect(covered).toBeGreaterThanOrEqual(16);
  }, 60_000);

  it('finds nothing in noise, and then gives no share of it', async () => {
    const data = drawGaussian(600, 20, 0, 3);
    const train = takeDifferences(data, (row) => row < 400);
    const test = takeDifferences(data, (row) => row >= 400);
    const fold = Uint8Array.from({ length: 400 }, (_, row) => row % 5);
    const { weights } = await fitProbeByFolds(train, fold, { folds: 5 });
    const rule = Array.from({ length: 200 }, (_, row) => (row % 2 === 0 ? 1 : -1));
    const { probe, rules } = await compareAuc(
      {
        probe: scoreDifferences(test, weights),
        rules: [rule],
        cluster: Array.from({ length: 200 }, (_, row) => row),
      },
      { seed: 3 },
    );
    expect(probe.ci?.[0]).toBeLessThan(0.5);
    expect(rules[0]?.share.value).toBeNull();
  });
});
