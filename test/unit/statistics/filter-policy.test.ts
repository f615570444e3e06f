import { describe, expect, it } from 'vitest';
import {
  binByReward,
  filterStrategies,
  filterWeights,
  fitLine,
  strategyReliability,
} from '../../../electron/core/statistics/filter-policy.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import {
  acceptanceProbabilities,
  pairwiseReward,
  sampleByRejection,
} from '../../../electron/core/statistics/rejection-sampling.ts';

describe('policy filtration', () => {
  it('x=1,2,3,4; s=1,2,2,3: slope .6, R² .9; four responses best-random .5,.1667×3 (judging specification 5.5)', () => {
    expect(fitLine([1, 2, 3, 4], [1, 2, 2, 3])).toMatchObject({
      slope: expect.closeTo(0.6, 12) as number,
      r2: expect.closeTo(0.9, 12) as number,
    });
    const shares = [...filterWeights(4, 'best_random')];
    expect(shares).toEqual([0.5, ...Array<number>(3).fill(expect.closeTo(1 / 6, 12) as number)]);
    expect([...filterWeights(4, 'best_worst')]).toEqual([0.5, 0, 0, 0.5]);
    expect([...filterWeights(3, 'best_of_n')]).toEqual([1, 0, 0]);
  });

  it('weights sum to 1 for every strategy and number of responses (one response included)', () => {
    for (const strategy of filterStrategies)
      for (let n = 1; n < 8; n++)
        expect(filterWeights(n, strategy).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  });

  it('finds that the middle of the rewards is not to be trusted: best-worst beats none (seed 4)', () => {
    const random = createRandom(4);
    const rewards = Array.from({ length: 4000 }, () => 2 * random.next() - 1);
    const gold = rewards.map((r) => (Math.abs(r) < 0.6 ? random.nextNormal() * 4 : Math.sign(r)));
    const extremes = rewards.map((r) => (Math.abs(r) < 0.6 ? 0 : 1));
    const all = strategyReliability(rewards, gold, rewards.map(() => 1)); // prettier-ignore
    const ends = strategyReliability(rewards, gold, extremes);
    if (all.status === 'undefined' || ends.status === 'undefined') throw new Error('undefined');
    expect(ends.r2).toBeGreaterThan(all.r2);
    expect(all.bins.reduce((sum, bin) => sum + bin.n, 0)).toBe(4000);
    expect(strategyReliability([1, 2], [1, 2], [1, 1]).status).toBe('too_small');
    expect(strategyReliability([1, 2], [3, 3], [1, 1]).status).toBe('undefined');
  });

  it('bins hold every weighted row once', () => {
    const bins = binByReward([1, 1, 1, 2], [0, 0, 0, 1], { bins: 4, weights: [1, 1, 0, 1] });
    expect(bins.reduce((sum, bin) => sum + bin.n, 0)).toBe(3);
  });
});

describe('statistical rejection sampling', () => {
  it('rewards 2,1,0 at β=.5: 1, .1353, .0183; P=.8 is 1.386 (judging specification 5.4)', () => {
    expect([...acceptanceProbabilities([2, 1, 0])]).toEqual([
      1,
      expect.closeTo(0.1353, 4),
      expect.closeTo(0.0183, 4),
    ]);
    expect(pairwiseReward(0.8)).toBeCloseTo(1.386, 3);
    expect(pairwiseReward(1)).toBeCloseTo(Math.log(9999), 9);
  });

  it('stops when candidates run out, keeps equal rewards apart and repeats under one seed', () => {
    const all = sampleByRejection([1, 1, 1], { size: 10, seed: 1 });
    expect(all.map((one) => one.index).sort()).toEqual([0, 1, 2]);
    const draw = () => sampleByRejection([3, 2, 1, 0, 2], { size: 3, seed: 42 });
    expect(draw()).toEqual(draw());
    expect(new Set(draw().map((one) => one.index)).size).toBe(3);
  });

  it('β = 0 is top-k; a large β is uniform: each of 5 taken 40 % of the time for size 2 (seeds 1 to 4000)', () => {
    expect(sampleByRejection([0, 5, 3], { size: 2, beta: 0, seed: 1 }).map((one) => one.index)).toEqual([
      1, 2,
    ]);
    const taken = [0, 0, 0, 0, 0];
    for (let seed = 1; seed <= 4000; seed++)
      for (const { index } of sampleByRejection([2, 1, 0, 1, 2], { size: 2, beta: 1e9, seed }))
        taken[index] = (taken[index] ?? 0) + 1;
    // Four standard errors of a share of 0.4 over 4,000 draws are 0.031.
    for (const count of taken) expect(Math.abs(count / 4000 - 0.4)).toBeLessThan(0.031);
  });
});
