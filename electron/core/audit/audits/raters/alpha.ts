import {
  type AlphaLevel,
  alphaOfTotals,
  coincidenceColumns,
  krippendorffAlpha,
  type RatingCounts,
} from '../../../statistics/agreement.ts';
import { percentileInterval, resampleTotals } from '../../../statistics/bootstrap.ts';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { statusOf } from '../clustered-share.ts';

export interface ClusteredCounts extends RatingCounts {
  /** The cluster of each row of counts, any number. */
  cluster: ArrayLike<number>;
}

export interface AlphaFigure {
  alpha: Pick<AuditFigure, 'value' | 'ci_lo' | 'ci_hi' | 'n_items' | 'n_clusters' | 'status'>;
  agreement: Pick<AuditFigure, 'value' | 'ci_lo' | 'ci_hi' | 'n_items' | 'n_clusters' | 'status'>;
}

/** Krippendorff's alpha and percent agreement with intervals from a bootstrap of whole clusters, both from the same draws. */
export async function measureAlpha(
  ratings: ClusteredCounts,
  options: {
    level: AlphaLevel;
    values?: ArrayLike<number>;
    seed: number;
    rounds: number;
    signal?: AbortSignal | undefined;
  },
): Promise<AlphaFigure> {
  const { level, values, seed, rounds, signal } = options;
  const alphaOptions = values ? { level, values } : { level };
  const { categories } = ratings;
  const outcome = krippendorffAlpha(ratings, alphaOptions);
  const codes = new Map<number, number>();
  const clusterOf = Array.from(ratings.cluster, (cluster) => {
    const code = codes.get(cluster) ?? codes.size;
    codes.set(cluster, code);
    return code;
  });
  const n = outcome.status === 'undefined' ? 0 : outcome.items;
  const base = { value: null, ci_lo: null, ci_hi: null, n_items: n, n_clusters: codes.size };
  if (n === 0)
    return { alpha: { ...base, status: 'undefined' }, agreement: { ...base, status: 'undefined' } };
  const columns = coincidenceColumns(ratings, clusterOf, codes.size);
  const totals = Float64Array.from(columns, (column) => column.reduce((sum, value) => sum + value, 0));
  const resampled =
    codes.size > 1 ? await resampleTotals(columns, { seed, rounds, ...(signal && { signal }) }) : undefined;
  const describe = (statistic: (totals: ArrayLike<number>) => number) => {
    const value = statistic(totals);
    if (Number.isNaN(value)) return { ...base, status: 'undefined' as const };
    const interval = resampled ? percentileInterval(resampled, statistic) : undefined;
    const ends = interval && interval.status !== 'undefined' ? interval : null;
    return { ...base, value, ci_lo: ends?.lower ?? null, ci_hi: ends?.upper ?? null, status: statusOf(n) };
  };
  return {
    alpha: describe((cells) => alphaOfTotals(cells, categories, alphaOptions)),
    agreement: describe((cells) => agreementOfTotals(cells, categories)),
  };
}

function agreementOfTotals(cells: ArrayLike<number>, categories: number): number {
  let all = 0;
  let same = 0;
  for (let cell = 0; cell < cells.length; cell++) {
    all += cells[cell] ?? 0;
    if (cell % (categories + 1) === 0) same += cells[cell] ?? 0;
  }
  return all > 0 ? same / all : Number.NaN;
}
