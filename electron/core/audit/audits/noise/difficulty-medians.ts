import type { AuditFigure, AuditTable } from '../../../../contract/audit.contract.ts';
import { type AuditContext as Context, makeFigure, maximumSlices } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';

type AuditContext = Context<unknown>;

const titles = {
  c: 'Median log-ratio of the rejected over the chosen response under the reference',
  c_mean: 'Median log-ratio per token',
  tau: 'Median loss below which a pair is ranked rightly',
} as const;

/** The relation with a row for each pair and slice of the run; the slice is NULL for all pairs. */
function slicedRows({ slice, slices }: AuditContext, table: string): string {
  const all = `SELECT NULL AS slice, h.* FROM ${table} h`;
  if (slice === null) return `(${all})`;
  return `(${all} UNION ALL SELECT s.slice, h.* FROM ${table} h JOIN (SELECT DISTINCT comparison_id, slice::VARCHAR AS slice FROM ${slices} WHERE slice IS NOT NULL) s USING (comparison_id))`;
}

/** The slices shown, the largest first, after all pairs. */
const largestFirst = `ORDER BY slice IS NOT NULL, n DESC, slice LIMIT ${maximumSlices + 1}`;

/**
 * Medians of c, c per token and τ over all pairs and by slice, each with the order-statistic interval over as many
 * independent values as there are prompts. `table` has comparison_id, cluster, c, c_mean and tau.
 */
export async function measureMedians(context: AuditContext, table: string): Promise<AuditFigure[]> {
  const figures: AuditFigure[] = [];
  for (const column of ['c', 'c_mean', 'tau'] as const) {
    const rows = await context.session.all<{
      slice: string | null;
      value: number | null;
      low: number | null;
      high: number | null;
      n: number;
      prompts: number;
    }>(
      `SELECT slice, value, n, prompts, list[greatest(1, floor(n * (0.5 - 0.98 / sqrt(prompts)))::BIGINT)] AS low, list[least(n, ceil(n * (0.5 + 0.98 / sqrt(prompts)))::BIGINT + 1)] AS high
       FROM (SELECT slice, list(${column} ORDER BY ${column}) AS list, median(${column}) AS value, count(*) AS n, count(DISTINCT cluster) AS prompts
         FROM ${slicedRows(context, table)} WHERE ${column} IS NOT NULL GROUP BY slice) ${largestFirst}`,
      [],
      { signal: context.signal },
    );
    const head = { audit: 'learning-difficulty', metric: `median_${column}`, title: titles[column] };
    if (rows.length === 0) figures.push(makeFigure(head, { n_clusters: 0 }));
    for (const { slice, value, low, high, n, prompts } of rows)
      figures.push(
        makeFigure(head, {
          ...(slice === null ? {} : { slice_dim: context.slice, slice_value: slice }),
          value,
          ci_lo: prompts >= 6 ? low : null,
          ci_hi: prompts >= 6 ? high : null,
          n_items: n,
          n_clusters: prompts,
          status: statusOf(n),
          neutral: column === 'tau' ? null : 0,
        }),
      );
  }
  return figures;
}

const tenths = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** The deciles of c and τ over all pairs and by slice (interpolated linearly). */
export async function tabulateDeciles(context: AuditContext, table: string): Promise<AuditTable> {
  const levels = `[${tenths.map((tenth) => tenth / 10).join(', ')}]`;
  const rows = await context.session.all<{
    slice: string | null;
    n: number;
    prompts: number;
    c: number[];
    tau: number[];
  }>(
    `SELECT slice, count(*) AS n, count(DISTINCT cluster) AS prompts, quantile_cont(c, ${levels}) AS c, quantile_cont(tau, ${levels}) AS tau
     FROM ${slicedRows(context, table)} GROUP BY slice ${largestFirst}`,
    [],
    { signal: context.signal },
  );
  return {
    id: 'deciles',
    title: 'Deciles of the log-ratio c and of the loss threshold τ',
    columns: ['Pairs of', 'Pairs', 'Prompts', 'Of', ...tenths.map((tenth) => `${tenth}0 %`)],
    rows: rows.flatMap(({ slice, n, prompts, c, tau }) => [
      [slice ?? 'all', n, prompts, 'c', ...c],
      [slice ?? 'all', n, prompts, 'τ', ...tau],
    ]),
  };
}
