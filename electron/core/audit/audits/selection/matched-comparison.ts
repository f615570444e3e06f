import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { isGroupColumn, type GroupColumn } from '../../selection/ordered-selections.ts';
import { ratioDifferenceInterval } from '../../../statistics/ratio.ts';
import { mean, standardDeviation } from '../../../statistics/descriptive.ts';
import { adjustFigures, type AuditContext, defineAudit, makeFigure } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { sayCount } from '../wording.ts';

const groupColumns = ['subset', 'source_file', 'topic', 'language'] as const;

/** Pairs a group needs (audit specification C6). */
const leastGroup = 100;

const mostGroups = 12;

/** Measured on each group; SQL over the pair table with `words` (of the texts), as a 0/1 or a number. */
const measures = {
  longer_win_rate: {
    title: 'The longer side wins',
    sql: 'CASE WHEN delta <> 0 THEN (delta > 0)::INTEGER END',
  },
  tie_share: { title: 'Ties', sql: "(label IN ('tie', 'both_bad'))::INTEGER" },
  mean_prompt_chars: { title: 'Prompt length (characters)', sql: 'prompt_chars' },
  mean_response_chars: { title: 'Response length (characters)', sql: '(chars_a + chars_b) / 2.0' },
  multi_turn_share: { title: 'More than one turn', sql: '(turns > 1)::INTEGER' },
  repeated_prompt_share: { title: 'Prompt also in another pair', sql: 'repeated' },
  agreement: { title: 'Votes that agree with the label', sql: 'agreeing' },
} as const;
type Metric = keyof typeof measures;
const metricNames = Object.keys(measures) as Metric[];

interface Params {
  by: string;
  draws: number;
}
type Context = AuditContext<Params>;

export const matchedComparisonAudit = defineAudit({
  id: 'matched_comparison',
  family: 'selection',
  title: 'Matched comparison of sources',
  description:
    'Compares sources at equal size: each is cut to the smallest, in several draws, before any number is compared.',
  inputs: ['label', 'chars', 'subset', 'topic', 'language', 'votes'],
  parameters: {
    /** Column that names the source; empty = the first of subset, source_file, topic, language with two groups. */
    by: z.string().default(''),
    draws: z.number().int().min(2).max(100).default(20),
  },
  findObstacle: (dataset) => (dataset.pairs > 0 ? null : 'The dataset has no pairs.'),
  run: async (context) => {
    const found = await findGroups(context);
    if (typeof found === 'string') return { obstacle: found };
    const { by, groups, size } = found;
    const table = context.scratch('drawn');
    await createDraws(context, { by, size, table });
    const rows = await readDraws(context, table);
    const figures = groups.flatMap((group) =>
      metricNames.flatMap((metric) => describeGroup(rows, { group, metric, by, size })),
    );
    const differences = adjustFigures(await compareGroups(context, { table, groups, by }));
    const clear = differences.filter((figure) => (figure.p_adj ?? 1) <= 0.05);
    const shares = differences.filter((figure) => !figure.metric.startsWith('mean_'));
    const top = shares.sort((a, b) => (a.p_adj ?? 1) - (b.p_adj ?? 1))[0] ?? null;
    return {
      findings: [
        makeFinding({
          id: 'difference',
          sentence: `At ${sayCount(size)} pairs of each ${by}, ${sayCount(clear.length)} of ${sayCount(differences.length)} differences between ${groups[0] ?? ''} and the others are clear${top?.value == null ? '' : `; the clearest is ${top.title.toLowerCase()} of ${top.slice_value ?? ''} by ${top.value.toPrecision(3)}`}.`,
          figure: top,
          scale: 'difference',
        }),
      ],
      figures: [...differences, ...figures],
      tables: [tabulate(rows, groups, by)],
      params: { by, size, min_group: leastGroup },
    };
  },
});

interface Groups {
  by: GroupColumn;
  groups: string[];
  size: number;
}

/** The column to compare by and its groups of enough pairs, the largest first. */
async function findGroups(context: Context): Promise<Groups | string> {
  const wanted = context.params.by;
  if (wanted !== '' && !isGroupColumn(wanted)) return `“${wanted}” is no column of a source.`;
  for (const by of wanted === '' ? groupColumns : [wanted]) {
    const rows = await context.session.all<{ group: string; n: number }>(
      `SELECT ${by}::VARCHAR AS "group", count(DISTINCT comparison_id) AS n FROM ${context.pairs} WHERE ${by} IS NOT NULL GROUP BY ALL
       HAVING count(DISTINCT comparison_id) >= ${leastGroup} ORDER BY n DESC, "group" LIMIT ${mostGroups}`,
    );
    const last = rows.at(-1);
    if (rows.length >= 2 && last) return { by, groups: rows.map((row) => row.group), size: last.n };
  }
  return `No column (${wanted || groupColumns.join(', ')}) has two groups of ${leastGroup} pairs.`;
}

async function createDraws(
  context: Context,
  { by, size, table }: { by: string; size: number; table: string },
) {
  const sums = metricNames.map((metric) => `${measures[metric].sql} AS ${metric}`).join(', ');
  await context.session.run(
    `CREATE OR REPLACE TABLE ${table} AS WITH
       agreed AS (SELECT v.comparison_id, avg((v.label = c.label)::INTEGER) AS agreeing FROM vote v JOIN comparison c USING (comparison_id)
         WHERE v.dataset_id = ? AND v.aspect IS NULL GROUP BY v.comparison_id HAVING count(DISTINCT v.annotator_id) >= 2),
       base AS (SELECT x.*, a.agreeing, (count(*) OVER (PARTITION BY x.prompt_id) > 1)::INTEGER AS repeated
         FROM ${context.pairs} x LEFT JOIN agreed a USING (comparison_id)),
       measured AS (SELECT row_id, cluster, ${by}::VARCHAR AS "group", ${sums} FROM base WHERE ${by} IS NOT NULL),
       placed AS (SELECT m.*, draw, row_number() OVER (PARTITION BY "group", draw ORDER BY md5(row_id || '.' || (draw + ?)), row_id) AS place
         FROM measured m, range(?::BIGINT) AS draws(draw))
     SELECT * EXCLUDE (place) FROM placed WHERE place <= ?`,
    [context.dataset.datasetId, context.seed, context.params.draws, size],
    { signal: context.signal },
  );
}

type DrawRow = Record<Metric, number | null> & { group: string; draw: number };

async function readDraws(context: Context, table: string): Promise<DrawRow[]> {
  return context.session.all<DrawRow>(
    `SELECT "group", draw, ${metricNames.map((metric) => `avg(${metric})::DOUBLE AS ${metric}`).join(', ')} FROM ${table} GROUP BY ALL ORDER BY "group", draw`,
    [],
    { signal: context.signal },
  );
}

const valuesOf = (rows: readonly DrawRow[], group: string, metric: Metric) =>
  rows.flatMap((row) => (row.group === group && row[metric] !== null ? [row[metric]] : []));

/** Mean over the draws with the middle 95 % of them: how much the draw itself moves the number. */
function describeGroup(
  rows: readonly DrawRow[],
  { group, metric, by, size }: { group: string; metric: Metric; by: string; size: number },
): AuditFigure[] {
  const values = valuesOf(rows, group, metric);
  if (values.length === 0) return [];
  const spread = 1.96 * standardDeviation(values);
  const centre = mean(values);
  return [
    makeFigure(
      { audit: 'matched_comparison', metric, title: measures[metric].title },
      {
        value: centre,
        ci_lo: Number.isNaN(spread) ? null : centre - spread,
        ci_hi: Number.isNaN(spread) ? null : centre + spread,
        n_items: size,
        status: 'ok',
        slice_dim: by,
        slice_value: group,
      },
    ),
  ];
}

/** Every other group minus the largest, on the first draw, with the cluster-robust interval. */
async function compareGroups(
  context: Context,
  { table, groups, by }: { table: string; groups: readonly string[]; by: string },
): Promise<AuditFigure[]> {
  const [first, ...others] = groups;
  const figures: AuditFigure[] = [];
  for (const metric of metricNames) {
    for (const group of others) {
      const columns = await context.session.columns(
        `SELECT cluster, coalesce(sum(${metric}) FILTER ("group" = ?), 0) AS y1, count(${metric}) FILTER ("group" = ?) AS x1,
           coalesce(sum(${metric}) FILTER ("group" = ?), 0) AS y2, count(${metric}) FILTER ("group" = ?) AS x2
         FROM ${table} WHERE draw = 0 AND "group" IN (?, ?) GROUP BY cluster ORDER BY cluster`,
        [group, group, first ?? '', first ?? '', group, first ?? ''],
        { signal: context.signal },
      );
      const of = (y: string, x: string) => ({ numerators: columns[y] ?? [], denominators: columns[x] ?? [] });
      const outcome = ratioDifferenceInterval(of('y1', 'x1'), of('y2', 'x2'));
      if (outcome.status === 'undefined') continue;
      const rows = (columns['x1'] ?? new Float64Array(0)).reduce((sum, n) => sum + n, 0);
      figures.push(
        makeFigure(
          {
            audit: 'matched_comparison',
            metric: `${metric}_difference`,
            title: `${measures[metric].title}, against ${first ?? ''}`,
          },
          {
            value: outcome.estimate,
            ci_lo: outcome.lower,
            ci_hi: outcome.upper,
            p: outcome.p,
            n_items: rows,
            n_clusters: outcome.clusters,
            status: 'ok',
            neutral: 0,
            slice_dim: by,
            slice_value: group,
          },
        ),
      );
    }
  }
  return figures;
}

function tabulate(rows: readonly DrawRow[], groups: readonly string[], by: string) {
  return {
    id: 'matched',
    title: 'Mean ± SD over the draws',
    columns: [by, ...metricNames.map((metric) => measures[metric].title)],
    rows: groups.map((group) => [
      group,
      ...metricNames.map((metric) => {
        const values = valuesOf(rows, group, metric);
        return values.length < 2
          ? null
          : `${mean(values).toPrecision(4)} ± ${standardDeviation(values).toPrecision(2)}`;
      }),
    ]),
  };
}
