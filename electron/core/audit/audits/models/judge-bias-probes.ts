import { z } from 'zod';
import probes from '../../../../../resources/probes/evalbiasbench/biasbench.json' with { type: 'json' };
import type { AuditFigure, AuditTable } from '../../../../contract/audit.contract.ts';
import { adjustFigures, type AuditContext as Context, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { nameModel, testedShare } from './model-figures.ts';
import { askBothOrders, storeVerdicts, verdictColumns } from './pair-verdicts.ts';

type AuditContext = Context<{ tie_epsilon: number }>;

interface Probe {
  readonly instruction: string;
  readonly response1: string;
  readonly response2: string;
  /** The better response: 1 or 2. */
  readonly label: number;
}

const kinds: readonly (readonly [string, readonly Probe[]])[] = Object.entries(probes).map(
  ([name, list]) => [name.replace(/_/g, ' ').replace(/ (preference )?bias$/, ''), list] as const,
);
const all = kinds.flatMap(([kind, list]) => list.map((probe) => ({ kind, probe })));

export const judgeBiasProbesAudit = defineAudit({
  id: 'judge_bias_probes',
  family: 'surface',
  title: 'Bias probes of a judge model (EvalBiasBench)',
  description:
    'Asks a judge model the 80 pairs of EvalBiasBench, in both orders: each sets a worse response with a tempting surface (length, concreteness, an answer to what was not asked …) against a better one.',
  inputs: [],
  models: ['judge'],
  parameters: { tie_epsilon: z.number().min(0).max(0.4).default(0.02) },
  findObstacle: () => null,
  passes: [
    {
      role: 'judge',
      columns: { ...verdictColumns, kind: 'VARCHAR', better: 'VARCHAR' },
      list: async () =>
        all.flatMap(({ kind, probe }, item) =>
          askBothOrders({
            item,
            variant: 'probe',
            prompt: probe.instruction,
            a: probe.response1,
            b: probe.response2,
          }).map(({ call, row }) => ({ call, row: { ...row, kind, better: probe.label === 1 ? 'a' : 'b' } })),
        ),
    },
  ],
  run: async (context: AuditContext) => {
    const rows = await countKinds(context);
    const figures = adjustFigures([figureOf(null, rows), ...rows.map((row) => figureOf(row.kind, [row]))]);
    const [whole] = figures;
    const worst = figures
      .filter(({ slice_value: kind, value }) => kind !== null && value !== null)
      .sort((left, right) => (left.value ?? 1) - (right.value ?? 1))[0];
    return {
      figures,
      findings: whole
        ? [
            makeFinding({
              id: 'accuracy',
              sentence: `${nameModel(context)} prefers the better response of ${sayShare(whole)} of ${sayMany(whole.n_items, 'bias probe')}${worst ? `, fewest on “${worst.slice_value ?? ''}” (${sayShare(worst)} of ${worst.n_items})` : ''}.`,
              figure: { ...whole, neutral: 1, p: null, p_adj: null },
              scale: 'difference',
              isDescriptive: true,
              noticeFrom: 0.1,
              warnFrom: 0.25,
            }),
          ]
        : [],
      tables: [tabulate(rows)],
      params: { probes: 'EvalBiasBench, NCSOFT 2024, BSD-3-Clause' },
    };
  },
});

interface KindRow {
  readonly kind: string;
  readonly n: number;
  readonly right: number;
  readonly ties: number;
  readonly invalid: number;
}

async function countKinds(context: AuditContext): Promise<KindRow[]> {
  const table = await storeVerdicts(context, 0, context.params.tie_epsilon);
  return context.session.all<KindRow>(
    `SELECT k.kind, count(v.verdict) AS n, count(*) FILTER (v.verdict = k.better) AS right, count(*) FILTER (v.verdict = 'tie') AS ties,
       count(*) FILTER (v.verdict IS NULL) AS invalid
     FROM ${table} v JOIN (SELECT DISTINCT item, kind, better FROM ${context.answers(0)}) k USING (item) GROUP BY k.kind ORDER BY min(item)`,
  );
}

/** Accuracy; a tie is not a right answer, as in the benchmark. */
function figureOf(kind: string | null, rows: readonly KindRow[]): AuditFigure {
  const sum = (key: 'n' | 'right') => rows.reduce((total, row) => total + row[key], 0);
  return testedShare(
    {
      audit: 'judge_bias_probes',
      metric: 'accuracy',
      title: 'The better response is preferred',
      ...(kind !== null && { slice_dim: 'bias', slice_value: kind }),
    },
    { count: sum('right'), n: sum('n') },
  );
}

function tabulate(rows: readonly KindRow[]): AuditTable {
  return {
    id: 'probes',
    title: 'Bias probes by kind',
    columns: ['Bias', 'Asked', 'Right', 'Ties', 'No valid answer'],
    rows: rows.map(({ kind, n, right, ties, invalid }) => [kind, n, right, ties, invalid]),
  };
}
