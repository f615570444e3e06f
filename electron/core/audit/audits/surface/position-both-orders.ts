import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { binomialTest } from '../../../statistics/binomial.ts';
import { wilsonInterval } from '../../../statistics/wilson.ts';
import { type AuditContext, makeFigure, maximumSlices } from '../audit.ts';
import { measureMean, statusOf, sumClusterMoments } from '../clustered-share.ts';

/** What one judge did on the pairs it was asked in both orders. */
export interface OrderCounts {
  readonly annotator: string;
  /** Pairs asked once in each order, parsed or not. */
  readonly asked: number;
  /** One of the two answers is no verdict (skip). */
  readonly unparsed: number;
  /** A tie in exactly one order. */
  readonly tieOnce: number;
  /** A tie in both orders. */
  readonly tieTwice: number;
  /** The same side, whatever the order. */
  readonly consistent: number;
  readonly firstBiased: number;
  readonly secondBiased: number;
}

/**
 * One row per judge and pair with exactly one overall vote in each order: the votes with side a first and with side b
 * first. Takes the dataset's id as parameter.
 */
const orderPairs = `(SELECT n.name AS annotator, v.comparison_id,
    CASE WHEN trim(any_value(p.text)) = '' THEN -v.comparison_id ELSE any_value(c.prompt_id) END AS cluster,
    any_value(v.label) FILTER (v.shown_first = 'a') AS a_first, any_value(v.label) FILTER (v.shown_first = 'b') AS b_first
  FROM vote v JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id) JOIN annotator n USING (annotator_id)
  WHERE v.dataset_id = ? AND v.aspect IS NULL AND v.shown_first IN ('a', 'b')
  GROUP BY n.name, v.comparison_id
  HAVING count(*) FILTER (v.shown_first = 'a') = 1 AND count(*) FILTER (v.shown_first = 'b') = 1)`;

const isTie = (column: string) => `${column} IN ('tie', 'both_bad')`;
const isSide = `a_first IN ('a', 'b') AND b_first IN ('a', 'b')`;

/**
 * Shares of consistent, first-biased and second-biased judgements, and the bias index (first − second)/n, by judge. n
 * are the pairs on which both answers name a side; ties in one order (`tie_once_share`) and answers without a verdict
 * (`unparsed_share`) are counted apart, over all pairs asked in both orders.
 */
export async function measureBothOrders({ session, dataset, signal }: AuditContext): Promise<AuditFigure[]> {
  const parameters = [dataset.datasetId];
  const counts = await session.all<OrderCounts>(
    `SELECT annotator, count(*) AS asked, count(*) FILTER (a_first = 'skip' OR b_first = 'skip') AS unparsed,
       count(*) FILTER ((${isTie('a_first')}) <> (${isTie('b_first')}) AND a_first <> 'skip' AND b_first <> 'skip') AS "tieOnce",
       count(*) FILTER (${isTie('a_first')} AND ${isTie('b_first')}) AS "tieTwice",
       count(*) FILTER (${isSide} AND a_first = b_first) AS consistent,
       count(*) FILTER (a_first = 'a' AND b_first = 'b') AS "firstBiased",
       count(*) FILTER (a_first = 'b' AND b_first = 'a') AS "secondBiased"
     FROM ${orderPairs} GROUP BY annotator ORDER BY asked DESC, annotator LIMIT ${maximumSlices}`,
    parameters,
    { signal },
  );
  const moments = await sumClusterMoments(
    session,
    `(SELECT annotator AS slice, cluster, CASE WHEN ${isSide} THEN (a_first = 'a')::INTEGER - (b_first = 'a')::INTEGER END AS outcome
      FROM ${orderPairs})`,
    { parameters, signal },
  );
  return counts.flatMap((judge) => {
    const index = measureMean(moments.find((candidate) => candidate.slice === judge.annotator));
    return describeJudge(judge, { ci_lo: index.ci_lo, ci_hi: index.ci_hi, n_clusters: index.n_clusters });
  });
}

/** The figures of one judge: three shares that add up to 1, and the index with the exact test on the changed choices. */
export function describeJudge(
  judge: OrderCounts,
  interval: Pick<AuditFigure, 'ci_lo' | 'ci_hi' | 'n_clusters'>,
): AuditFigure[] {
  const n = judge.consistent + judge.firstBiased + judge.secondBiased;
  const slice = { slice_dim: 'annotator', slice_value: judge.annotator };
  const share = (metric: string, title: string, part: number, total = n): AuditFigure => {
    const wilson = wilsonInterval(part, total);
    const isKnown = wilson.status !== 'undefined';
    return makeFigure(
      { audit: 'position', metric, title },
      {
        ...slice,
        value: isKnown ? wilson.estimate : null,
        ci_lo: isKnown ? wilson.lower : null,
        ci_hi: isKnown ? wilson.upper : null,
        n_items: total,
        status: statusOf(total),
      },
    );
  };
  const exact = binomialTest(judge.firstBiased, judge.firstBiased + judge.secondBiased);
  return [
    share('consistent_share', 'Same choice in both orders', judge.consistent),
    share('first_biased_share', 'Chooses the first place in both orders', judge.firstBiased),
    share('second_biased_share', 'Chooses the second place in both orders', judge.secondBiased),
    makeFigure(
      { audit: 'position', metric: 'position_bias_index', title: 'Bias index (first − second) / n' },
      {
        ...slice,
        ...interval,
        value: n === 0 ? null : (judge.firstBiased - judge.secondBiased) / n,
        p: exact.status === 'undefined' ? null : exact.p,
        n_items: n,
        status: statusOf(n),
        neutral: 0,
      },
    ),
    share('tie_once_share', 'A tie in one order only', judge.tieOnce, judge.asked),
    share('unparsed_share', 'No verdict in an order', judge.unparsed, judge.asked),
  ];
}
