import type { Database } from '../../../../native/duckdb/database.ts';
import type { DegreeReport } from '../../../contract/mining.contract.ts';
import { bootstrapFigure, measureShareOf } from '../../judging/figure.ts';

/** Pairs of degraded responses with what a judge made of them: origin, degree_w, degree_l, p (that the better one is better). */
const judgedPairs = `
  SELECT q.detail->>'$.origin' AS origin, (q.detail->>'$.degree_w')::INTEGER AS degree_w, (q.detail->>'$.degree_l')::INTEGER AS degree_l,
    CASE c.label WHEN 'b' THEN 1 - j.p_a ELSE j.p_a END AS p
  FROM judgement j JOIN comparison c USING (comparison_id) JOIN curation_row q USING (comparison_id)
  WHERE j.judge_run_id = ? AND q.method = 'degraded-pairs' AND j.p_a IS NOT NULL AND c.label IN ('a', 'b')`;

/**
 * How well a judge run orders degraded responses (judging specification 5.3). degreeSpearman: per original the Spearman correlation of
 * the true order (degree 0 best) with each version's mean probability of winning, average ranks for ties, mean over originals whose
 * ten pairs were all judged (the step makes them with pairs = all); percentile bootstrap over originals. adjacentAccuracy: share of the pairs of neighbouring degrees
 * in which the better one got more than one half, Wilson. Null where there are none.
 */
export async function measureDegreeOrder(
  database: Database,
  judgeRunId: number,
  { seed = 1, signal }: { readonly seed?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<DegreeReport> {
  const rows = await database.all<{ rho: number }>(
    `WITH pair AS (${judgedPairs}),
     side AS (SELECT origin, degree_w AS degree, p AS score FROM pair UNION ALL SELECT origin, degree_l, 1 - p FROM pair),
     scored AS (SELECT origin, degree, avg(score) AS score FROM side GROUP BY ALL),
     whole AS (SELECT origin FROM pair GROUP BY origin HAVING count(*) = 10),
     ranked AS (
       SELECT origin, degree, rank() OVER (PARTITION BY origin ORDER BY round(score, 9)) + (count(*) OVER (PARTITION BY origin, round(score, 9)) - 1) / 2 AS place FROM scored JOIN whole USING (origin))
     SELECT origin, round(corr(-degree, place), 12) AS rho FROM ranked GROUP BY origin HAVING stddev_pop(place) > 0 ORDER BY origin`,
    [judgeRunId],
    { signal },
  );
  const { right, n } = await database.one<{ right: number; n: number }>(
    `SELECT count(*) FILTER (p > 0.5) AS "right", count(*) AS n FROM (${judgedPairs}) WHERE degree_l = degree_w + 1`,
    [judgeRunId],
  );
  const count = new Float64Array(rows.length).fill(1);
  const rho = Float64Array.from(rows, (row) => row.rho);
  return {
    degreeSpearman: await bootstrapFigure([rho, count], (totals) => (totals[0] ?? 0) / (totals[1] ?? 0), {
      n: rows.length,
      seed,
      signal,
    }),
    adjacentAccuracy: measureShareOf(right, n),
  };
}
