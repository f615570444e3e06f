import { describe, expect, it } from 'vitest';
import { binomialTest } from '../../../electron/core/statistics/binomial.ts';
import { withMinimum } from '../../../electron/core/statistics/outcome.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { wilsonInterval } from '../../../electron/core/statistics/wilson.ts';

describe('wilsonInterval', () => {
  // Audit specification, section 0; more digits from SciPy 1.17 binomtest(...).proportion_ci(method='wilson').
  it.each([
    [60, 100, 0.95, 0.5020025867910618, 0.6905987135675411],
    [0, 10, 0.95, 0, 0.27753279986288926],
    [3, 7, 0.9, 0.18644319036395607, 0.7105229089864071],
  ])('%i of %i at level %d is the published interval, not the Wald one', (...row) => {
    const [k, n, level, lower, upper] = row;
    const outcome = wilsonInterval(k, n, level);
    expect(outcome.status).toBe('ok');
    if (outcome.status === 'undefined') return;
    expect(outcome.lower).toBeCloseTo(lower, 10);
    expect(outcome.upper).toBeCloseTo(upper, 10);
    expect(outcome.n).toBe(n);
  });

  it.each([21, 22, 23])('stays within [0, 1], holds the estimate, mirrors k ↔ n−k (seed %i)', (seed) => {
    const random = createRandom(seed);
    for (let i = 0; i < 500; i++) {
      const n = 1 + random.nextBelow(1 << (1 + random.nextBelow(20)));
      const k = random.nextBelow(n + 1);
      const outcome = wilsonInterval(k, n);
      const mirrored = wilsonInterval(n - k, n);
      if (outcome.status === 'undefined' || mirrored.status === 'undefined') throw new Error('undefined');
      expect(outcome.lower).toBeGreaterThanOrEqual(0);
      expect(outcome.upper).toBeLessThanOrEqual(1);
      expect(outcome.lower).toBeLessThanOrEqual(outcome.estimate);
      expect(outcome.upper).toBeGreaterThanOrEqual(outcome.estimate);
      expect(outcome.lower).toBeCloseTo(1 - mirrored.upper, 10);
    }
  });

  it('is undefined for no trials instead of a silent 0', () => {
    expect(wilsonInterval(0, 0)).toEqual({ status: 'undefined', reason: 'no_data' });
  });

  it.each([
    [-1, 5],
    [6, 5],
    [1.5, 5],
    [Number.NaN, 5],
  ])('refuses impossible counts %d of %d', (k, n) => {
    expect(() => wilsonInterval(k, n)).toThrow(RangeError);
  });

  it('withMinimum marks 19 pairs too small but not 20, and leaves undefined alone', () => {
    expect(withMinimum(wilsonInterval(5, 19), 19).status).toBe('too_small');
    expect(withMinimum(wilsonInterval(5, 20), 20).status).toBe('ok');
    expect(withMinimum(wilsonInterval(0, 0), 0).status).toBe('undefined');
  });
});

function pOf(k: number, n: number, probability?: number): number {
  const outcome = binomialTest(k, n, probability);
  if (outcome.status === 'undefined') throw new Error(outcome.reason);
  return outcome.p;
}

function massByProduct(k: number, n: number, probability: number): number {
  let mass = 1;
  for (let i = 1; i <= k; i++) mass *= ((n - k + i) / i) * probability;
  return mass * (1 - probability) ** (n - k);
}

describe('binomialTest', () => {
  // Audit specification, section 0.
  it.each([
    [8, 10, 0.1094],
    [7, 9, 0.1797],
    [12, 15, 0.0352],
  ])('%i of %i discordant cases has p %d, two-sided and exact', (k, n, p) => {
    expect(pOf(k, n)).toBeCloseTo(p, 4);
  });

  // SciPy 1.17 binomtest.
  it.each([
    [5_002_000, 10_000_000, 0.5, 0.20601660279503928, 1e-7],
    [5_010_000, 10_000_000, 0.5, 2.5448004911550766e-10, 1e-7],
    [6_000, 10_000, 0.5, 1.7404316412268293e-89, 1e-9],
    [301_500, 1_000_000, 0.3, 0.0010713403865928645, 1e-7],
    [3, 20, 0.3, 0.22041826738070913, 1e-11],
    [9, 20, 0.3, 0.1488145951754469, 1e-11],
    [0, 10, 0.2, 0.22824806400000008, 1e-11],
    [682, 925, 0.75, 0.3824915595748517, 1e-11],
    [40, 1000, 0.05, 0.16736875164155202, 1e-11],
  ])('%i of %i against %d matches SciPy: no overflow, no lost tail', (...row) => {
    const [k, n, probability, p, tolerance] = row;
    expect(Math.abs(pOf(k, n, probability) / p - 1)).toBeLessThan(tolerance);
  });

  it.each([31, 32, 33])('equals the enumerated sum of outcomes no more likely (seed %i)', (seed) => {
    const random = createRandom(seed);
    for (let i = 0; i < 100; i++) {
      const n = 1 + random.nextBelow(40);
      const k = random.nextBelow(n + 1);
      const probability = 0.05 + 0.9 * random.next();
      const masses = Array.from({ length: n + 1 }, (_, j) => massByProduct(j, n, probability));
      const observed = masses[k] ?? 0;
      const expected = masses.filter((mass) => mass <= observed * (1 + 1e-7)).reduce((a, b) => a + b, 0);
      expect(pOf(k, n, probability)).toBeCloseTo(expected, 10);
    }
  });

  it.each([34, 35])('is symmetric at one half and never above 1 (seed %i)', (seed) => {
    const random = createRandom(seed);
    for (let i = 0; i < 200; i++) {
      const n = 1 + random.nextBelow(5000);
      const k = random.nextBelow(n + 1);
      expect(pOf(k, n)).toBeCloseTo(pOf(n - k, n), 12);
      expect(pOf(k, n)).toBeLessThanOrEqual(1);
      expect(pOf(k, n)).toBeGreaterThanOrEqual(0);
    }
  });

  // Masses in units of 1/(1/p)^n: 4,4,1; 32,80,80,…; 256,1024,1792,1792,…; 27,27,9,1; 2187,5103,5103,…
  it.each([
    [0, 2, 1 / 3],
    [1, 5, 1 / 3],
    [2, 8, 1 / 3],
    [3, 8, 1 / 3],
    [0, 3, 1 / 4],
    [1, 7, 1 / 4],
    [2, 7, 1 / 4],
  ])(
    '%i of %i against %d ties with the other mode, so p is 1 (rounding must not break the tie)',
    (k, n, q) => {
      expect(pOf(k, n, q)).toBeCloseTo(1, 10);
    },
  );

  it('handles the certain null hypotheses 0 and 1', () => {
    expect(pOf(0, 5, 0)).toBe(1);
    expect(pOf(1, 5, 0)).toBe(0);
    expect(pOf(5, 5, 1)).toBe(1);
  });

  it('is undefined without discordant cases', () => {
    expect(binomialTest(0, 0)).toEqual({ status: 'undefined', reason: 'no_data' });
  });
});
