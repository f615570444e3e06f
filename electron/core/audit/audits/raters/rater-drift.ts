import { z } from 'zod';
import type { AuditFigure, AuditResult } from '../../../../contract/audit.contract.ts';
import { combineTwoWays, ratioDifferenceInterval } from '../../../statistics/ratio.ts';
import { type AuditContext as Context, defineAudit, makeFigure, minimumItems } from '../audit.ts';
import { measureShare, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany } from '../wording.ts';
import { createVoteTable, withOthers } from './vote-table.ts';

type AuditContext = Context<{ fast_quantile: number; warn_from: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'rater-drift', metric, title });

/** Annotators from which on they, and not prompts, are what is resampled. */
const ratersNeeded = 5;

export const raterDriftAudit = defineAudit({
  id: 'rater-drift',
  family: 'raters',
  title: 'Speed and drift',
  description:
    'Whether annotators agree less with the others in the second half of their votes, and on their fastest votes.',
  inputs: ['votes', 'annotator'],
  parameters: {
    /** A vote is fast when it took less than this quantile of its annotator's times. */
    fast_quantile: z.number().gt(0).lt(1).default(0.25),
    warn_from: z.number().min(0).max(1).default(0.1),
  },
  findObstacle: (dataset) =>
    dataset.pairsWithTwoVotes === 0
      ? 'No pair has votes of two annotators (column annotator): there is nothing to hold a vote against.'
      : null,
  run: async (context) => {
    const rows = context.scratch('rows');
    await prepareRows(context, rows);
    const { timed } = await context.session.one<{ timed: number }>(`SELECT count(ms) AS timed FROM ${rows}`);
    const drift = await compare(context, rows, {
      head: headOf(
        'late_minus_early',
        'Agreement with the others, second half minus first half of each annotator’s votes',
      ),
      side: 'is_late',
    });
    const speed =
      timed > 0
        ? await compare(context, rows, {
            head: headOf('fast_minus_slow', 'Agreement with the others, fast votes minus the rest'),
            side: 'is_fast',
          })
        : null;
    const series = [
      await draw(context, rows, 'progress'),
      ...(speed ? [await draw(context, rows, 'speed')] : []),
    ];
    const figures = [drift, ...(speed ? [speed, await comparePace(context, rows)] : [])];
    return {
      figures,
      findings: [describe(drift, 'drift', context), ...(speed ? [describe(speed, 'speed', context)] : [])],
      series,
      params: {
        times: timed > 0 ? 'vote.ms' : 'not recorded (column ms)',
        order: 'order of the pairs in the source; votes carry no time of day',
      },
    };
  },
});

/**
 * Votes with a majority of others: agrees 0/1, is_late and is_fast against the annotator's own votes, and tenths of both.
 * The quantile is written out because `quantile_cont` takes constants only; its schema makes it a number.
 */
async function prepareRows(context: AuditContext, table: string): Promise<void> {
  const votes = await createVoteTable(context);
  await context.session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     SELECT annotator_id, cluster, ms, (label = rest)::INTEGER AS agrees, place > n / 2 AS is_late,
       least(9, (place - 1) * 10 // n) AS progress, ms < cut AS is_fast,
       CASE WHEN ms IS NOT NULL THEN least(9, (pace - 1) * 10 // timed) END AS speed
     FROM (SELECT *, row_number() OVER (PARTITION BY annotator_id ORDER BY comparison_id) AS place, count(*) OVER (PARTITION BY annotator_id) AS n,
         row_number() OVER (PARTITION BY annotator_id ORDER BY ms NULLS LAST, comparison_id) AS pace, count(ms) OVER (PARTITION BY annotator_id) AS timed,
         quantile_cont(ms, ${context.params.fast_quantile}) OVER (PARTITION BY annotator_id) AS cut
       FROM ${withOthers(votes)}) WHERE rest IS NOT NULL`,
    [],
    { signal: context.signal },
  );
}

async function compare(
  { session, signal }: AuditContext,
  rows: string,
  what: { head: ReturnType<typeof headOf>; side: 'is_late' | 'is_fast' },
): Promise<AuditFigure> {
  const { raters } = await session.one<{ raters: number }>(
    `SELECT count(DISTINCT annotator_id) AS raters FROM ${rows}`,
  );
  const by = (key: string) => sumSides(session, { rows, side: what.side, key, signal });
  const prompts = await by('cluster');
  const total = (column: Float64Array) => column.reduce((sum, value) => sum + value, 0);
  const [n1, n0] = [total(prompts.late.denominators), total(prompts.early.denominators)];
  const base = { n_items: n1 + n0, n_clusters: prompts.late.denominators.length, neutral: 0 };
  if (n1 === 0 || n0 === 0) return makeFigure(what.head, base);
  const value = total(prompts.late.numerators) / n1 - total(prompts.early.numerators) / n0;
  const status = Math.min(n1, n0) < minimumItems ? 'too_small' : 'ok';
  const intervalBy = ({ late, early }: SideSums) => ratioDifferenceInterval(late, early);
  const outcome =
    raters >= ratersNeeded
      ? combineTwoWays(
          intervalBy(await by('annotator_id')),
          intervalBy(prompts),
          intervalBy(await by('annotator_id, cluster')),
        )
      : intervalBy(prompts);
  if (outcome.status === 'undefined') return makeFigure(what.head, { ...base, value, status });
  return makeFigure(what.head, {
    ...base,
    n_clusters: outcome.clusters,
    value,
    ci_lo: outcome.lower,
    ci_hi: outcome.upper,
    p: outcome.p,
    status,
  });
}

interface SideSums {
  readonly late: { numerators: Float64Array; denominators: Float64Array };
  readonly early: { numerators: Float64Array; denominators: Float64Array };
}

/** Votes that agree and all votes, on the side and on the other, by a key. */
async function sumSides(
  session: AuditContext['session'],
  { rows, side, key, signal }: { rows: string; side: string; key: string; signal: AbortSignal | undefined },
): Promise<SideSums> {
  const sums = await session.columns(
    `SELECT coalesce(sum(agrees) FILTER (${side}), 0) AS y1, count(*) FILTER (${side}) AS n1,
       coalesce(sum(agrees) FILTER (NOT ${side}), 0) AS y0, count(*) FILTER (NOT ${side}) AS n0
     FROM ${rows} WHERE ${side} IS NOT NULL GROUP BY ${key} ORDER BY ${key}`,
    [],
    { signal },
  );
  const column = (name: string) => sums[name] ?? new Float64Array(0);
  return {
    late: { numerators: column('y1'), denominators: column('n1') },
    early: { numerators: column('y0'), denominators: column('n0') },
  };
}

/** The ratio of median times, second half over first half; below 1 = faster later. Described, not tested. */
async function comparePace({ session, signal }: AuditContext, rows: string): Promise<AuditFigure> {
  const { ratio, n } = await session.one<{ ratio: number | null; n: number }>(
    `SELECT median(ms) FILTER (is_late) / nullif(median(ms) FILTER (NOT is_late), 0) AS ratio, count(ms) AS n FROM ${rows}`,
    [],
    { signal },
  );
  return makeFigure(headOf('late_time_ratio', 'Median time of the second half over the first half'), {
    value: ratio,
    n_items: n,
    status: ratio === null ? 'undefined' : n < minimumItems ? 'too_small' : 'ok',
    neutral: 1,
  });
}

async function draw(
  { session, signal }: AuditContext,
  rows: string,
  by: 'progress' | 'speed',
): Promise<AuditResult['series'][number]> {
  const moments = await sumClusterMoments(
    session,
    `(SELECT ${by} AS slice, cluster, agrees AS outcome FROM ${rows} WHERE ${by} IS NOT NULL)`,
    { parameters: [], signal },
  );
  return {
    id: `agreement_by_${by}`,
    title: by === 'progress' ? 'Agreement along each annotator’s votes' : 'Agreement by time taken',
    x_title:
      by === 'progress'
        ? 'Tenth of the annotator’s votes, first to last'
        : 'Tenth of the annotator’s times, fastest to slowest',
    y_title: 'Agrees with the majority of the others',
    points: moments.map((one) => {
      const { value, ci_lo, ci_hi, n_items } = measureShare(one);
      return {
        label: String(Number(one.slice) + 1),
        x: Number(one.slice) + 1,
        y: value,
        ci_lo,
        ci_hi,
        n: n_items,
      };
    }),
  };
}

function describe(figure: AuditFigure, id: 'drift' | 'speed', { params }: AuditContext) {
  const points = (share: number | null) => (share === null ? '?' : (100 * share).toFixed(1));
  const what = id === 'drift' ? 'Later votes' : 'Fast votes';
  const than = id === 'drift' ? 'earlier ones' : 'the rest';
  const direction = (figure.value ?? 0) < 0 ? 'less' : 'more';
  return makeFinding({
    id,
    sentence:
      figure.value === null
        ? `${what} cannot be compared with ${than}.`
        : `${what} agree ${points(Math.abs(figure.value))} points ${direction} with the other annotators than ${than} (difference ${points(figure.value)} [${points(figure.ci_lo)}, ${points(figure.ci_hi)}], ${sayMany(figure.n_items, 'vote')}).`,
    figure,
    scale: 'difference',
    warnFrom: params.warn_from,
    series: id === 'drift' ? 'agreement_by_progress' : 'agreement_by_speed',
  });
}
