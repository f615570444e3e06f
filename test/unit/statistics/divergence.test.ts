import { describe, expect, it } from 'vitest';
import {
  curateLimit,
  curateOnce,
  findAlarms,
  meanReward,
  selectionFactors,
} from '../../../electron/core/statistics/curation.ts';
import {
  entropy,
  jensenShannon,
  kullbackLeibler,
  normalisedEntropy,
  numericJensenShannon,
  shareQuantileBins,
} from '../../../electron/core/statistics/divergence.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';

const close = (values: number[], digits = 9) =>
  values.map((value) => expect.closeTo(value, digits) as number);

describe('entropy and divergence', () => {
  it('counts 5,5 of four categories have normalised entropy .5 (audit specification H2)', () => {
    expect(normalisedEntropy([5, 5], 4)).toEqual({ status: 'ok', value: expect.closeTo(0.5, 12) as number });
    expect(normalisedEntropy([7], 1)).toEqual({ status: 'undefined', reason: 'one_category' });
    expect(normalisedEntropy([0, 0])).toEqual({ status: 'undefined', reason: 'no_data' });
    expect(entropy([1, 1])).toBeCloseTo(Math.log(2), 12);
  });

  it('JS(.75,.25 ‖ .25,.75) = .1308 nats, KL of counts (3,1) against (.5,.5) = .1308 (H2, A4)', () => {
    expect(jensenShannon([0.75, 0.25], [0.25, 0.75])).toBeCloseTo(0.1308, 4);
    expect(kullbackLeibler([3, 1], [0.5, 0.5])).toBeCloseTo(0.1308, 4);
    expect(kullbackLeibler([1, 1], [1, 0])).toBe(Number.POSITIVE_INFINITY);
    expect(jensenShannon([1, 0], [0, 1])).toBeCloseTo(Math.log(2), 12);
  });

  it('JS is symmetric, in [0, ln 2] and 0 for equal shares (300 random pairs, seed 2)', () => {
    const random = createRandom(2);
    for (let round = 0; round < 300; round++) {
      const size = 1 + random.nextBelow(6);
      const p = Array.from({ length: size }, () => random.next());
      const q = Array.from({ length: size }, () => random.next());
      const value = jensenShannon(p, q);
      expect(value).toBeCloseTo(jensenShannon(q, p), 12);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(Math.log(2) + 1e-12);
      expect(jensenShannon(p, p.map((share) => share * 7))).toBeCloseTo(0, 12); // prettier-ignore
    }
  });

  it('numeric samples share their bins: equal samples 0, samples apart ln 2, none undefined', () => {
    const low = Array.from({ length: 50 }, (_, i) => i);
    const high = low.map((value) => value + 1000);
    expect(numericJensenShannon(low, low)).toMatchObject({ value: 0 });
    expect(numericJensenShannon(low, high)).toMatchObject({
      value: expect.closeTo(Math.log(2), 12) as number,
    });
    expect(numericJensenShannon([], low).status).toBe('undefined');
    const { left, right } = shareQuantileBins(low, high, 4);
    expect([left.reduce((sum, n) => sum + n, 0), right.reduce((sum, n) => sum + n, 0)]).toEqual([50, 50]);
    expect(left.length).toBe(4);
    expect(shareQuantileBins([1, 1], [1, 1], 20).left.length).toBe(2);
  });
});

describe('curation', () => {
  const pool = { density: [0.5, 0.5], rewards: [0, Math.log(3)] };

  it('r=(0,ln3) equal, K=2: (.375,.625), mean e^r 2 → 2.25 (audit specification H3)', () => {
    const next = curateOnce(pool, 2);
    expect([...next]).toEqual(close([0.375, 0.625]));
    expect(meanReward(pool, true)).toBeCloseTo(2, 12);
    expect(meanReward({ ...pool, density: next }, true)).toBeCloseTo(2.25, 9);
  });

  it('limit of many: (.25,.75), E[r] .549 → .824, and K=500 is near it (judging specification 6.5)', () => {
    const limit = curateLimit(pool);
    expect([...limit]).toEqual(close([0.25, 0.75]));
    expect(meanReward(pool)).toBeCloseTo(0.549, 3);
    expect(meanReward({ ...pool, density: limit })).toBeCloseTo(0.824, 3);
    expect(curateOnce(pool, 500)[1]).toBeCloseTo(0.75, 2);
  });

  it('K=3 equals the expectation written out by hand over the two others', () => {
    const e = [1, 3];
    const expected = e.map((own) => {
      let sum = 0;
      for (const second of e) for (const third of e) sum += (0.25 * 3 * own) / (own + second + third);
      return sum;
    });
    expect([...selectionFactors(pool, 3)]).toEqual(close(expected));
    expect([...selectionFactors(pool, 1)]).toEqual(close([1, 1]));
  });

  it('densities sum to 1 and mean e^r never falls (100 random pools, seed 9)', () => {
    const random = createRandom(9);
    for (let round = 0; round < 100; round++) {
      const size = 2 + random.nextBelow(5);
      const density = Array.from({ length: size }, () => random.next() + 0.01);
      const rewards = Array.from({ length: size }, () => 4 * random.nextNormal());
      const k = 1 + random.nextBelow(20);
      const factors = selectionFactors({ density, rewards }, k);
      const mass = density.reduce((sum, share) => sum + share, 0);
      const total = density.reduce((sum, share, i) => sum + (share / mass) * (factors[i] ?? 0), 0);
      expect(total).toBeCloseTo(1, 6);
      const next = curateOnce({ density, rewards }, k);
      const before = meanReward({ density, rewards }, true);
      expect(meanReward({ density: next, rewards }, true)).toBeGreaterThanOrEqual(before * (1 - 1e-9));
    }
  });

  it('alarms: entropy down by more than a tenth, real share under a fifth; unknown share is no alarm', () => {
    const former = { entropy: 1, realShare: 0.5 };
    expect(findAlarms({ entropy: 0.91, realShare: 0.2 }, former)).toEqual([]);
    expect(findAlarms({ entropy: 0.89, realShare: 0.19 }, former)).toEqual(['entropy_fell', 'little_real']);
    expect(findAlarms({ entropy: 0.1, realShare: null }, undefined)).toEqual([]);
  });
});
