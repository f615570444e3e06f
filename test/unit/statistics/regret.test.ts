import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import {
  compareModels,
  fitPreferenceModel,
  regretPreference,
  returnPreference,
  segmentRegret,
} from '../../../electron/core/statistics/regret.ts';

const first = { totalReward: -3, startValue: 10, endValue: 6 };
const second = { totalReward: -2, startValue: 5, endValue: 4 };

describe('return and regret', () => {
  it('segments of the specification: regrets 7 and 3, P .2689 by return and .0180 by regret (B4)', () => {
    expect([segmentRegret(first), segmentRegret(second)]).toEqual([7, 3]);
    expect(returnPreference(first, second)).toBeCloseTo(0.2689, 4);
    expect(regretPreference(first, second)).toBeCloseTo(0.018, 4);
    expect(regretPreference(second, first)).toBeCloseTo(1 - 0.018, 4);
  });

  it('recovers k = 1.5 from simulated votes and finds the model that made them (2,000 pairs, seed 11)', async () => {
    const random = createRandom(11);
    const byRegret = Float64Array.from({ length: 2000 }, () => random.nextNormal());
    const byReturn = byRegret.map((value) => 0.5 * value + random.nextNormal());
    const votes = byRegret.map((x) => Number(random.next() < 1 / (1 + Math.exp(-1.5 * x))));
    const regretFit = await fitPreferenceModel(byRegret, votes);
    const returnFit = await fitPreferenceModel(byReturn, votes);
    if (regretFit.status === 'undefined' || returnFit.status === 'undefined') throw new Error('undefined');
    expect(regretFit.k).toBeGreaterThan(1.3);
    expect(regretFit.k).toBeLessThan(1.7);
    expect(regretFit.accuracy).toBeGreaterThan(returnFit.accuracy);
    const { winner, logLikelihoodDifference } = await compareModels(returnFit, regretFit, { seed: 1 });
    expect(winner).toBe('regret');
    expect(logLikelihoodDifference).toMatchObject({ status: 'ok', clusters: 2000 });
    const reversed = await compareModels(regretFit, returnFit, { seed: 1 });
    expect(reversed.winner).toBe('return');
  });

  it('k does not depend on the unit beyond its own: rewards ten times larger give a tenth', async () => {
    const x = [1, -1, 2, 0.5, -0.5, 1.5];
    const votes = [1, 0, 1, 0, 0.5, 1];
    const plain = await fitPreferenceModel(x, votes);
    const tenfold = await fitPreferenceModel(x.map((value) => value * 10), votes); // prettier-ignore
    if (plain.status === 'undefined' || tenfold.status === 'undefined') throw new Error('undefined');
    expect(tenfold.k * 10).toBeCloseTo(plain.k, 8);
    expect(tenfold.logLikelihood).toBeCloseTo(plain.logLikelihood, 8);
  });

  it('equal models stay undecided; without pairs or differences there is no fit', async () => {
    const fit = await fitPreferenceModel([1, -1, 2, -2, 1], [1, 0, 1, 1, 0]);
    if (fit.status === 'undefined') throw new Error('undefined');
    expect((await compareModels(fit, fit, { seed: 1 })).winner).toBe('undecided');
    expect(await fitPreferenceModel([], [])).toEqual({ status: 'undefined', reason: 'no_data' });
    expect(await fitPreferenceModel([0, 0], [1, 0])).toEqual({
      status: 'undefined',
      reason: 'zero_variance',
    });
  });
});
