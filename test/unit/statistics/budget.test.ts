import { describe, expect, it } from 'vitest';
import {
  allocateBudget,
  allocateEvenly,
  allocateInClosedForm,
  type BudgetGroup,
} from '../../../electron/core/statistics/budget.ts';
import {
  fitLearningCurve,
  predictLoss,
  predictLossInterval,
} from '../../../electron/core/statistics/learning-curve.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';

const curvePoints = (a: number, b: number, floor = 0) =>
  [10, 30, 100, 300].map((n) => ({ n, loss: a * n ** -b + floor }));
const group = (name: string, a: number, more: Partial<BudgetGroup> = {}): BudgetGroup => ({
  name,
  cost: 1,
  weight: 1,
  points: curvePoints(a, 1),
  ...more,
});

describe('learning curves', () => {
  it('recovers a, b and the floor of exact points', () => {
    const fit = fitLearningCurve(curvePoints(3, 0.7, 0.2));
    if (fit.status === 'undefined') throw new Error(fit.reason);
    expect(fit.b).toBeCloseTo(0.7, 1);
    expect(fit.floor).toBeCloseTo(0.2, 1);
    expect(predictLoss(fit, 1000)).toBeCloseTo(3 * 1000 ** -0.7 + 0.2, 2);
  });

  it('needs three points that fall, and claims no interval for an exact fit', () => {
    expect(fitLearningCurve([{ n: 1, loss: 1 }])).toMatchObject({ reason: 'too_few' });
    expect(fitLearningCurve([1, 2, 3].map((n) => ({ n, loss: n })))).toMatchObject({
      reason: 'not_converged',
    });
    expect(fitLearningCurve([5, 5, 5].map((n) => ({ n, loss: 1 })))).toMatchObject({ reason: 'singular' });
    const exact = fitLearningCurve(curvePoints(2, 1));
    if (exact.status === 'undefined') throw new Error(exact.reason);
    expect(predictLossInterval(exact, 50).status).toBe('undefined');
  });

  it('the interval holds the prediction and widens away from the data', () => {
    const fit = fitLearningCurve(
      [10, 20, 50, 100, 200].map((n, i) => ({ n, loss: (2 / n) * (i % 2 ? 1.1 : 0.9) })),
    );
    if (fit.status === 'undefined') throw new Error(fit.reason);
    const near = predictLossInterval(fit, 45);
    const far = predictLossInterval(fit, 5000);
    if (near.status === 'undefined' || far.status === 'undefined') throw new Error('undefined');
    expect(near.lower).toBeLessThan(predictLoss(fit, 45));
    expect(near.upper).toBeGreaterThan(predictLoss(fit, 45));
    expect(far.upper / far.lower).toBeGreaterThan(near.upper / near.lower);
  });
});

describe('allocateBudget', () => {
  it('a=(1,4), w=c=1, B=300: 100 and 200, greedily and in closed form (audit specification C5)', () => {
    const shares = allocateBudget([group('one', 1), group('two', 4)], { budget: 300 });
    expect(shares.map((share) => share.n)).toEqual([100, 200]);
    const closed = allocateInClosedForm([{ a: 1, weight: 1, cost: 1 }, { a: 4, weight: 1, cost: 1 }], 300); // prettier-ignore
    expect(closed).toEqual([expect.closeTo(100, 9), expect.closeTo(200, 9)]);
  });

  it('follows the closed form within a few rows for unequal costs and weights (30 random sets, seed 8)', () => {
    const random = createRandom(8);
    for (let round = 0; round < 30; round++) {
      const sets = Array.from({ length: 3 }, () => ({
        a: 1 + 4 * random.next(),
        weight: 0.5 + random.next(),
        cost: 1 + random.nextBelow(3),
      }));
      const shares = allocateBudget(
        sets.map((set, i) => group(`g${i}`, set.a, { cost: set.cost, weight: set.weight })),
        { budget: 600 },
      );
      const closed = allocateInClosedForm(sets, 600);
      for (const [i, share] of shares.entries()) expect(Math.abs(share.n - (closed[i] ?? 0))).toBeLessThan(4);
      const spent = shares.reduce((sum, share, i) => sum + share.n * (sets[i]?.cost ?? 0), 0);
      expect(spent).toBeLessThanOrEqual(600);
      expect(spent).toBeGreaterThan(596);
    }
  });

  it('keeps to the bounds, adds to what is there, and max-min evens out the losses', () => {
    const bounded = allocateBudget([group('one', 1), group('two', 4, { most: 120 })], { budget: 300 });
    expect(bounded.map((share) => share.n)).toEqual([180, 120]);
    const later = allocateBudget([group('one', 1, { collected: 100 }), group('two', 4, { collected: 20 })], {
      budget: 30,
    });
    expect(later.map((share) => share.n)).toEqual([100, 50]);
    const even = allocateBudget([group('one', 1), group('two', 4)], { budget: 300, objective: 'max_min' });
    expect(Math.abs((even[0]?.loss ?? 0) - (even[1]?.loss ?? 1))).toBeLessThan(0.001);
  });

  it('few points borrow the slope of the others; a rising loss gets an equal share', () => {
    const shares = allocateBudget(
      [
        group('one', 1),
        group('few', 4, { points: [{ n: 10, loss: 0.4 }] }),
        group('rising', 1, { points: [1, 2, 3].map((n) => ({ n, loss: n })) }),
      ],
      { budget: 300 },
    );
    expect(shares.map((share) => share.basis)).toEqual(['curve', 'pooled', 'equal_share']);
    expect(shares[2]).toMatchObject({ n: 100, loss: null });
    expect(shares[1]?.n).toBeGreaterThan(shares[0]?.n ?? 0);
  });

  it('splits evenly and in proportion for comparison', () => {
    const groups = [group('one', 1, { collected: 10 }), group('two', 4, { collected: 30 })];
    expect(allocateEvenly(groups, 100, 'equal')).toEqual([50, 50]);
    expect(allocateEvenly(groups, 100, 'proportional')).toEqual([25, 75]);
    expect(() => allocateBudget(groups, { budget: 0 })).toThrow(RangeError);
  });
});
