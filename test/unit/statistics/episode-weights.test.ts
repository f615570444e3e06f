import { describe, expect, it } from 'vitest';
import {
  advantages,
  positiveSideVariance,
  weighEpisodes,
} from '../../../electron/core/statistics/episode-weights.ts';
import { effectiveSampleSize } from '../../../electron/core/statistics/off-policy.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import {
  d4rlScore,
  normaliseScore,
  noveltyDistance,
  quadrantOf,
  stateActionCoverage,
} from '../../../electron/core/statistics/trajectory-profile.ts';

const close = (values: number[], digits = 4) =>
  values.map((value) => expect.closeTo(value, digits) as number);

describe('weighEpisodes', () => {
  it('G=(0,5,10), T=(1,1,2), α=.5: per episode, per step and PSV (audit specification C2)', () => {
    const per = (unit: 'episode' | 'step') => [
      ...weighEpisodes([0, 5, 10], [1, 1, 2], { temperature: 0.5, per: unit }),
    ];
    expect(per('episode')).toEqual(close([0.09, 0.2447, 0.6652]));
    expect(per('step')).toEqual(close([0.0541, 0.147, 0.799]));
    expect(positiveSideVariance([0, 5, 10])).toBeCloseTo(8.3333, 4);
  });

  it('equal returns are weighed uniformly, and an α near 0 does not overflow', () => {
    expect([...weighEpisodes([3, 3], [1, 9])]).toEqual([0.5, 0.5]);
    expect([...weighEpisodes([0, 1000], [1, 1], { temperature: 1e-6 })]).toEqual([0, 1]);
    expect(() => weighEpisodes([1], [1], { temperature: 0 })).toThrow(RangeError);
  });

  it('does not depend on shift or scale of the returns (200 random sets, seed 7)', () => {
    const random = createRandom(7);
    for (let round = 0; round < 200; round++) {
      const returns = Array.from({ length: 2 + random.nextBelow(8) }, () => random.nextNormal());
      const lengths = returns.map(() => 1 + random.nextBelow(9));
      const weights = weighEpisodes(returns, lengths, { per: 'step' });
      const moved = weighEpisodes(
        returns.map((value) => 40 - 3 * -value),
        lengths,
        { per: 'step' },
      );
      expect([...moved]).toEqual(close([...weights], 9));
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      expect(effectiveSampleSize(weights)).toBeLessThanOrEqual(returns.length + 1e-9);
    }
  });

  it('advantages take out what the first state predicts: an exact line leaves 0', () => {
    const left = advantages([1, 3, 5, 8], [[0, 1, 2, 3]]);
    const exact = advantages([1, 3, 5, 7], [[0, 1, 2, 3]]);
    expect([...exact]).toEqual(close([0, 0, 0, 0], 6));
    expect(left.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
    expect([...advantages([1, 3], [[2, 2], [4, 4]])].map((x) => x.toFixed(3))).toEqual(['-1.000', '1.000']); // prettier-ignore
  });
});

describe('trajectory profile', () => {
  it('mean return 6 in [2,10] is TQ .5; 30 of 120 SACo .25; 1200 in [200,2200] D4RL 50 (audit specification C3)', () => {
    expect(normaliseScore(6, { random: 2, expert: 10 })).toEqual({ status: 'ok', value: 0.5 });
    expect(stateActionCoverage(30, 120)).toEqual({ status: 'ok', value: 0.25 });
    expect(d4rlScore(1200, { random: 200, expert: 2200 })).toEqual({ status: 'ok', value: 50 });
  });

  it('is not cut to [0, 1] and is undefined for equal references', () => {
    expect(normaliseScore(12, { random: 2, expert: 10 })).toMatchObject({ value: 1.25 });
    expect(d4rlScore(1, { random: 2, expert: 2 }).status).toBe('undefined');
    expect(stateActionCoverage(3, 0).status).toBe('undefined');
    expect(quadrantOf(0.9, 0.1)).toBe('imitate');
    expect(quadrantOf(0.1, 0.9)).toBe('explore');
  });

  it('β=2, query (1,0), data (1.5,0) and (1,3): distance 1 (audit specification C3)', () => {
    const data = [
      { state: [1.5], action: [0] },
      { state: [1], action: [3] },
    ];
    expect(noveltyDistance({ state: [1], action: [0] }, data)).toBe(1);
    expect(noveltyDistance({ state: [1], action: [0] }, data, 1)).toBe(0.5);
    expect(noveltyDistance({ state: [1], action: [0] }, [])).toBe(Number.POSITIVE_INFINITY);
  });
});
