import { describe, expect, it } from 'vitest';
import { categoryDivergence } from '../../../electron/core/statistics/category-divergence.ts';
import {
  debiasWeights,
  flipRateFromDisagreement,
  preferenceLosses,
} from '../../../electron/core/statistics/flip-rate.ts';
import { falseNegativeProbability } from '../../../electron/core/statistics/unvoted.ts';

describe('flip rate', () => {
  it('disagreement .18 is a flip rate of .1 with weights 1.125 and −.125 (audit specification B2)', () => {
    const outcome = flipRateFromDisagreement(18, 100);
    if (outcome.status === 'undefined') throw new Error(outcome.reason);
    expect(outcome.flipRate).toBeCloseTo(0.1, 12);
    expect(outcome.standardError).toBeCloseTo(Math.sqrt((0.18 * 0.82) / 100) / (2 * 0.8), 12);
    const weights = debiasWeights(0.1);
    expect(weights.recorded).toBeCloseTo(1.125, 12);
    expect(weights.reversed).toBeCloseTo(-0.125, 12);
  });

  it('at margin 1: loss .3133, reversed 1.3133, robust .1883, conservative .4133 (audit specification B2)', () => {
    const losses = preferenceLosses(1, 0.1);
    expect(losses.plain).toBeCloseTo(0.3133, 4);
    expect(losses.reversed).toBeCloseTo(1.3133, 4);
    expect(losses.robust).toBeCloseTo(0.1883, 4);
    expect(losses.conservative).toBeCloseTo(0.4133, 4);
  });

  it('the robust loss is unbiased: averaged over flips at rate ε it is the clean loss', () => {
    const [plus, minus] = [preferenceLosses(0.7, 0.2), preferenceLosses(-0.7, 0.2)];
    expect(0.8 * plus.robust + 0.2 * minus.robust).toBeCloseTo(plus.plain, 12);
  });

  it('does not exist at or above one half', () => {
    expect(flipRateFromDisagreement(50, 100).status).toBe('undefined');
    expect(flipRateFromDisagreement(0, 0).status).toBe('undefined');
    expect(() => debiasWeights(0.5)).toThrow(RangeError);
  });

  it('no disagreement among 30 does not claim certainty: upper end above 0', () => {
    const outcome = flipRateFromDisagreement(0, 30);
    if (outcome.status === 'undefined') throw new Error(outcome.reason);
    expect(outcome.upper).toBeCloseTo(0.05, 12);
  });
});

describe('unvoted responses', () => {
  it('s = .5, g = .5 → 1/3 (audit specification B3)', () => {
    expect(falseNegativeProbability(0.5, 0.5)).toBeCloseTo(1 / 3, 12);
    expect(falseNegativeProbability(1, 0)).toBe(0);
    expect(falseNegativeProbability(1, 0.2)).toBe(1);
  });
});

describe('category divergence', () => {
  it('counts (3,1) against (.5,.5) are .1308 nats (audit specification A4)', () => {
    const found = categoryDivergence([3, 1], [0.5, 0.5]);
    expect(found.divergence).toBeCloseTo(0.1308, 4);
    expect(found.isSmoothed).toBe(false);
  });

  it('a category without target is smoothed and flagged instead of infinite; an uncounted one contributes nothing', () => {
    const found = categoryDivergence([2, 2], [1, 0]);
    expect(found.isSmoothed).toBe(true);
    expect(found.divergence).toBeCloseTo(0.5 * Math.log(0.5 / 0.75) + 0.5 * Math.log(0.5 / 0.25), 12);
    expect(categoryDivergence([4, 0], [0.5, 0.5]).divergence).toBeCloseTo(Math.LN2, 12);
  });
});
