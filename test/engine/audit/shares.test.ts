import { describe, expect, it } from 'vitest';
import { adjustFigures, makeFigure } from '../../../electron/core/audit/audits/audit.ts';
import {
  measureMean,
  measureShare,
  type SliceMoments,
} from '../../../electron/core/audit/audits/clustered-share.ts';
import { toProbability } from '../../../electron/core/audit/audits/coefficient-figure.ts';
import { describeJudge } from '../../../electron/core/audit/audits/surface/position-both-orders.ts';

const independent = (successes: number, n: number): SliceMoments => ({
  slice: null,
  clusters: n,
  largest: 1,
  sumY: successes,
  sumX: n,
  sumYY: successes,
  sumXY: successes,
  sumXX: n,
});

describe('measures of the audits', () => {
  it('give the specified length example: 7 longer, 2 shorter → .7778, p .1797', () => {
    const share = measureShare(independent(7, 9));
    expect(share.value).toBeCloseTo(0.7778, 4);
    expect(share.p).toBeCloseTo(0.1797, 4);
    expect(share.status).toBe('too_small');
  });

  it('give Wilson’s interval for independent rows: 60 of 100 → [.5020, .6906]', () => {
    const share = measureShare(independent(60, 100));
    expect(share.ci_lo).toBeCloseTo(0.502, 4);
    expect(share.ci_hi).toBeCloseTo(0.6906, 4);
  });

  it('do not trust one prompt, however many pairs it has', () => {
    const share = measureShare({
      ...independent(90, 100),
      clusters: 1,
      largest: 100,
      sumYY: 8100,
      sumXY: 9000,
      sumXX: 10_000,
    });
    expect(share).toMatchObject({ value: 0.9, ci_lo: null, ci_hi: null, p: null });
  });

  it('have neither value nor status without rows', () => {
    expect(measureShare(undefined)).toMatchObject({ value: null, status: 'undefined', n_items: 0 });
    expect(measureMean(undefined)).toMatchObject({ value: null, status: 'undefined', n_items: 0 });
  });

  it('give the specified win rate at equal length: θ = .4 → .5987', () => {
    const figure = toProbability({ value: 0.4, ci_lo: 0, ci_hi: 0.8, p: 0.1, status: 'ok' });
    expect(figure.value).toBeCloseTo(0.5987, 4);
    expect(figure.ci_lo).toBeCloseTo(0.5, 12);
  });

  it('give the specified position example: 70/20/10 of 100 → .70, index .10, p .0987', () => {
    const figures = describeJudge(
      {
        annotator: 'judge',
        asked: 100,
        unparsed: 0,
        tieOnce: 0,
        tieTwice: 0,
        consistent: 70,
        firstBiased: 20,
        secondBiased: 10,
      },
      { ci_lo: null, ci_hi: null, n_clusters: 100 },
    );
    const of = (metric: string) => figures.find((figure) => figure.metric === metric);
    expect(of('consistent_share')?.value).toBeCloseTo(0.7, 12);
    expect(of('position_bias_index')?.value).toBeCloseTo(0.1, 12);
    expect(of('position_bias_index')?.p).toBeCloseTo(0.0987, 4);
    const shares = ['consistent_share', 'first_biased_share', 'second_biased_share'];
    expect(shares.reduce((sum, metric) => sum + (of(metric)?.value ?? 0), 0)).toBeCloseTo(1, 12);
  });

  it('adjust p within a metric: (.01, .02, .03, .20) → (.04, .04, .04, .20), another metric apart', () => {
    const head = (metric: string) => ({ audit: 'x', metric, title: metric });
    const figures = [0.01, 0.02, 0.03, 0.2].map((p) => makeFigure(head('one'), { p }));
    const adjusted = adjustFigures([
      ...figures,
      makeFigure(head('two'), { p: 0.03 }),
      makeFigure(head('two'), {}),
    ]);
    const values = adjusted.map((figure) => figure.p_adj);
    for (const [index, expected] of [0.04, 0.04, 0.04, 0.2, 0.03].entries()) {
      expect(values[index]).toBeCloseTo(expected, 12);
    }
    expect(values[5]).toBeNull();
  });
});
