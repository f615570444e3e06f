import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import {
  predictQuality,
  rougeOne,
  routeGain,
  routeRows,
  routingCurve,
} from '../../../electron/core/statistics/routing.ts';
import {
  isReliable,
  passUncertainty,
  samplingWeights,
  screenPairs,
} from '../../../electron/core/statistics/uncertainty.ts';

describe('routing to people', () => {
  const model = { linear: [0.3, -0.2, 0] };

  it('coefficients (.3,−.2,0): tags give .1, −.2, .3; budget 1 takes the third (judging specification 6.2)', () => {
    const gains = [[1, 1, 0], [0, 1, 0], [1, 0, 1]].map((tags) => routeGain(model, tags)); // prettier-ignore
    expect(gains).toEqual([expect.closeTo(0.1, 12), expect.closeTo(-0.2, 12), expect.closeTo(0.3, 12)]);
    expect(routeRows(gains, 1)).toEqual([false, false, true]);
    expect(routeRows(gains)).toEqual([true, false, true]);
  });

  it('a quadratic model adds the products of counts', () => {
    expect(predictQuality({ linear: [1, 0], quadratic: [-0.1, 0.5, 0, 0] }, [2, 3])).toBeCloseTo(
      2 - 0.4 + 3,
      12,
    );
  });

  it('the curve of the best-first order is never below the random one and ends at the same total (seed 6)', () => {
    const random = createRandom(6);
    const gains = Array.from({ length: 57 }, () => random.nextNormal());
    const curve = routingCurve(gains, 10);
    expect(curve.every((point) => point.routed >= point.random - 1e-9)).toBe(true);
    expect(curve.at(-1)?.routed).toBeCloseTo(curve.at(-1)?.random ?? Number.NaN, 9);
  });

  it('ROUGE-1 counts a repeated word as often as both sides have it', () => {
    expect(rougeOne(['the', 'cat', 'the'], ['the', 'dog'])).toBeCloseTo(2 / 5, 12);
    expect(rougeOne(['a', 'b'], ['b', 'a'])).toBe(1);
    expect(rougeOne(['a'], [])).toBe(0);
  });
});

describe('uncertainty over passes', () => {
  it('p=.9,.1: B .368; .5,.5: B 0 though H is .693 (judging specification 6.1)', () => {
    expect(passUncertainty([0.9, 0.1]).bald).toBeCloseTo(0.368, 3);
    expect(passUncertainty([0.5, 0.5])).toMatchObject({ bald: 0, total: expect.closeTo(0.693, 3) as number });
    expect(passUncertainty([1, 1])).toMatchObject({ bald: 0, total: 0 });
  });

  it('six responses leave 9 of 15 pairs, each from the upper to the lower half', () => {
    const pairs = screenPairs([5, 1, 4, 2, 6, 3]);
    expect(pairs.length).toBe(9);
    expect(pairs.every(({ winner, loser }) => [0, 2, 4].includes(winner) && [1, 3, 5].includes(loser))).toBe(
      true,
    );
    expect(screenPairs([1, 2, 3]).length).toBe(1);
  });

  it('weights sum to 1 and fall with uncertainty; reliable needs both halves of the rule', () => {
    const weights = samplingWeights([0, 0.5]);
    expect(weights[0]).toBeCloseTo(2 / 3, 12);
    expect(samplingWeights([0, 0.5], 2)[0]).toBeCloseTo(0.8, 12);
    const sure = passUncertainty([0.9, 0.9]);
    expect(isReliable(sure, 0.1)).toBe(true);
    expect(isReliable(sure, 0)).toBe(true);
    expect(isReliable(passUncertainty([0.9, 0.7]), 0)).toBe(false);
    expect(isReliable(passUncertainty([0.6, 0.6]), 0.1)).toBe(false);
  });
});
