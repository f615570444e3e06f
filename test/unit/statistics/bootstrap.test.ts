import { describe, expect, it } from 'vitest';
import {
  bootstrapClusters,
  percentileInterval,
  resampleCrossedTotals,
  resampleTotals,
} from '../../../electron/core/statistics/bootstrap.ts';
import { meanInterval } from '../../../electron/core/statistics/descriptive.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import {
  combineTwoWays,
  ratioDifferenceInterval,
  ratioInterval,
  ratioIntervalOfClusters,
  sumClusters,
} from '../../../electron/core/statistics/ratio.ts';

function defined<T extends { status: string }>(outcome: T): Exclude<T, { status: 'undefined' }> {
  if (outcome.status === 'undefined') throw new Error(`undefined: ${JSON.stringify(outcome)}`);
  return outcome as Exclude<T, { status: 'undefined' }>;
}

/** Clusters of 1 to 5 rows whose rows share most of their luck, so that rows are far from independent. */
function drawClusters(seed: number, clusters: number): { wins: Float64Array; sizes: Float64Array } {
  const random = createRandom(seed);
  const wins = new Float64Array(clusters);
  const sizes = new Float64Array(clusters);
  for (let g = 0; g < clusters; g++) {
    const size = 1 + random.nextBelow(5);
    const tendency = random.next() < 0.6 ? 0.9 : 0.1;
    sizes[g] = size;
    for (let i = 0; i < size; i++) wins[g] = (wins[g] ?? 0) + (random.next() < tendency ? 1 : 0);
  }
  return { wins, sizes };
}

const ratio = ([numerator = 0, denominator = 0]: Float64Array | number[]): number => numerator / denominator;

describe('cluster bootstrap', () => {
  it.each([61, 62])('agrees with the linearised interval on many clusters (seed %i)', async (seed) => {
    const { wins, sizes } = drawClusters(seed, 2000);
    const boot = defined(await bootstrapClusters([wins, sizes], ratio, { seed, rounds: 2000 }));
    const closed = defined(ratioIntervalOfClusters(wins, sizes));
    expect(boot.estimate).toBeCloseTo(closed.estimate, 12);
    expect(boot.standardError / closed.standardError).toBeGreaterThan(0.93);
    expect(boot.standardError / closed.standardError).toBeLessThan(1.07);
    expect(Math.abs(boot.lower - closed.lower)).toBeLessThan(0.2 * closed.standardError);
    expect(Math.abs(boot.upper - closed.upper)).toBeLessThan(0.2 * closed.standardError);
  });

  it('is wider than the row bootstrap would be, because whole clusters are drawn (seed 63)', async () => {
    const { wins, sizes } = drawClusters(63, 2000);
    const boot = defined(await bootstrapClusters([wins, sizes], ratio, { seed: 63 }));
    const rows = sizes.reduce((a, b) => a + b, 0);
    const naive = Math.sqrt((boot.estimate * (1 - boot.estimate)) / rows);
    expect(boot.standardError).toBeGreaterThan(1.3 * naive);
  });

  it('the mean of 3 clusters takes the 27 equally likely resamples: variance σ²/3 (seed 64)', async () => {
    const values = Float64Array.of(0, 3, 9); // mean 4, population variance 14
    const boot = defined(
      await bootstrapClusters([values], ([total = 0]) => total / 3, { seed: 64, rounds: 20_000 }),
    );
    expect(boot.estimate).toBe(4);
    expect(boot.standardError).toBeCloseTo(Math.sqrt(14 / 3), 1);
    expect(boot.lower).toBe(0); // P(mean = 0) = 1/27 > 2.5%
    expect(boot.upper).toBe(9);
  });

  it('repeats for a seed and changes with it', async () => {
    const { wins, sizes } = drawClusters(65, 200);
    const run = async (seed: number) => bootstrapClusters([wins, sizes], ratio, { seed, rounds: 200 });
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it('gives all columns the same draw: a column minus itself is 0 in every round', async () => {
    const { wins } = drawClusters(66, 50);
    const { totals } = await resampleTotals([wins, wins], { seed: 3, rounds: 50 });
    for (let round = 0; round < 50; round++) expect(totals[2 * round]).toBe(totals[2 * round + 1]);
    expect(new Set(totals).size).toBeGreaterThan(10);
  });

  it('covers the truth about 95 times in 100 (seed 67)', async () => {
    let covered = 0;
    const truth = 0.6 * 0.9 + 0.4 * 0.1;
    for (let trial = 0; trial < 200; trial++) {
      const { wins, sizes } = drawClusters(67_000 + trial, 150);
      const boot = defined(await bootstrapClusters([wins, sizes], ratio, { seed: trial, rounds: 300 }));
      if (boot.lower <= truth && truth <= boot.upper) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(179); // 190 expected, 3.5 standard errors below
    expect(covered).toBeLessThan(200);
  });

  it('is undefined without clusters, with one, or where the statistic is NaN too often', async () => {
    const empty = new Float64Array(0);
    expect(await bootstrapClusters([empty, empty], ratio, { seed: 1 })).toEqual({
      status: 'undefined',
      reason: 'no_data',
    });
    const one = Float64Array.of(1);
    expect(await bootstrapClusters([one, one], ratio, { seed: 1 })).toEqual({
      status: 'undefined',
      reason: 'too_few',
    });
    const zeros = new Float64Array(4);
    expect(await bootstrapClusters([zeros, zeros], ratio, { seed: 1 })).toMatchObject({
      reason: 'zero_denominator',
    });
    const rare = Float64Array.of(1, 0, 0, 0);
    const resampled = await resampleTotals([rare, rare], { seed: 1 });
    expect(percentileInterval(resampled, ratio)).toEqual({ status: 'undefined', reason: 'unstable' });
  });

  it('stops when aborted, between rounds', async () => {
    const { wins, sizes } = drawClusters(68, 20_000);
    const controller = new AbortController();
    const running = resampleTotals([wins, sizes], { seed: 1, rounds: 1e6, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('cancelled')), 40);
    await expect(running).rejects.toThrow('cancelled');
  });

  it('two-way resampling adds the raters: wider than prompts alone where raters differ (seed 69)', async () => {
    const random = createRandom(69);
    const raterMeans = Array.from({ length: 8 }, () => random.nextNormal());
    const prompts = 60;
    const codes = Array.from({ length: prompts * 8 }, (_, row) => [Math.floor(row / 8), row % 8] as const);
    const votes = Float64Array.from(codes, ([, rater]) => (raterMeans[rater] ?? 0) + random.nextNormal());
    const ones = new Float64Array(votes.length).fill(1);
    const prompt = { codes: codes.map(([code]) => code), size: prompts };
    const rater = { codes: codes.map(([, code]) => code), size: 8 };
    const crossed = await resampleCrossedTotals([votes, ones], [prompt, rater], { seed: 5 });
    const alone = await resampleTotals(
      [sumBy(votes, prompt.codes, prompts), sumBy(ones, prompt.codes, prompts)],
      {
        seed: 5,
      },
    );
    const wide = defined(percentileInterval(crossed, ratio)).standardError;
    const narrow = defined(percentileInterval(alone, ratio)).standardError;
    // Variance of a mean of 8 raters from their observed spread, which resampling prompts alone ignores.
    const centre = raterMeans.reduce((a, b) => a + b, 0) / 8;
    const spread = Math.sqrt(raterMeans.reduce((sum, m) => sum + (m - centre) ** 2, 0) / 8 / 8);
    expect(wide).toBeGreaterThan(3 * narrow);
    expect(wide / spread).toBeGreaterThan(0.75);
    expect(wide / spread).toBeLessThan(1.35);
  });
});

function sumBy(values: Float64Array, codes: number[], size: number): Float64Array {
  const sums = new Float64Array(size);
  for (const [row, code] of codes.entries()) sums[code] = (sums[code] ?? 0) + (values[row] ?? 0);
  return sums;
}

describe('ratioInterval', () => {
  it('with one row per cluster is the t interval of a mean (a missing G/(G−1) would differ)', () => {
    const values = [0.47, 0.2, 0.35];
    const ones = [1, 1, 1];
    const closed = defined(ratioIntervalOfClusters(values, ones));
    const direct = defined(meanInterval(values));
    expect(closed.estimate).toBeCloseTo(direct.mean, 12);
    expect(closed.standardError).toBeCloseTo(direct.standardError, 12);
    expect(closed.lower).toBeCloseTo(direct.lower, 10);
  });

  it('matches a hand calculation: y = (1,2,0), x = (1,3,2)', () => {
    // R = 1/2, residuals ½, ½, −1, Σu² = 1.5, Var = (3/2)(1.5)/36 = 0.0625, SE = 0.25, t₂ = 4.302653.
    const outcome = defined(ratioInterval(sumClusters([1, 2, 0], [1, 3, 2])));
    expect(outcome.estimate).toBeCloseTo(0.5, 12);
    expect(outcome.standardError).toBeCloseTo(0.25, 12);
    expect(outcome.upper).toBeCloseTo(0.5 + 0.25 * 4.302653, 6);
  });

  it('is undefined where the formula would claim certainty or divide by 0', () => {
    expect(ratioIntervalOfClusters([], [])).toMatchObject({ reason: 'no_data' });
    expect(ratioIntervalOfClusters([1], [2])).toMatchObject({ reason: 'too_few' });
    expect(ratioIntervalOfClusters([1, 1], [0, 0])).toMatchObject({ reason: 'zero_denominator' });
    expect(ratioIntervalOfClusters([1, 3, 2], [1, 3, 2])).toMatchObject({ reason: 'zero_variance' });
    expect(ratioIntervalOfClusters([0.1, 0.3, 0.2], [1, 3, 2])).toMatchObject({ reason: 'zero_variance' });
    expect(() => ratioIntervalOfClusters([1, 2], [1])).toThrow(RangeError);
  });

  it.each([71, 72])('a difference uses what both ratios share within clusters (seed %i)', async (seed) => {
    const first = drawClusters(seed, 1500);
    const random = createRandom(seed + 1000);
    const flipped = first.wins.map((w, g) => (random.next() < 0.1 ? (first.sizes[g] ?? 0) - w : w));
    const columns = [first.wins, first.sizes, flipped];
    const boot = defined(
      await bootstrapClusters(columns, ([a = 0, n = 0, b = 0]) => a / n - b / n, { seed, rounds: 2000 }),
    );
    const closed = defined(
      ratioDifferenceInterval(
        { numerators: first.wins, denominators: first.sizes },
        { numerators: flipped, denominators: first.sizes },
      ),
    );
    expect(closed.estimate).toBeCloseTo(boot.estimate, 12);
    expect(boot.standardError / closed.standardError).toBeGreaterThan(0.92);
    expect(boot.standardError / closed.standardError).toBeLessThan(1.08);
    expect(closed.p < 0.05).toBe(closed.lower > 0 || closed.upper < 0);
  });

  it('a ratio minus itself has no spread and is undefined, not 0 ± 0', () => {
    const same = { numerators: [1, 2, 0], denominators: [1, 3, 2] };
    expect(ratioDifferenceInterval(same, same)).toMatchObject({ reason: 'zero_variance' });
  });
});

describe('errors clustered in two ways', () => {
  const by = (squares: number, clusters: number) => ({
    ...{ status: 'ok' as const, estimate: 2, standardError: Math.sqrt(squares), level: 0.95 },
    ...{ lower: 0, upper: 4, p: 0.5, clusters },
  });

  it('add variances and take the intersection off: 3 + 2 − 1 = 4, t with the fewer clusters (by hand: 2 ± 2.2622 · 2)', () => {
    const outcome = combineTwoWays(by(3, 10), by(2, 200), by(1, 2000));
    if (outcome.status === 'undefined') throw new Error('it is defined');
    expect(outcome.standardError).toBeCloseTo(2, 12);
    expect(outcome.upper).toBeCloseTo(2 + 2.2622 * 2, 3);
    // t(9) of 1: two-sided .3434.
    expect(outcome.p).toBeCloseTo(0.3434, 4);
  });

  it('never fall below either way alone (would catch a variance of 0 where the intersection is the larger)', () => {
    const outcome = combineTwoWays(by(1, 10), by(2, 20), by(3, 30));
    expect(outcome.status === 'undefined' ? 0 : outcome.standardError).toBeCloseTo(Math.SQRT2, 12);
  });
});
