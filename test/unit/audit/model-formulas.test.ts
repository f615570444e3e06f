import { describe, expect, it } from 'vitest';
import { associationTest } from '../../../electron/core/audit/audits/models/bias-embedding.ts';
import { biasScore } from '../../../electron/core/audit/audits/models/bias-probability.ts';
import { masks } from '../../../electron/core/audit/audits/models/judge-shortcuts.ts';
import { padResponse } from '../../../electron/core/audit/audits/models/judge-verbosity.ts';
import { meanOfUnits } from '../../../electron/core/audit/audits/models/model-figures.ts';
import { swapTerms } from '../../../electron/core/audit/audits/models/swap-terms.ts';
import { exactInterval } from '../../../electron/core/statistics/clopper-pearson.ts';
import { kruskalWallis } from '../../../electron/core/statistics/kruskal-wallis.ts';

const intervalOf = (outcome: ReturnType<typeof exactInterval>) =>
  outcome.status === 'undefined' ? [] : [outcome.lower, outcome.upper];

describe('exact interval', () => {
  it('is R’s binom.test: 7 of 10 → .3475, .9333; ends at 0 and 1 are closed (would catch a tail on the wrong side)', () => {
    expect(intervalOf(exactInterval(7, 10))[0]).toBeCloseTo(0.3475, 4);
    expect(intervalOf(exactInterval(7, 10))[1]).toBeCloseTo(0.9333, 4);
    // 1 − .025^(1/10) = .3085.
    expect(intervalOf(exactInterval(0, 10))).toEqual([0, expect.closeTo(0.3085, 4)]);
    expect(intervalOf(exactInterval(10, 10))).toEqual([expect.closeTo(0.6915, 4), 1]);
    expect(exactInterval(0, 0).status).toBe('undefined');
  });
});

describe('Kruskal-Wallis', () => {
  it('H of 1,2,3 | 4,5,6 | 7,8,9 is 7.2, p = e^−3.6 (by hand; two degrees of freedom)', () => {
    const test = kruskalWallis([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect(test).toMatchObject({ status: 'ok', degrees: 2, n: 9 });
    if (test.status === 'undefined') return;
    expect(test.statistic).toBeCloseTo(7.2, 9);
    expect(test.p).toBeCloseTo(Math.exp(-3.6), 9);
  });

  it('corrects for ties: 1,1 | 1,2 has H 1 (by hand: ranks 2,2 and 2,4; (12/20·(8 + 18) − 15)/(1 − 24/60))', () => {
    const test = kruskalWallis([
      [1, 1],
      [1, 2],
    ]);
    if (test.status === 'undefined') throw new Error('it is defined');
    expect(test.statistic).toBeCloseTo(1, 9);
  });

  it('is undefined where all values are equal', () => {
    expect(kruskalWallis([[1, 1], [1]]).status).toBe('undefined');
  });
});

describe('numbers of the specification', () => {
  it('F2: questions .47, .20, .35 → .34, t interval ± .336, too few below five questions', () => {
    const figure = meanOfUnits({ audit: 'x', metric: 'x', title: 'x' }, [0.47, 0.2, 0.35], 5);
    expect(figure.value).toBeCloseTo(0.34, 9);
    expect((figure.ci_hi ?? 0) - (figure.value ?? 0)).toBeCloseTo(0.336, 3);
    expect(figure.status).toBe('too_small');
  });

  it('F3: WEAT of unit vectors a₁ = W1, a₂ = W2 → d 1.4142 (s = 1 and −1)', () => {
    expect(associationTest([1], [-1], { rounds: 100, seed: 1 })?.d).toBeCloseTo(1.4142, 4);
  });

  it('F3: LPBS .3/.5 against .7/.5 → −.8473', () => {
    const half = Math.log(0.5);
    const score = biasScore({ she: Math.log(0.3), he: Math.log(0.7) }, { she: half, he: half });
    expect(score).toBeCloseTo(-0.8473, 4);
  });
});

describe('changed texts', () => {
  const words = [
    ['woman', 'man'],
    ['she', 'he'],
    ['her', 'his'],
  ];

  it('swaps whole words in one pass, keeps capitals, and swaps back (would catch she → he → she)', () => {
    const { text, count } = swapTerms('She met a MAN, the woman said. Manage her shed.', words);
    expect(text).toBe('He met a WOMAN, the man said. Manage his shed.');
    expect(count).toBe(4);
    expect(swapTerms(text, words).text).toBe('She met a MAN, the woman said. Manage her shed.');
  });

  it('masks years, countries, names and numbers, each alone', () => {
    const text = 'In 1987 the poet Anna Maria Keller left New Zealand with 12 books.';
    expect(masks['years']?.(text)).toBe(
      'In [YEAR] the poet Anna Maria Keller left New Zealand with 12 books.',
    );
    expect(masks['countries']?.(text)).toBe(
      'In 1987 the poet Anna Maria Keller left [COUNTRY] with 12 books.',
    );
    expect(masks['names']?.(text)).toBe('In 1987 the poet [NAME] left [NAME] with 12 books.');
    expect(masks['numbers']?.(text)).toContain('with [NUMBER] books');
  });

  it('pads a response with nothing but its own sentences', () => {
    expect(padResponse('One. Two. Three.', 0.5)).toBe('One. Two. Three.\n\nTo put it once more: One. Two.');
  });
});
