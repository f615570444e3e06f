import { z } from 'zod';
import type { AuditFigure, Finding } from '../../../../contract/audit.contract.ts';
import { fisherExact } from '../../../statistics/fisher-exact.ts';
import { wilsonInterval } from '../../../statistics/wilson.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  defineAudit,
  makeFigure,
  minimumItems,
} from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{ gold: string; warn_gap: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'labeller_equity', metric, title });
const goldKey = /^(gold|gold_label|true_label|correct|reference_label)$/i;

export const labellerEquityAudit = defineAudit({
  id: 'labeller_equity',
  family: 'fairness',
  title: 'Labeller equity against gold',
  description:
    'Whether the label (or the judge that stands for it) is as right on one group as on another, measured on pairs with a gold label. Slice by a column to choose the groups.',
  inputs: ['label', 'extra', 'votes', 'annotator', 'language', 'subset'],
  parameters: {
    /** Where the gold label is: an annotator’s name, or extra.KEY holding a or b; empty looks for a key such as gold. */
    gold: z.string().default(''),
    /** Gap in accuracy between groups from which it is a warning. */
    warn_gap: z.number().min(0).max(1).default(0.1),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context) => {
    const gold = context.params.gold || findGoldKey(context);
    if (gold === undefined)
      return {
        obstacle:
          'No gold labels are known: no extra column is called gold, gold_label, true_label or correct. Name an annotator or extra.KEY in the parameter gold.',
      };
    const table = await storeGold(context, gold);
    const { n } = await context.session.one<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
    if (n === 0) return { obstacle: `No labelled pair has a gold label a or b in ${gold}.` };
    const figures = await measureGroups(context, table);
    return {
      findings: await describeGap(context, figures, table),
      figures,
      params: { gold, min_n: minimumItems },
    };
  },
});

function findGoldKey({ dataset }: AuditContext): string | undefined {
  const key = dataset.extraKeys.find((candidate) => goldKey.test(candidate));
  return key === undefined ? undefined : `extra.${key}`;
}

/** One row per labelled pair with gold: comparison_id, label, gold, part (its slice, or language, or subset). */
async function storeGold(context: AuditContext, gold: string): Promise<string> {
  const { session, dataset, pairs, slices, slice, signal } = context;
  const table = context.scratch('gold');
  const isKey = gold.startsWith('extra.');
  const source = isKey
    ? `SELECT comparison_id, lower(json_extract_string(extra, $1)) AS gold FROM comparison WHERE dataset_id = $2`
    : `SELECT v.comparison_id, any_value(v.label) AS gold FROM vote v JOIN annotator n USING (annotator_id) WHERE n.name = $1 AND v.dataset_id = $2
       AND v.aspect IS NULL GROUP BY v.comparison_id HAVING count(DISTINCT v.label) = 1`;
  const part = slice === null ? 'coalesce(x.language, x.subset, x.topic)' : 's.slice';
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS WITH g AS (${source})
     SELECT x.row_id, x.comparison_id, x.label, CASE g.gold WHEN '0' THEN 'a' WHEN '1' THEN 'b' ELSE g.gold END AS gold, ${part} AS part
     FROM ${pairs} x JOIN g USING (comparison_id) ${slice === null ? '' : `LEFT JOIN ${slices} s USING (row_id)`}
     WHERE x.label IN ('a', 'b') AND g.gold IN ('a', 'b', '0', '1')`,
    [isKey ? `$."${gold.slice('extra.'.length).replaceAll('"', '')}"` : gold, dataset.datasetId],
    { signal },
  );
  return table;
}

interface GroupCounts {
  readonly part: string | null;
  readonly n: number;
  readonly right: number;
  readonly gold_a: number;
  readonly a_right: number;
  readonly label_a: number;
}

async function measureGroups({ session, slice }: AuditContext, table: string): Promise<AuditFigure[]> {
  const counts = `count(*) AS n, count(*) FILTER (label = gold) AS "right", count(*) FILTER (gold = 'a') AS gold_a,
    count(*) FILTER (gold = 'a' AND label = 'a') AS a_right, count(*) FILTER (label = 'a') AS label_a`;
  const [all] = await session.all<GroupCounts>(
    `SELECT NULL AS part, ${counts} FROM (SELECT DISTINCT ON (row_id) * FROM ${table})`,
  );
  const groups = await session.all<GroupCounts>(
    `SELECT part, ${counts} FROM ${table} WHERE part IS NOT NULL GROUP BY part ORDER BY n DESC, part LIMIT 20`,
  );
  const rows = groups.length > 1 ? groups : [];
  const dim = slice ?? 'group';
  const figures = [...(all ? [all] : []), ...rows].flatMap((row) => {
    const part = row.part === null ? {} : { slice_dim: dim, slice_value: row.part };
    const recallA = shareOf(row.a_right, row.gold_a);
    const precisionA = shareOf(row.a_right, row.label_a);
    return [
      makeFigure(headOf('accuracy', 'Accuracy against gold'), { ...part, ...shareOf(row.right, row.n) }),
      makeFigure(headOf('recall_a', 'Recall of side a'), { ...part, ...recallA }),
      makeFigure(headOf('precision_a', 'Precision of side a'), { ...part, ...precisionA }),
    ];
  });
  return adjustFigures([...figures, ...compareGroups(rows)]);
}

function shareOf(right: number, n: number): Partial<AuditFigure> {
  const wilson = wilsonInterval(right, n);
  if (wilson.status === 'undefined') return { n_items: n };
  return {
    value: wilson.estimate,
    ci_lo: wilson.lower,
    ci_hi: wilson.upper,
    n_items: n,
    status: statusOf(n),
  };
}

/** Largest gap in accuracy between two groups of at least 20 gold pairs, with Fisher's exact test and Newcombe's interval. */
function compareGroups(rows: readonly GroupCounts[]): AuditFigure[] {
  const large = rows.filter((row) => row.n >= minimumItems).sort((a, b) => b.right / b.n - a.right / a.n);
  const [best, worst] = [large[0], large.at(-1)];
  if (!best || !worst || best === worst) return [];
  const comparisons = (large.length * (large.length - 1)) / 2;
  const p = fisherExact([best.right, best.n - best.right, worst.right, worst.n - worst.right]);
  const [upper, lower] = [wilsonInterval(best.right, best.n), wilsonInterval(worst.right, worst.n)];
  const [high, low] = [best.right / best.n, worst.right / worst.n];
  const isKnown = upper.status !== 'undefined' && lower.status !== 'undefined';
  return [
    makeFigure(headOf('accuracy_gap', 'Largest gap in accuracy (p times the number of comparisons)'), {
      slice_dim: 'groups',
      slice_value: `${best.part ?? ''} − ${worst.part ?? ''}`,
      value: high - low,
      ci_lo: isKnown ? high - low - Math.hypot(high - upper.lower, lower.upper - low) : null,
      ci_hi: isKnown ? high - low + Math.hypot(upper.upper - high, low - lower.lower) : null,
      p: Math.min(1, p * comparisons),
      n_items: best.n + worst.n,
      status: 'ok',
      neutral: 0,
    }),
  ];
}

async function describeGap(
  context: AuditContext,
  figures: readonly AuditFigure[],
  table: string,
): Promise<Finding[]> {
  const accuracy = figures.find((figure) => figure.metric === 'accuracy' && figure.slice_dim === null);
  const gap = figures.find((figure) => figure.metric === 'accuracy_gap');
  const rows = await context.keepRows({
    set: 'wrong',
    relation: 'pairs',
    sql: `SELECT DISTINCT comparison_id AS row_id FROM ${table} WHERE label <> gold ORDER BY row_id`,
  });
  await context.propose({
    kind: 'flip',
    sql: `SELECT DISTINCT comparison_id, label AS before, gold AS after, 'The gold label is ' || gold AS reason, 1.0 AS score FROM ${table} WHERE label <> gold`,
  });
  const findings: Finding[] = [];
  if (accuracy)
    findings.push(
      makeFinding({
        id: 'accuracy',
        sentence: `The label is that of the gold standard in ${sayShare(accuracy)} of ${sayMany(accuracy.n_items, 'pair')} with gold.`,
        figure: { ...accuracy, neutral: 1 },
        scale: 'difference',
        isDescriptive: true,
        warnFrom: 0.2,
        noticeFrom: 0.05,
        rows,
      }),
    );
  if (gap)
    findings.push(
      makeFinding({
        id: 'gap',
        sentence: `Accuracy differs by ${sayShare(gap)} between ${gap.slice_value?.replace(' − ', ' and ') ?? 'groups'}, over ${sayMany(gap.n_items, 'gold pair')}.`,
        figure: gap,
        scale: 'difference',
        warnFrom: context.params.warn_gap,
      }),
    );
  return findings;
}
