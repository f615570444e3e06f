import { describe, expect, it } from 'vitest';
import {
  choiceProbability,
  fitPal,
  type PalChoices,
  predictPal,
} from '../../../electron/core/statistics/pal.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import {
  measureConcentration,
  measureGroup,
  testGroup,
} from '../../../electron/core/statistics/rater-diversity.ts';
import {
  chooseModel,
  drawPanels,
  meanWelfare,
  totalVariation,
} from '../../../electron/core/statistics/welfare.ts';

describe('agreement inside and across groups', () => {
  it('votes {1,1},{0,0},{1,1} against {1},{0},{0}: IRR 1, κx .4, GAI 2.5 (audit specification E2)', () => {
    const found = measureGroup({ categories: 2, inside: [0, 2, 2, 0, 0, 2], outside: [0, 1, 1, 0, 1, 0] });
    expect(found.irr).toBeCloseTo(1, 9);
    expect(found.xrr).toBeCloseTo(0.4, 9);
    expect(found.gai).toBeCloseTo(2.5, 9);
    expect(found.sharedItems).toBe(3);
  });

  it('has no GAI where the groups disagree more than by chance', () => {
    const found = measureGroup({ categories: 2, inside: [0, 2, 2, 0], outside: [2, 0, 0, 2] });
    expect(found.xrr).toBeLessThan(0);
    expect(found.gai).toBeNaN();
  });

  it('concentration of 3:1 is plurality .75, negentropy ln 2 − H', () => {
    const found = measureConcentration([3, 1]);
    const entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
    expect(found.plurality).toBe(0.75);
    expect(found.negentropy).toBeCloseTo(Math.LN2 - entropy, 12);
  });

  /** Group 1 answers by the item's parity, group 0 by it or at random. */
  function makeVotes(otherNoise: number, seed: number) {
    const random = createRandom(seed);
    const cells = Array.from({ length: 24 }, (_, rater) =>
      Array.from({ length: 20 }, (__, item) => {
        const noise = rater < 12 ? 0.05 : otherNoise;
        const truth = item % 2;
        return { rater, item, category: random.next() < noise ? 1 - truth : truth };
      }),
    ).flat();
    return {
      items: 20,
      raters: 24,
      categories: 2,
      item: cells.map((cell) => cell.item),
      rater: cells.map((cell) => cell.rater),
      category: cells.map((cell) => cell.category),
    };
  }
  const member = Array.from({ length: 24 }, (_, rater) => (rater < 12 ? 1 : 0));

  it('permutation finds a group that agrees more with itself, and not one made by chance (repeatable by seed)', async () => {
    const real = await testGroup(makeVotes(0.4, 1), member, { seed: 1, rounds: 300 });
    const none = await testGroup(makeVotes(0.05, 2), member, { seed: 1, rounds: 300 });
    expect(real.gai).toBeGreaterThan(1);
    expect(real.p).toBeLessThan(0.05);
    expect(real).toMatchObject({ members: 12, votes: 240 });
    expect(none.p).toBeGreaterThan(0.05);
    expect(await testGroup(makeVotes(0.05, 2), member, { seed: 1, rounds: 300 })).toEqual(none);
  });
});

describe('welfare', () => {
  const table = { raters: 2, models: 2, means: [90, 50, 40, 60] };

  it('u1 (90,50), u2 (40,60): A is chosen and u2’s welfare is 40 (audit specification E3)', () => {
    expect(chooseModel(table, [0, 1])).toBe(0);
    expect(meanWelfare(table, [1], 0)).toBe(40);
  });

  it('vetoes and choice shares can choose another model than the mean', () => {
    const vetoed = { raters: 3, models: 2, means: [100, 60, 100, 60, 5, 60] };
    expect(chooseModel(vetoed, [0, 1, 2])).toBe(0);
    expect(chooseModel(vetoed, [0, 1, 2], { rule: 'veto' })).toBe(1);
    expect(chooseModel(vetoed, [2, 2, 0], { rule: 'choice' })).toBe(1);
    expect(chooseModel({ raters: 1, models: 1, means: [Number.NaN] }, [0])).toBe(-1);
  });

  it('panels of one group only serve that group', async () => {
    const only = await drawPanels(table, [[0, 1], [0], [1]], { size: 10, from: [1], draws: 50, seed: 1 });
    expect(Array.from(only.chosen)).toEqual([0, 1]);
    expect(only.welfare.map((spread) => spread?.median)).toEqual([55, 50, 60]);
  });

  it('total variation of 30:10 against even is .25', () => {
    expect(totalVariation([30, 10], [1, 1])).toBeCloseTo(0.25, 12);
  });
});

describe('PAL', () => {
  it('a = 0, f1 = (1,0), f2 = (2,0) → .953 (judging specification 6.4)', () => {
    expect(choiceProbability([0, 0], [1, 0], [2, 0])).toBeCloseTo(0.953, 3);
  });

  /** 20 users, half with the ideal (1,0), half (−1,0), Gaussian items in two dimensions. */
  function simulate(pairsPerUser: number, seed: number): PalChoices {
    const random = createRandom(seed);
    const user: number[] = [];
    const difference: number[] = [];
    const offset: number[] = [];
    for (let u = 0; u < 20; u++) {
      const ideal = [u < 10 ? 1 : -1, 0];
      for (let pair = 0; pair < pairsPerUser; pair++) {
        const first = [random.nextNormal(), random.nextNormal()];
        const second = [random.nextNormal(), random.nextNormal()];
        const wins = choiceProbability(ideal, first, second) > 0.5;
        const [chosen, rejected] = wins ? [first, second] : [second, first];
        user.push(u);
        difference.push(...chosen.map((value, d) => value - (rejected[d] ?? 0)));
        offset.push(rejected.reduce((sum, x) => sum + x * x, 0) - chosen.reduce((sum, x) => sum + x * x, 0));
      }
    }
    return {
      users: 20,
      dimensions: 2,
      user,
      difference: Float64Array.from(difference),
      offset: Float64Array.from(offset),
    };
  }
  const accuracy = (p: Float64Array) => p.filter((value) => value > 0.5).length / p.length;

  it('two camps: one group predicts about .70, two about .95, and the mixes separate the camps', async () => {
    const [train, test] = [simulate(30, 1), simulate(50, 2)];
    const one = await fitPal(train, { groups: 1, seed: 1 });
    const two = await fitPal(train, { groups: 2, seed: 1 });
    expect(accuracy(predictPal(test, one))).toBeGreaterThan(0.6);
    expect(accuracy(predictPal(test, one))).toBeLessThan(0.78);
    expect(accuracy(predictPal(test, two))).toBeGreaterThan(0.92);
    const firstShare = Array.from({ length: 20 }, (_, u) => two.mix[u * 2] ?? 0);
    const side = (share: number) => share > 0.5;
    expect(new Set(firstShare.slice(0, 10).map(side)).size).toBe(1);
    expect(new Set(firstShare.slice(10).map(side)).size).toBe(1);
    expect(side(firstShare[0] ?? 0)).not.toBe(side(firstShare[10] ?? 0));
  });

  it('is the same for the same seed and can be aborted', async () => {
    const train = simulate(10, 3);
    const first = await fitPal(train, { groups: 2, seed: 5, steps: 20 });
    expect(await fitPal(train, { groups: 2, seed: 5, steps: 20 })).toEqual(first);
    await expect(fitPal(train, { groups: 2, seed: 5, signal: AbortSignal.abort() })).rejects.toThrow();
  });
});
