import { describe, expect, it } from 'vitest';
import { icaiFilterSchema } from '../../../electron/contract/constitution.contract.ts';
import {
  type IcaiTally,
  passesIcaiFilter,
  selectAsIcai,
} from '../../../electron/core/constitution/principles/icai-filter.ts';
import { computePrincipleMetrics } from '../../../electron/core/statistics/principle-metrics.ts';

const tally = (part: Partial<IcaiTally>): IcaiTally => ({
  ...{ for: 0, against: 0, abstain: 0, invalid: 0, both: 0, neither: 0 },
  ...part,
});
const defaults = icaiFilterSchema.parse({});
const apart = (indices: readonly number[]) => indices.map((index) => [index]);

describe('ICAI’s filter and order (constitution specification 1.1, stages 3c to 5)', () => {
  it('the metrics of its test: 7 for, 3 against, 10 abstaining give accuracy .7, relevance .5, performance .2', () => {
    const metrics = computePrincipleMetrics({ for: 7, against: 3, notApplicable: 10 });
    if (metrics.status === 'undefined') throw new Error('defined');
    expect([metrics.accuracy, metrics.relevance]).toEqual([0.7, 0.5]);
    expect((metrics.accuracy - 0.5) * 2 * metrics.relevance).toBeCloseTo(0.2, 12);
    // Specification 1.4: strength · n = for − against, which is what ICAI orders by.
    expect(metrics.strength * metrics.n).toBeCloseTo(7 - 3, 12);
    expect(metrics.adjustedKappa).toBeCloseTo(0.4, 12);
  });

  it('has the defaults of its configuration', () => {
    expect(defaults).toEqual({
      s3_voting_method_cross_seed: 'unanimous',
      s3_filter_majority_true: true,
      s3_filter_majority_relevant: false,
      s3_filter_majority_valid: true,
      s3_filter_min_relevance: 0.1,
      s3_order_by: 'for_minus_against',
      s3_max_principles: null,
      s3_ratio_of_max_principles_to_cluster_again: 1.5,
    });
  });

  it('drops at equality where ICAI drops at equality, and keeps at exactly the minimum relevance', () => {
    expect(passesIcaiFilter(tally({ for: 5, against: 5 }), defaults)).toBe(false);
    expect(passesIcaiFilter(tally({ for: 6, against: 5 }), defaults)).toBe(true);
    // 2 of 20 is exactly 0.1: `for < 0.1·total` does not hold. Votes against do not help.
    expect(passesIcaiFilter(tally({ for: 2, abstain: 18 }), defaults)).toBe(true);
    expect(passesIcaiFilter(tally({ for: 2, against: 1, abstain: 18 }), defaults)).toBe(false);
    expect(passesIcaiFilter(tally({ for: 3, abstain: 2, invalid: 5 }), defaults)).toBe(false);
    expect(passesIcaiFilter(tally({ for: 3, abstain: 3, invalid: 5 }), defaults)).toBe(true);
    const relevant = { ...defaults, s3_filter_majority_relevant: true };
    expect(passesIcaiFilter(tally({ for: 3, abstain: 3 }), relevant)).toBe(false);
    const lax = { ...defaults, s3_filter_majority_true: false };
    expect(passesIcaiFilter(tally({ for: 5, against: 9 }), lax)).toBe(true);
  });

  it('orders by for − against, or by for, and the two differ', () => {
    const tallies = [
      tally({ for: 9, against: 6 }),
      tally({ for: 6, against: 1 }),
      tally({ for: 1, against: 4 }),
    ];
    expect(selectAsIcai(tallies, defaults, apart)).toEqual([1, 0]);
    expect(selectAsIcai(tallies, { ...defaults, s3_order_by: 'for' }, apart)).toEqual([0, 1]);
  });

  it('shrinks: int(max × 1.5) go into max clusters, the highest ranked of each stays, in rank order', () => {
    const tallies = [10, 9, 8, 7, 6].map((votes) => tally({ for: votes }));
    const filter = { ...defaults, s3_max_principles: 3 };
    const seen: number[][] = [];
    const kept = selectAsIcai(tallies, filter, (indices, clusters) => {
      seen.push([...indices, clusters]);
      return [[3], [1, 0], [2]];
    });
    // int(3 × 1.5) = 4 of the 5; 1 is in one cluster with 0, which ranks higher.
    expect(seen).toEqual([[0, 1, 2, 3, 3]]);
    expect(kept).toEqual([0, 2, 3]);
  });
});
