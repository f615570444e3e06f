import { describe, expect, it } from 'vitest';
import { findHomogeneityTest, fUpperTail } from '../../../electron/core/constitution/slices/homogeneity.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';

const diagonal = (variances: readonly number[]) => {
  const matrix = new Float64Array(variances.length ** 2);
  variances.forEach((value, index) => (matrix[index * variances.length + index] = value));
  return matrix;
};

describe('the test of equal strength over groups', () => {
  it('has the tail of the F distribution (a swapped pair of degrees of freedom would show)', () => {
    // Tables of F at 5 %: F(2, 10) = 4.1028, F(5, 20) = 2.7109.
    expect(fUpperTail(4.1028, 2, 10)).toBeCloseTo(0.05, 4);
    expect(fUpperTail(2.7109, 5, 20)).toBeCloseTo(0.05, 4);
  });

  it('is Welch’s two-sample t test squared for two groups without common prompts', () => {
    // Hand calculation: means 0.5 and 0.2, squared errors 0.01 and 0.02, 16 and 21 prompts:
    // t² = 0.09/0.03 = 3; df = 0.03² / (0.01²/15 + 0.02²/20) = 0.0009 / 0.0000266667 = 33.75.
    const test = findHomogeneityTest({
      estimates: [0.5, 0.2],
      covariance: diagonal([0.01, 0.02]),
      clusters: [16, 21],
    });
    expect(test?.f).toBeCloseTo(3, 10);
    expect(test?.df1).toBeCloseTo(1, 10);
    expect(test?.df2).toBeCloseTo(33.75, 8);
  });

  it('uses what two groups share: a common part cancels in their difference (ignoring it would give 0.045)', () => {
    // Var(difference) = 0.01 + 0.01 − 2·0.0075 = 0.005, so F = 0.04/0.005 = 8 where independence would say 2.
    const covariance = Float64Array.of(0.01, 0.0075, 0.0075, 0.01);
    const test = findHomogeneityTest({ estimates: [0.3, 0.1], covariance, clusters: [500, 500] });
    expect(test?.f).toBeCloseTo(8, 10);
  });

  it('rejects equal groups at its level, also where they share prompts', () => {
    const random = createRandom(5);
    let rejected = 0;
    const runs = 1_000;
    for (let run = 0; run < runs; run++) {
      const prompts = 60;
      const rows = Array.from({ length: prompts }, () => {
        const common = random.nextNormal();
        return [0, 1, 2, 3].map(() => common + random.nextNormal());
      });
      const estimates = [0, 1, 2, 3].map((g) => rows.reduce((sum, row) => sum + (row[g] ?? 0), 0) / prompts);
      const covariance = new Float64Array(16);
      for (let g = 0; g < 4; g++)
        for (let h = 0; h < 4; h++)
          covariance[g * 4 + h] =
            rows.reduce(
              (sum, row) =>
                sum + ((row[g] ?? 0) - (estimates[g] ?? 0)) * ((row[h] ?? 0) - (estimates[h] ?? 0)),
              0,
            ) /
            (prompts * (prompts - 1));
      const test = findHomogeneityTest({ estimates, covariance, clusters: [60, 60, 60, 60] });
      if ((test?.p ?? 1) <= 0.05) rejected += 1;
    }
    // Binomial(1000, 0.05): 99.9 % of the draws lie below 74.
    expect(rejected).toBeGreaterThan(25);
    expect(rejected).toBeLessThan(74);
  });
});
