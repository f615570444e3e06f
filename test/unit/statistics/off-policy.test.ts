import { describe, expect, it } from 'vitest';
import {
  effectiveSampleSize,
  estimateOffPolicy,
  importanceWeights,
  listSharpeRatios,
  sharpeRatioAtK,
} from '../../../electron/core/statistics/off-policy.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { rerank } from '../../../electron/core/statistics/reranking.ts';

describe('estimateOffPolicy', () => {
  it('r=(1,0), w=(2,.5): IPS 1, SNIPS .8, ESS 1.471, too few to trust (audit specification C8)', () => {
    const outcome = estimateOffPolicy({ rewards: [1, 0], weights: [2, 0.5] });
    expect(outcome).toMatchObject({ status: 'too_small', ips: 1, doublyRobust: undefined, n: 2 });
    if (outcome.status === 'undefined') return;
    expect(outcome.snips).toBeCloseTo(0.8, 12);
    expect(outcome.effectiveSize).toBeCloseTo(1.471, 3);
  });

  it('leaves out rows whose propensity is 0 and cuts weights at the clip (a row of weight ∞ would rule)', () => {
    const weights = importanceWeights([0, 0.01, 0.5], [0.5, 0.9, 0.25]);
    expect([...weights]).toEqual([Number.NaN, 20, 0.5]);
    expect(estimateOffPolicy({ rewards: [9, 1, 1], weights })).toMatchObject({ n: 2, ips: 10.25 });
    expect(importanceWeights([0.1], [0.4], 3)[0]).toBe(3);
  });

  it('DR equals the model where the model is right, and IPS where it says 0 (hand calculation)', () => {
    const base = { rewards: [1, 0, 1], weights: [2, 1, 0.5] };
    const zero = estimateOffPolicy({ ...base, predictedLogged: [0, 0, 0], predictedPolicy: [0, 0, 0] });
    const right = estimateOffPolicy({
      ...base,
      predictedLogged: [1, 0, 1],
      predictedPolicy: [0.4, 0.5, 0.9],
    });
    if (zero.status === 'undefined' || right.status === 'undefined') throw new Error('undefined');
    expect(zero.doublyRobust).toBeCloseTo(zero.ips, 12);
    expect(right.doublyRobust).toBeCloseTo(0.6, 12);
  });

  it('SNIPS of a constant reward is that reward for any weights, and ESS is at most n (500 random draws, seed 3)', () => {
    const random = createRandom(3);
    for (let round = 0; round < 500; round++) {
      const weights = Array.from({ length: 1 + random.nextBelow(20) }, () => random.next() + 0.01);
      const outcome = estimateOffPolicy({ rewards: weights.map(() => 0.7), weights });
      if (outcome.status === 'undefined') throw new Error('undefined');
      expect(outcome.snips).toBeCloseTo(0.7, 10);
      expect(outcome.effectiveSize).toBeLessThanOrEqual(weights.length + 1e-9);
      expect(effectiveSampleSize(weights)).toBeCloseTo(outcome.effectiveSize, 10);
    }
  });
});

describe('sharpeRatioAtK', () => {
  it('J=(10,6,8), J_b=5: 3.062 as documented, 2.5 as coded (audit specification C8)', () => {
    expect(sharpeRatioAtK([10, 6, 8], 5)).toMatchObject({ k: 3, value: expect.closeTo(3.062, 3) as number });
    expect(sharpeRatioAtK([10, 6, 8], 5, { ddof: 1 })).toMatchObject({
      value: expect.closeTo(2.5, 10) as number,
    });
  });

  it('needs two policies with different values', () => {
    expect(sharpeRatioAtK([10], 5)).toEqual({ status: 'undefined', reason: 'too_few' });
    expect(sharpeRatioAtK([4, 4], 5)).toEqual({ status: 'undefined', reason: 'zero_variance' });
    expect(listSharpeRatios([10, 10, 8], 5).map(({ k, value }) => [k, value === null])).toEqual([
      [2, true],
      [3, false],
    ]);
  });
});

describe('rerank', () => {
  it('softmax over distinct candidates only: a repeated text must not count twice', () => {
    const result = rerank([0, Math.log(3), Math.log(3)], ['x', 'y', 'y']);
    expect(result.chosen).toBe(1);
    expect([...result.probabilities]).toEqual([expect.closeTo(0.25, 12), expect.closeTo(0.75, 12), 0]);
    expect(result.gain).toBeCloseTo(0.75 * Math.log(3) - Math.log(3) / 2, 12);
    expect(result.isChanged).toBe(true);
  });

  it('β → 0 is the best candidate for sure; equal scores keep the first', () => {
    expect([...rerank([1, 2], ['a', 'b'], 0).probabilities]).toEqual([0, 1]);
    expect(rerank([2, 2], ['a', 'b']).isChanged).toBe(false);
    expect(() => rerank([], [])).toThrow(RangeError);
  });
});
