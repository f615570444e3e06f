import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { type AuditContext, makeFigure } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { signedRankTest } from '../surface/sentiment.ts';

/** Wilcoxon signed-rank test of chosen_p − rejected_p: the rank-biserial correlation, −1..1, with its p. */
export async function measureSignedRank(
  { session, signal }: AuditContext<unknown>,
  table: string,
  head: Pick<AuditFigure, 'audit' | 'metric' | 'title'>,
): Promise<AuditFigure> {
  const sums = await session.one<{ n: number; positive: number; ties: number }>(
    `WITH d AS (SELECT chosen_p - rejected_p AS d FROM ${table}),
       g AS (SELECT abs(d) AS size, count(*) AS c, count(*) FILTER (d > 0) AS up FROM d WHERE d <> 0 GROUP BY abs(d)),
       r AS (SELECT *, sum(c) OVER (ORDER BY size) - (c - 1) / 2.0 AS mean_rank FROM g)
     SELECT coalesce(sum(c), 0)::DOUBLE AS n, coalesce(sum(up * mean_rank), 0)::DOUBLE AS positive, coalesce(sum(c::DOUBLE ^ 3 - c), 0) AS ties FROM r`,
    [],
    { signal },
  );
  const test = signedRankTest(sums);
  return makeFigure(head, {
    value: test?.correlation ?? null,
    p: test?.p ?? null,
    n_items: sums.n,
    status: test ? statusOf(sums.n) : 'undefined',
    neutral: 0,
  });
}
