import { describe, expect, it } from 'vitest';
import { adjustPValues } from '../../../electron/core/statistics/benjamini-hochberg.ts';
import { permutationPValue, permutationTest } from '../../../electron/core/statistics/permutation.ts';
import { createRandom, shuffle } from '../../../electron/core/statistics/random.ts';

describe('adjustPValues (Benjamini-Hochberg)', () => {
  it('(.01, .02, .03, .20) becomes (.04, .04, .04, .20) (audit specification, section 0)', () => {
    const adjusted = [...adjustPValues([0.01, 0.02, 0.03, 0.2])];
    expect(adjusted.map((p) => Number(p.toFixed(10)))).toEqual([0.04, 0.04, 0.04, 0.2]);
  });

  it('keeps the order of the input, as SciPy false_discovery_control does', () => {
    const adjusted = [...adjustPValues([0.005, 0.009, 0.05, 0.3, 0.02, 0.041])];
    const expected = [0.027, 0.027, 0.06, 0.3, 0.04, 0.06];
    for (const [i, p] of adjusted.entries()) expect(p).toBeCloseTo(expected[i] ?? Number.NaN, 12);
  });

  it('leaves NaN alone and out of the family size', () => {
    const adjusted = adjustPValues([Number.NaN, 0.01, Number.NaN, 0.04]);
    expect(adjusted[0]).toBeNaN();
    expect(adjusted[1]).toBeCloseTo(0.02, 12);
    expect(adjusted[3]).toBeCloseTo(0.04, 12);
    expect(adjustPValues([])).toHaveLength(0);
  });

  it.each([81, 82, 83])('never lowers a p, never exceeds 1, keeps the ranking (seed %i)', (seed) => {
    const random = createRandom(seed);
    const values = Array.from({ length: 200 }, () => random.next() ** 3);
    const adjusted = adjustPValues(values);
    const order = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
    let previous = 0;
    for (const index of order) {
      const p = adjusted[index] ?? Number.NaN;
      expect(p).toBeGreaterThanOrEqual(values[index] ?? 1);
      expect(p).toBeLessThanOrEqual(1);
      expect(p).toBeGreaterThanOrEqual(previous);
      previous = p;
    }
    for (const q of [0.05, 0.2]) {
      const sorted = values.toSorted((a, b) => a - b);
      const largest = sorted.findLastIndex((p, i) => p <= (q * (i + 1)) / sorted.length);
      expect(adjusted.filter((p) => p <= q).length).toBe(largest + 1);
    }
  });

  it('refuses values that are no probabilities', () => {
    expect(() => adjustPValues([0.5, 1.5])).toThrow(RangeError);
  });
});

describe('permutation p value', () => {
  it('counts the observed arrangement: (1 + 2)/(1 + 4), two-sided, ties included', () => {
    expect(permutationPValue(2, [0, -2, 1.5, 3])).toMatchObject({ status: 'ok', p: 3 / 5, permutations: 4 });
    expect(permutationPValue(9, [1, 2, 3])).toMatchObject({ p: 1 / 4 });
  });

  it('a tie that differs in the last bit still counts as reaching the observed value', () => {
    expect(permutationPValue(0.1 + 0.2, [0.3, 0.3])).toMatchObject({ p: 1 });
  });

  it('an undefined permuted value counts as extreme; an undefined observed one has no p', () => {
    expect(permutationPValue(5, [Number.NaN, 0])).toMatchObject({ p: 2 / 3 });
    expect(permutationPValue(Number.NaN, [1])).toEqual({ status: 'undefined', reason: 'no_data' });
    expect(permutationPValue(1, [])).toEqual({ status: 'undefined', reason: 'no_data' });
  });

  it('approaches the exact p of all relabellings: 3 + 3 values, 2 of 20 as extreme (seed 84)', async () => {
    const values = [1, 2, 3, 10, 11, 12];
    const difference = (order: number[]): number =>
      order.reduce((sum, value, i) => sum + (i < 3 ? value : -value), 0);
    const outcome = await permutationTest({
      observed: difference(values),
      permute: (random) => difference(shuffle([...values], random)),
      seed: 84,
      permutations: 20_000,
    });
    if (outcome.status === 'undefined') throw new Error(outcome.reason);
    expect(Math.abs(outcome.p - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / 20_000));
  });

  it('runs 2,000 permutations unless told, reproducibly, and stops when aborted', async () => {
    const options = { observed: 1, permute: (random: { next(): number }) => 2 * random.next(), seed: 9 };
    const once = await permutationTest(options);
    expect(once).toMatchObject({ permutations: 2000 });
    expect(await permutationTest(options)).toEqual(once);
    await expect(
      permutationTest({ ...options, signal: AbortSignal.abort(new Error('stop')) }),
    ).rejects.toThrow('stop');
  });
});
