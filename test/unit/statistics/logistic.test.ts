import { describe, expect, it } from 'vitest';
import { fitLogistic, predictLogistic } from '../../../electron/core/statistics/logistic.ts';
import type {
  LogisticCoefficient,
  LogisticFit,
  LogisticInput,
  LogisticOptions,
} from '../../../electron/core/statistics/logistic.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';

async function fit(input: LogisticInput, options?: LogisticOptions): Promise<LogisticFit> {
  const outcome = await fitLogistic(input, options);
  if (outcome.status === 'undefined') throw new Error(outcome.reason);
  return outcome;
}

function ok(coefficient: LogisticCoefficient | undefined): Extract<LogisticCoefficient, { status: 'ok' }> {
  if (coefficient?.status !== 'ok') throw new Error(JSON.stringify(coefficient));
  return coefficient;
}

/** Rows of a 2×2 table: exposed and unexposed, with and without the outcome. */
const twoByTwo = (a: number, b: number, c: number, d: number): LogisticInput => ({
  features: [Float64Array.of(1, 1, 0, 0)],
  outcome: [1, 0, 1, 0],
  weights: [a, b, c, d],
});

function drawProblem(
  seed: number,
  rows: number,
  slopes: readonly number[],
): LogisticInput & { clusters: number[] } {
  const random = createRandom(seed);
  const features = slopes.map(() => Float64Array.from({ length: rows }, () => random.nextNormal()));
  const clusters = Array.from({ length: rows }, () => random.nextBelow(Math.ceil(rows / 4)) * 7 - 3);
  const shift = new Map<number, number>();
  const outcome = clusters.map((cluster, row) => {
    if (!shift.has(cluster)) shift.set(cluster, random.nextNormal());
    const eta = slopes.reduce(
      (sum, slope, j) => sum + slope * (features[j]?.[row] ?? 0),
      0.3 + (shift.get(cluster) ?? 0),
    );
    return random.next() < 1 / (1 + Math.exp(-eta)) ? 1 : 0;
  });
  return { features, outcome, clusters };
}

describe('fitLogistic against closed forms and published fits', () => {
  it.each([
    [30, 10, 15, 45],
    [7, 3, 2, 8],
    [500, 400, 300, 900],
  ])('2×2 table %i,%i;%i,%i: slope is the log odds ratio, SE √(1/a+1/b+1/c+1/d)', async (a, b, c, d) => {
    const model = await fit(twoByTwo(a, b, c, d), { ridge: 0 });
    expect(model.status).toBe('ok');
    expect(ok(model.coefficients[0]).estimate).toBeCloseTo(Math.log((a * d) / (b * c)), 9);
    expect(ok(model.coefficients[0]).standardError).toBeCloseTo(Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d), 8);
    expect(ok(model.intercept).estimate).toBeCloseTo(Math.log(c / d), 9);
    expect(model.n).toBe(a + b + c + d);
  });

  it('hours of study and passing: intercept −4.0777, slope 1.5046, SE 0.6287, p 0.0167', async () => {
    // Worked example of the Wikipedia article "Logistic regression" (20 students).
    const hours = [
      0.5, 0.75, 1, 1.25, 1.5, 1.75, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 4, 4.25, 4.5, 4.75, 5, 5.5,
    ];
    const passed = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1];
    const model = await fit({ features: [Float64Array.from(hours)], outcome: passed }, { ridge: 0 });
    expect(ok(model.intercept).estimate).toBeCloseTo(-4.0777, 4);
    expect(ok(model.intercept).standardError).toBeCloseTo(1.761, 3);
    expect(ok(model.coefficients[0]).estimate).toBeCloseTo(1.5046, 4);
    expect(ok(model.coefficients[0]).standardError).toBeCloseTo(0.6287, 4);
    expect(ok(model.coefficients[0]).p).toBeCloseTo(0.0167, 4);
    expect(predictLogistic(model, [Float64Array.of(2)])[0]).toBeCloseTo(0.2557, 4); // 1/(1 + e^{4.0777 − 2·1.5046})
    expect(model.logLikelihood).toBeCloseTo(-8.02988, 4);
  });

  it('an intercept alone is the log odds of the mean, and is not shrunk by a large ridge', async () => {
    const model = await fit({ features: [], outcome: [1, 1, 1, 0] }, { ridge: 100 });
    expect(ok(model.intercept).estimate).toBeCloseTo(Math.log(3), 8);
  });

  it('ridge 1e-3 solves the penalised equations, intercept row unpenalised (seed 111)', async () => {
    const input = drawProblem(111, 300, [0.8, -0.5]);
    for (const ridge of [1e-3, 5]) {
      const model = await fit(input, { ridge });
      const p = predictLogistic(model, input.features);
      const gradient = (x: (row: number) => number): number =>
        p.reduce((sum, value, row) => sum + ((input.outcome[row] ?? 0) - value) * x(row), 0);
      expect(gradient(() => 1)).toBeCloseTo(0, 6);
      for (const [j, column] of input.features.entries()) {
        expect(gradient((row) => column[row] ?? 0)).toBeCloseTo(ridge * (model.slopes[j] ?? 0), 6);
      }
    }
  });

  it('without intercept, swapping the sides of pairs changes nothing (symmetric design)', async () => {
    const input = drawProblem(112, 200, [0.8, -0.5]);
    const flip = (row: number): boolean => row % 3 === 0;
    const swapped: LogisticInput = {
      features: input.features.map((column) => column.map((x, row) => (flip(row) ? -x : x))),
      outcome: Array.from(input.outcome, (y, row) => (flip(row) ? 1 - y : y)),
    };
    const left = await fit(input, { intercept: false });
    const right = await fit(swapped, { intercept: false });
    expect(left.intercept).toBeUndefined();
    expect(left.slopes[0]).toBeCloseTo(right.slopes[0] ?? Number.NaN, 8);
    expect(left.slopes[1]).toBeCloseTo(right.slopes[1] ?? Number.NaN, 8);
  });

  it('a frequency weight of 3 equals three copies, and a soft label 0.25 equals weights 1 and 3', async () => {
    const x = [0.2, 1.1, -0.7, 2, 0.4];
    const y = [1, 0, 0, 1, 1];
    const weights = [3, 1, 2, 1, 1];
    const copies = x.flatMap((_, i) => new Array<number>(weights[i] ?? 0).fill(i));
    const weighted = await fit({ features: [Float64Array.from(x)], outcome: y, weights });
    const copied = await fit({
      features: [Float64Array.from(copies, (i) => x[i] ?? 0)],
      outcome: copies.map((i) => y[i] ?? 0),
    });
    expect(weighted.slopes[0]).toBeCloseTo(copied.slopes[0] ?? 0, 8);
    expect(ok(weighted.coefficients[0]).standardError).toBeCloseTo(
      ok(copied.coefficients[0]).standardError,
      8,
    );
    const soft = await fit({ features: [Float64Array.of(0, 1)], outcome: [0.25, 0.5], weights: [4, 8] });
    const hard = await fit({
      features: [Float64Array.of(0, 0, 1, 1)],
      outcome: [1, 0, 1, 0],
      weights: [1, 3, 4, 4],
    });
    expect(soft.slopes[0]).toBeCloseTo(hard.slopes[0] ?? 0, 8);
  });

  it.each([113, 114])(
    'finds the optimum from badly scaled features without diverging (seed %i)',
    async (seed) => {
      const base = drawProblem(seed, 500, [1.5, -1]);
      const scaled: LogisticInput = {
        ...base,
        features: base.features.map((column, j) => column.map((x) => (j === 0 ? 1e4 * x + 5e4 : 1e-2 * x))),
      };
      const plain = await fit({ features: base.features, outcome: base.outcome }, { ridge: 0 });
      const other = await fit({ features: scaled.features, outcome: base.outcome }, { ridge: 0 });
      expect(other.status).toBe('ok');
      expect(1e4 * (other.slopes[0] ?? 0)).toBeCloseTo(plain.slopes[0] ?? 0, 5);
      expect(1e-2 * (other.slopes[1] ?? 0)).toBeCloseTo(plain.slopes[1] ?? 0, 5);
      expect(other.logLikelihood).toBeCloseTo(plain.logLikelihood, 6);
    },
  );
});

/** HC0 or cluster sandwich for an intercept and two features, written out with a 3×3 inverse by cofactors. */
function naiveSandwich(
  input: LogisticInput,
  model: LogisticFit,
  clusterOf: (row: number) => number,
): number[] {
  const rows = Array.from(input.outcome, (_, row) => [
    1,
    ...input.features.map((column) => column[row] ?? 0),
  ]);
  const p = predictLogistic(model, input.features);
  const information = [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) =>
      rows.reduce((sum, x, r) => sum + (x[i] ?? 0) * (x[j] ?? 0) * (p[r] ?? 0) * (1 - (p[r] ?? 0)), 0),
    ),
  );
  const m = (i: number, j: number): number => information[i % 3]?.[j % 3] ?? 0;
  const cofactor = (i: number, j: number): number =>
    m(i + 1, j + 1) * m(i + 2, j + 2) - m(i + 1, j + 2) * m(i + 2, j + 1);
  const determinant = m(0, 0) * cofactor(0, 0) + m(0, 1) * cofactor(0, 1) + m(0, 2) * cofactor(0, 2);
  const inverse = (i: number, j: number): number => cofactor(j, i) / determinant;
  const scores = new Map<number, number[]>();
  for (const [r, x] of rows.entries()) {
    const score = scores.get(clusterOf(r)) ?? [0, 0, 0];
    const residual = (input.outcome[r] ?? 0) - (p[r] ?? 0);
    scores.set(
      clusterOf(r),
      score.map((s, j) => s + residual * (x[j] ?? 0)),
    );
  }
  return [0, 1, 2].map((i) => {
    let variance = 0;
    for (const score of scores.values()) {
      variance += [0, 1, 2].reduce((sum, j) => sum + inverse(i, j) * (score[j] ?? 0), 0) ** 2;
    }
    return Math.sqrt(variance);
  });
}

describe('fitLogistic standard errors', () => {
  it.each([121, 122])('cluster errors equal a sandwich written out by hand (seed %i)', async (seed) => {
    const input = drawProblem(seed, 240, [0.9, -0.4]);
    const model = await fit(input, { ridge: 0 });
    const expected = naiveSandwich(input, model, (row) => input.clusters[row] ?? 0);
    expect(model.errors).toBe('cluster');
    expect(model.clusters).toBe(new Set(input.clusters).size);
    expect(ok(model.intercept).standardError).toBeCloseTo(expected[0] ?? 0, 9);
    for (const j of [0, 1])
      expect(ok(model.coefficients[j]).standardError).toBeCloseTo(expected[j + 1] ?? 0, 9);
  });

  it('singleton clusters equal HC0, and both equal the sandwich by hand (seed 123)', async () => {
    const { features, outcome } = drawProblem(123, 240, [0.9, -0.4]);
    const singles = Array.from(outcome, (_, row) => row);
    const clustered = await fit({ features, outcome, clusters: singles }, { ridge: 0 });
    const robust = await fit({ features, outcome }, { ridge: 0, errors: 'robust' });
    const expected = naiveSandwich({ features, outcome }, robust, (row) => row);
    for (const j of [0, 1]) {
      expect(ok(clustered.coefficients[j]).standardError).toBeCloseTo(
        ok(robust.coefficients[j]).standardError,
        10,
      );
      expect(ok(robust.coefficients[j]).standardError).toBeCloseTo(expected[j + 1] ?? 0, 9);
    }
    const copied = await fit(
      { features, outcome, weights: singles.map(() => 2) },
      { ridge: 0, errors: 'robust' },
    );
    const ratio = ok(robust.coefficients[0]).standardError / ok(copied.coefficients[0]).standardError;
    expect(ratio).toBeCloseTo(Math.SQRT2, 6);
  });

  it('duplicating every row inside its cluster leaves cluster errors as they were (seed 124)', async () => {
    const input = drawProblem(124, 200, [0.7]);
    const twice = (values: ArrayLike<number>): number[] => [...Array.from(values), ...Array.from(values)];
    const once = await fit(input, { ridge: 0 });
    const doubled = await fit(
      {
        features: input.features.map((column) => Float64Array.from(twice(column))),
        outcome: twice(input.outcome),
        clusters: twice(input.clusters),
      },
      { ridge: 0 },
    );
    expect(ok(doubled.coefficients[0]).standardError).toBeCloseTo(ok(once.coefficients[0]).standardError, 9);
  });

  it('no more clusters than coefficients: errors are undefined, not nearly 0', async () => {
    const input = drawProblem(125, 60, [0.7]);
    const model = await fit({ ...input, clusters: input.clusters.map(() => 1) });
    expect(model.coefficients[0]).toEqual({ status: 'undefined', reason: 'too_few' });
    expect(model.slopes[0]).not.toBe(0);
  });
});

/** For one feature and an intercept: is there a cut that separates the outcomes, ties at the cut allowed? */
function isSeparableAtCut(x: number[], y: number[]): boolean {
  const zeros = x.filter((_, i) => y[i] === 0);
  const ones = x.filter((_, i) => y[i] === 1);
  return Math.max(...zeros) <= Math.min(...ones) || Math.max(...ones) <= Math.min(...zeros);
}

describe('fitLogistic on separated and degenerate data', () => {
  it.each([0, 1e-3, 0.5])(
    'complete separation at ridge %d: reported, finite value returned',
    async (ridge) => {
      const model = await fit(
        { features: [Float64Array.of(-3, -2, -1, 1, 2, 3)], outcome: [0, 0, 0, 1, 1, 1] },
        { ridge },
      );
      expect(model.status).toBe('separated');
      expect(model.coefficients[0]?.status).toBe('separated');
      expect(model.slopes[0]).toBeGreaterThan(0.5);
      expect(Number.isFinite(model.slopes[0])).toBe(true);
    },
  );

  it('quasi-complete separation: a 2×2 table with an empty cell has an infinite odds ratio', async () => {
    expect((await fit(twoByTwo(12, 0, 15, 45))).status).toBe('separated');
    expect((await fit(twoByTwo(12, 1, 15, 45))).status).toBe('ok');
    expect((await fit(twoByTwo(1200, 1, 1500, 4500))).status).toBe('ok');
  });

  it('an empty cell spoils only its own coefficient: the other is the fit of the remaining rows (seed 136)', async () => {
    const input = drawProblem(136, 400, [0.8]);
    const rare = Float64Array.from(input.outcome, (y, row) => (y === 0 && row % 40 < 5 ? 1 : 0));
    const model = await fit({ features: [rare, ...input.features], outcome: input.outcome });
    const rest = Array.from(rare.keys()).filter((row) => rare[row] === 0);
    const without = await fit({
      features: input.features.map((column) => Float64Array.from(rest, (row) => column[row] ?? 0)),
      outcome: rest.map((row) => input.outcome[row] ?? 0),
    });
    expect(model.status).toBe('separated');
    expect(model.coefficients[0]).toMatchObject({ status: 'separated' });
    expect(ok(model.coefficients[1]).estimate).toBeCloseTo(ok(without.coefficients[0]).estimate, 2);
    expect(ok(model.coefficients[1]).standardError).toBeCloseTo(ok(without.coefficients[0]).standardError, 2);
  });

  it.each([131, 132, 133])(
    'agrees with the cut test on 120 small data sets, ties included (seed %i)',
    async (seed) => {
      const random = createRandom(seed);
      const seen = { separated: 0, ok: 0 };
      while (seen.separated + seen.ok < 120) {
        const n = 6 + random.nextBelow(12);
        const x = Array.from({ length: n }, () => random.nextBelow(9) - 4);
        const y = x.map((value) => (2.5 * value + 2 * random.nextNormal() > 0 ? 1 : 0));
        if (new Set(y).size < 2 || new Set(x).size < 2) continue;
        const expected = isSeparableAtCut(x, y) ? 'separated' : 'ok';
        const model = await fit({ features: [Float64Array.from(x)], outcome: y });
        expect({ x, y, status: model.status }).toEqual({ x, y, status: expected });
        seen[expected] += 1;
      }
      expect(Math.min(seen.separated, seen.ok)).toBeGreaterThan(8);
    },
  );

  it('one faint contradicting row on each side is no separation, however far the ridge estimate drifts', async () => {
    const model = await fit({
      features: [Float64Array.of(-2, -1, 1, 2, -1.5, 1.5)],
      outcome: [0, 0, 1, 1, 1, 0],
      weights: [1, 1, 1, 1, 1e-6, 1e-6],
    });
    expect(model.status).toBe('ok');
  });

  it('columns of mostly zeros give what the same space gives in dense columns: likelihood, effects, errors (would catch a sparse product that is left out; seed 135)', async () => {
    const random = createRandom(135);
    const rows = 600;
    const models = Array.from({ length: rows }, () => random.nextBelow(12));
    const length = Float64Array.from(models, () => random.nextNormal());
    const outcome = models.map((model, row) =>
      random.next() < 1 / (1 + Math.exp(-(0.3 * (model - 6) + 0.5 * (length[row] ?? 0)))) ? 1 : 0,
    );
    const clusters = models.map((_, row) => row % 150);
    const dummies = Array.from({ length: 11 }, (_, k) =>
      Float64Array.from(models, (model) => (model === k ? 1 : 0)),
    );
    // Running sums of the dummies span the same space: effect k is the sum of the slopes from k on.
    const sums = dummies.map((_, k) => Float64Array.from(models, (model) => (model <= k ? 1 : 0)));
    const options = { ridge: 0 };
    const sparse = await fit({ features: [length, ...dummies], outcome, clusters }, options);
    const dense = await fit({ features: [length, ...sums], outcome, clusters }, options);
    expect(sparse.logLikelihood).toBeCloseTo(dense.logLikelihood, 9);
    expect(ok(sparse.coefficients[0]).estimate).toBeCloseTo(ok(dense.coefficients[0]).estimate, 9);
    expect(ok(sparse.coefficients[0]).standardError).toBeCloseTo(ok(dense.coefficients[0]).standardError, 9);
    for (const k of dummies.keys()) {
      const tail = dense.slopes.slice(1 + k).reduce((sum, slope) => sum + slope, 0);
      expect(sparse.slopes[1 + k]).toBeCloseTo(tail, 8);
    }
  });

  it('a constant feature is undefined, not 0 ± 0, and the others are fitted without it (seed 134)', async () => {
    const input = drawProblem(134, 100, [0.8]);
    const alone = await fit(input);
    const model = await fit({ ...input, features: [new Float64Array(100).fill(4), ...input.features] });
    expect(model.coefficients[0]).toEqual({ status: 'undefined', reason: 'constant_feature' });
    expect(model.slopes[0]).toBe(0);
    expect(model.slopes[1]).toBeCloseTo(alone.slopes[0] ?? 0, 10);
    expect(model.terms).toEqual([-1, 1]);
  });

  it('reports one outcome class, no rows, dependent features without ridge, too few steps', async () => {
    const x = Float64Array.of(1, 2, 3, 4, 5, 7);
    const y = [0, 0, 1, 0, 1, 1];
    expect(await fitLogistic({ features: [x], outcome: [1, 1, 1, 1, 1, 1] })).toMatchObject({
      reason: 'one_category',
    });
    expect(await fitLogistic({ features: [new Float64Array(0)], outcome: [] })).toMatchObject({
      reason: 'no_data',
    });
    expect(await fitLogistic({ features: [x, x], outcome: y }, { ridge: 0 })).toMatchObject({
      reason: 'singular',
    });
    expect(await fitLogistic({ features: [x], outcome: y }, { maxSteps: 1 })).toMatchObject({
      reason: 'not_converged',
    });
  });

  it('two equal features share the coefficient under the ridge', async () => {
    const x = Float64Array.of(1, 2, 3, 4, 5, 7);
    const model = await fit({ features: [x, x], outcome: [0, 0, 1, 0, 1, 1] });
    expect(model.slopes[0]).toBeGreaterThan(0.1);
    expect(model.slopes[0]).toBeCloseTo(model.slopes[1] ?? 0, 8);
  });

  it('refuses values that are not finite and columns of unequal length', async () => {
    const outcome = [0, 1];
    await expect(fitLogistic({ features: [Float64Array.of(1, Number.NaN)], outcome })).rejects.toThrow(
      /Feature 0/,
    );
    await expect(fitLogistic({ features: [Float64Array.of(1)], outcome })).rejects.toThrow(RangeError);
    await expect(fitLogistic({ features: [], outcome: [0, 2] })).rejects.toThrow(RangeError);
  });

  it('stops when aborted', async () => {
    const input = drawProblem(135, 5000, [0.5, 0.5]);
    await expect(fitLogistic(input, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    );
  });
});

describe('fitLogistic at size', () => {
  it('recovers 20 slopes from 100,000 clustered rows in seconds, not minutes (seed 141)', async () => {
    const random = createRandom(141);
    const rows = 100_000;
    const truth = Array.from({ length: 20 }, (_, j) => (j % 5) * 0.2 - 0.4);
    const features = truth.map(() => Float64Array.from({ length: rows }, () => random.nextNormal()));
    const outcome = Float64Array.from({ length: rows }, (_, row) => {
      const eta = truth.reduce((sum, slope, j) => sum + slope * (features[j]?.[row] ?? 0), -0.2);
      return random.next() < 1 / (1 + Math.exp(-eta)) ? 1 : 0;
    });
    const clusters = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / 2));
    const started = performance.now();
    const model = await fit({ features, outcome, clusters });
    const elapsed = performance.now() - started;
    for (const [j, slope] of truth.entries()) {
      const coefficient = ok(model.coefficients[j]);
      expect(Math.abs(coefficient.estimate - slope)).toBeLessThan(5 * coefficient.standardError);
      expect(coefficient.standardError).toBeLessThan(0.02);
    }
    expect(elapsed).toBeLessThan(20_000);
    console.info(`100,000 rows × 20 features: ${Math.round(elapsed)} ms, ${model.steps} steps`);
  }, 60_000);
});
