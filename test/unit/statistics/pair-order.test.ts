import { describe, expect, it } from 'vitest';
import { rankScoreAgreement } from '../../../electron/core/statistics/pair-order.ts';

describe('rankScoreAgreement', () => {
  it('ranks 2,1,3 with scores .3,.5,.1 agree in 3 of 3 pairs (audit specification H4)', () => {
    expect(rankScoreAgreement([2, 1, 3], [0.3, 0.5, 0.1])).toEqual({
      status: 'ok',
      agreeing: 3,
      pairs: 3,
      share: 1,
    });
  });

  it('drops equal ranks, halves equal scores, and is undefined without a pair', () => {
    expect(rankScoreAgreement([1, 1, 2], [5, 0, 5])).toMatchObject({ agreeing: 0.5, pairs: 2 });
    expect(rankScoreAgreement([1, 1], [5, 0])).toEqual({ status: 'undefined', reason: 'no_data' });
  });
});
