import { describe, expect, it } from 'vitest';
import { computePrincipleMetrics } from '../../../electron/core/statistics/principle-metrics.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';

describe('computePrincipleMetrics', () => {
  it('30 for, 10 against, 60 not applicable: the five formulas by hand', () => {
    expect(computePrincipleMetrics({ for: 30, against: 10, notApplicable: 60 })).toEqual({
      status: 'ok',
      n: 100,
      agreement: 0.3,
      relevance: 0.4,
      accuracy: 0.75,
      hasVotes: true,
      adjustedKappa: 0.5,
      strength: 0.2,
    });
  });

  it('a principle that never votes has accuracy 0.5 (not 0), kappa 0, strength 0, and says so', () => {
    expect(computePrincipleMetrics({ for: 0, against: 0, notApplicable: 7 })).toMatchObject({
      accuracy: 0.5,
      adjustedKappa: 0,
      strength: 0,
      relevance: 0,
      hasVotes: false,
    });
  });

  it('is undefined over no rows, and refuses negative counts', () => {
    expect(computePrincipleMetrics({ for: 0, against: 0, notApplicable: 0 })).toEqual({
      status: 'undefined',
      reason: 'no_data',
    });
    expect(() => computePrincipleMetrics({ for: -1, against: 0, notApplicable: 2 })).toThrow(RangeError);
  });

  it.each([101, 102, 103])(
    'strength·n = for − against, and = relevance × adjusted kappa (seed %i)',
    (seed) => {
      const random = createRandom(seed);
      for (let i = 0; i < 200; i++) {
        const counts = {
          for: random.nextBelow(1000),
          against: random.nextBelow(1000),
          notApplicable: 1 + random.nextBelow(1000),
        };
        const metrics = computePrincipleMetrics(counts);
        if (metrics.status === 'undefined') throw new Error(metrics.reason);
        expect(metrics.strength * metrics.n).toBeCloseTo(counts.for - counts.against, 8);
        expect(metrics.strength).toBeCloseTo(metrics.relevance * metrics.adjustedKappa, 12);
        const reversed = computePrincipleMetrics({ ...counts, for: counts.against, against: counts.for });
        if (reversed.status === 'undefined') throw new Error(reversed.reason);
        expect(reversed.strength).toBeCloseTo(-metrics.strength, 12);
      }
    },
  );
});
