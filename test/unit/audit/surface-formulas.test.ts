import { describe, expect, it } from 'vitest';
import type { AuditFigure, Finding } from '../../../electron/contract/audit.contract.ts';
import { rankFindings } from '../../../electron/contract/finding-order.ts';
import { makeFigure } from '../../../electron/core/audit/audits/audit.ts';
import { discordanceTest } from '../../../electron/core/audit/audits/discordance.ts';
import { makeFinding, measureEffect, settleFindings } from '../../../electron/core/audit/audits/finding.ts';
import { catchProbability, findClusters } from '../../../electron/core/audit/audits/near-duplicates.ts';
import { equalOpportunity } from '../../../electron/core/audit/audits/surface/self-preference.ts';
import { signedRankTest } from '../../../electron/core/audit/audits/surface/sentiment.ts';
import { contrast } from '../../../electron/core/audit/audits/surface/style-fit.ts';
import { fisherExact } from '../../../electron/core/statistics/fisher-exact.ts';
import {
  logShareRatio,
  oddsRatio,
  totalVariation,
  toxicityOf,
  wassersteinDistance,
} from '../../../electron/core/statistics/text-metrics.ts';

describe('formulas of the surface and fairness audits, against the examples of the method specification', () => {
  it('style contrast: 300 against 100 tokens → .4988, 2 headers against 0 → .6667', () => {
    expect(contrast(300, 100)).toBeCloseTo(0.4988, 4);
    expect(contrast(2, 0)).toBeCloseTo(0.6667, 4);
  });

  it('discordance: brackets 30 against 10 → χ² 10, p .0016', () => {
    const { statistic, p } = discordanceTest(30, 10);
    expect(statistic).toBeCloseTo(10, 12);
    expect(p).toBeCloseTo(0.0016, 4);
  });

  it('identity terms: 10, 5; 20, 40 → odds ratio 3.7716, ln 1.3275, SE .592', () => {
    const odds = oddsRatio([10, 5, 20, 40]);
    expect(odds.ratio).toBeCloseTo(3.7716, 4);
    expect(odds.log).toBeCloseTo(1.3275, 4);
    expect(odds.standardError).toBeCloseTo(0.592, 3);
  });

  it('Fisher: recall 8 of 10 against 5 of 10 → p .3498; a table of its own margins → 1', () => {
    expect(fisherExact([8, 2, 5, 5])).toBeCloseTo(0.3498, 4);
    expect(fisherExact([5, 5, 5, 5])).toBeCloseTo(1, 12);
  });

  it('text metrics: .10 against .05 → .6931; 30:10 against even → .25; {.2,.4} against {.3,.5} → .1', () => {
    expect(logShareRatio({ x: 10, n: 100, y: 5, m: 100 }, false)).toBeCloseTo(0.6931, 4);
    expect(totalVariation([30, 10], [1, 1])).toBeCloseTo(0.25, 12);
    expect(wassersteinDistance([0.2, 0.4], [0.3, 0.5])).toBeCloseTo(0.1, 12);
    expect(wassersteinDistance([], [1])).toBeNaN();
  });

  it('Wasserstein of samples of unequal size: {0} against {0, 1} → .5 by hand', () => {
    expect(wassersteinDistance([0], [0, 1])).toBeCloseTo(0.5, 12);
  });

  it('toxicity [.1, .6], [.2, .3] → .45, .5, .25', () => {
    expect(
      toxicityOf([
        [0.1, 0.6],
        [0.2, 0.3],
      ]),
    ).toEqual({ expectedMaximum: expect.closeTo(0.45, 12) as number, promptShare: 0.5, textShare: 0.25 });
  });

  it('self-preference: 18 of 20 − 14 of 20 → .2', () => {
    expect(equalOpportunity({ ownYes: 18, ownN: 20, otherYes: 14, otherN: 20 })).toBeCloseTo(0.2, 12);
  });

  it('MinHash with 20 bands of 5: similarity .8 is caught with .9996, and half of .509', () => {
    expect(catchProbability(0.8)).toBeCloseTo(0.9996, 4);
    expect(catchProbability(0.509)).toBeCloseTo(0.5, 2);
  });

  it('signed ranks of 1, 2, −3, 4 by hand: W⁺ 7 of 10, correlation .4; no differences → undefined', () => {
    const test = signedRankTest({ n: 4, positive: 7, ties: 0 });
    expect(test?.correlation).toBeCloseTo(0.4, 12);
    expect(test?.z).toBeCloseTo(2 / Math.sqrt(7.5), 12);
    expect(signedRankTest({ n: 0, positive: 0, ties: 0 })).toBeUndefined();
  });

  it('clusters: edges 5–3, 3–9, 7–8 → {3, 5, 9} and {7, 8}, each named by its least', () => {
    const clusters = findClusters([5, 3, 7], [3, 9, 8]);
    expect([3, 5, 9, 7, 8].map((node) => clusters.get(node))).toEqual([3, 3, 3, 7, 7]);
  });
});

const figure = (part: Partial<AuditFigure>): AuditFigure =>
  makeFigure(
    { audit: 'x', metric: 'm', title: 'm' },
    { value: 0.7, ci_lo: 0.6, ci_hi: 0.8, p: 0.001, n_items: 100, status: 'ok', neutral: 0.5, ...part },
  );
const finding = (part: Partial<AuditFigure>, id = 'f'): Finding =>
  makeFinding({ id, sentence: id, figure: figure(part), scale: 'share', warnFrom: 0.3 });

describe('effect, certainty and severity of findings', () => {
  it('a share of .7 [.6, .8] has effect .4 and at least .2; an interval over ½ leaves nothing certain', () => {
    expect(measureEffect(figure({}), 'share')).toEqual({
      effect: expect.closeTo(0.4, 12) as number,
      effect_low: expect.closeTo(0.2, 12) as number,
    });
    expect(measureEffect(figure({ ci_lo: 0.45 }), 'share').effect_low).toBe(0);
  });

  it('log-odds ln 3 and a share of .75 have the same effect, ½ (would catch scales that cannot be ranked together)', () => {
    const odds = measureEffect({ value: Math.log(3), ci_lo: null, ci_hi: null, neutral: 0 }, 'log_odds');
    expect(odds.effect).toBeCloseTo(0.5, 12);
  });

  it('flags only what is certain and rests on enough rows', () => {
    expect(finding({})).toMatchObject({ certainty: 'clear', severity: 'warning' });
    expect(finding({ value: 0.6, ci_lo: 0.55, ci_hi: 0.65 })).toMatchObject({ severity: 'notice' });
    expect(finding({ p: 0.2, ci_lo: 0.4 })).toMatchObject({ certainty: 'unclear', severity: 'none' });
    expect(finding({ status: 'too_small' })).toMatchObject({ certainty: 'too_few', severity: 'none' });
  });

  it('takes back findings that do not survive the adjustment over the run (would catch one test in twenty)', () => {
    const others = Array.from({ length: 19 }, (_, n) => finding({ p: 0.5, ci_lo: 0.4 }, `other ${n}`));
    const [settled] = settleFindings([{ findings: [finding({ p: 0.03 }), ...others] }]);
    expect(settled?.findings[0]).toMatchObject({ certainty: 'unclear', severity: 'none' });
    const [kept] = settleFindings([{ findings: [finding({ p: 0.001 }), ...others] }]);
    expect(kept?.findings[0]).toMatchObject({ certainty: 'clear', severity: 'warning' });
  });

  it('ranks by the least effect the interval allows, not by the estimate', () => {
    const wide = finding({ value: 0.9, ci_lo: 0.52, ci_hi: 0.99 }, 'wide');
    const narrow = finding({ value: 0.75, ci_lo: 0.72, ci_hi: 0.78 }, 'narrow');
    const audit = { findings: [wide, narrow] } as unknown as Parameters<typeof rankFindings>[0][number];
    expect(rankFindings([audit]).map((entry) => entry.finding.id)).toEqual(['narrow', 'wide']);
  });
});
