import type { Parameter, Session } from '../../../../native/duckdb/session.ts';
import type { AuditFigure } from '../../../contract/audit.contract.ts';
import { binomialTest } from '../../statistics/binomial.ts';
import { type ClusterMoments, ratioInterval } from '../../statistics/ratio.ts';
import { studentTwoSidedP } from '../../statistics/student.ts';
import { wilsonInterval } from '../../statistics/wilson.ts';
import { minimumItems } from './audit.ts';

/** Sums of a 0/1 outcome (or of −1, 0, 1, or of a length) of one slice, by cluster. */
export interface SliceMoments extends ClusterMoments {
  readonly slice: string | number | null;
  /** Rows of the largest cluster; 1 = all rows are independent. */
  readonly largest: number;
}

export type Measured = Pick<
  AuditFigure,
  'value' | 'ci_lo' | 'ci_hi' | 'p' | 'n_items' | 'n_clusters' | 'status'
>;

/**
 * Moments by slice of a relation with the columns `slice`, `cluster` and `outcome` (rows with NULL outcome left out),
 * in ascending order of slice.
 */
export async function sumClusterMoments(
  session: Session,
  relation: string,
  options: { parameters: readonly Parameter[]; signal?: AbortSignal | undefined },
): Promise<SliceMoments[]> {
  return session.all<SliceMoments>(
    `SELECT slice, count(*) AS clusters, sum(y) AS "sumY", sum(n) AS "sumX", sum(y * y) AS "sumYY", sum(y * n) AS "sumXY",
       sum(n * n) AS "sumXX", max(n) AS largest
     FROM (SELECT slice, cluster, sum(outcome)::DOUBLE AS y, count(*) AS n FROM ${relation}
           WHERE outcome IS NOT NULL GROUP BY slice, cluster)
     GROUP BY slice ORDER BY slice`,
    options.parameters,
    { signal: options.signal },
  );
}

/**
 * A share from its moments. Independent rows: Wilson's interval and the exact binomial test against ½. Rows that share
 * prompts: the linearised cluster-robust interval, and the larger of the exact p and the clustered t-test's, so that
 * neither few rows nor dependence can make it too small.
 */
export function measureShare(moments: SliceMoments | undefined): Measured {
  const n = moments?.sumX ?? 0;
  if (!moments || n === 0) return unmeasured(n);
  const base = { n_items: n, n_clusters: moments.clusters, status: statusOf(n) };
  const exact = binomialTest(moments.sumY, n);
  const exactP = exact.status === 'undefined' ? null : exact.p;
  const wilson = wilsonInterval(moments.sumY, n);
  const value = moments.sumY / n;
  if (moments.largest === 1) {
    return { ...base, value, ...endsOf(wilson.status === 'undefined' ? undefined : wilson), p: exactP };
  }
  const outcome = ratioInterval(moments);
  if (outcome.status === 'undefined') {
    const byCluster =
      value === 0 || value === 1 ? wilsonInterval(value * moments.clusters, moments.clusters) : undefined;
    const interval = byCluster && byCluster.status !== 'undefined' ? byCluster : undefined;
    const isSingle = moments.clusters < 2;
    return { ...base, value, ...endsOf(isSingle ? undefined : interval), p: isSingle ? null : exactP };
  }
  const clustered = studentTwoSidedP((value - 0.5) / outcome.standardError, moments.clusters - 1);
  const interval = { lower: Math.max(0, outcome.lower), upper: Math.min(1, outcome.upper) };
  return { ...base, value, ...endsOf(interval), p: Math.max(exactP ?? 0, clustered) };
}

/** A mean per row with the linearised cluster-robust interval and the t-test against 0. */
export function measureMean(moments: SliceMoments | undefined): Measured {
  const n = moments?.sumX ?? 0;
  if (!moments || n === 0) return unmeasured(n);
  const base = { n_items: n, n_clusters: moments.clusters, status: statusOf(n), value: moments.sumY / n };
  const outcome = ratioInterval(moments);
  if (outcome.status === 'undefined') return { ...base, ci_lo: null, ci_hi: null, p: null };
  const p = studentTwoSidedP(outcome.estimate / outcome.standardError, moments.clusters - 1);
  return { ...base, ...endsOf(outcome), p };
}

export function statusOf(n: number): AuditFigure['status'] {
  if (n === 0) return 'undefined';
  return n < minimumItems ? 'too_small' : 'ok';
}

function unmeasured(n: number): Measured {
  return { value: null, ci_lo: null, ci_hi: null, p: null, n_items: n, n_clusters: 0, status: 'undefined' };
}

function endsOf(interval: { lower: number; upper: number } | undefined): {
  ci_lo: number | null;
  ci_hi: number | null;
} {
  return { ci_lo: interval?.lower ?? null, ci_hi: interval?.upper ?? null };
}
