import type { AuditFigure, AuditTable } from '../../../../contract/audit.contract.ts';
import { drawPanels, type PanelResult, type WelfareSpread } from '../../../statistics/welfare.ts';
import { makeFigure } from '../audit.ts';
import type { RaterGroup } from './rater-groups.ts';
import type { ScoreTable, WelfareContext } from './score-table.ts';

const sizes = [10, 20, 50, 100] as const;
/** The size of a panel whose welfare becomes a figure; the table shows all sizes. */
const shownSize = 50;

interface Scheme {
  name: string;
  from: readonly number[];
}

/**
 * Panels of four sizes drawn from everybody and from each group alone: which model they choose, and the mean score that everybody
 * and the least well-off group would give it.
 */
export async function drawAllPanels(
  context: WelfareContext,
  scores: ScoreTable,
  groups: readonly RaterGroup[],
): Promise<{ figures: AuditFigure[]; table: AuditTable }> {
  const { seed, signal, params } = context;
  const everybody = Array.from({ length: scores.raters }, (_, rater) => rater);
  const audiences = [everybody, ...groups.map((group) => group.raters)];
  const schemes: Scheme[] = [
    { name: 'representative', from: everybody },
    ...groups.map((group) => ({ name: `${group.axis}: ${group.value} only`, from: group.raters })),
  ];
  const figures: AuditFigure[] = [];
  const rows: AuditTable['rows'] = [];
  for (const { name, from } of schemes) {
    for (const size of sizes) {
      const { draws, rule, veto } = params;
      const drawn = await drawPanels(scores.means, audiences, {
        size,
        from,
        seed,
        signal,
        draws,
        rule,
        veto,
      });
      rows.push([name, size, ...describeDrawn(drawn, scores, groups)]);
      const all = drawn.welfare[0];
      if (size === shownSize && all) figures.push(describeWelfare(all, { name, from, params }));
    }
  }
  return { figures, table: { id: 'panels', title: 'Panels', columns: [...columns], rows } };
}

const columns = [
  ...[
    'Drawn from',
    'Size',
    'Chosen most often',
    'Share of panels',
    'Welfare of everybody',
    '5 %',
    '25 %',
    '50 %',
    '75 %',
    '95 %',
  ],
  ...['Least well-off group', 'Its welfare'],
];

function describeDrawn(
  drawn: PanelResult,
  scores: ScoreTable,
  groups: readonly RaterGroup[],
): AuditTable['rows'][number] {
  const favourite = drawn.chosen.indexOf(Math.max(...drawn.chosen));
  const all = drawn.welfare[0];
  const meanOf = (audience: number) => drawn.welfare[audience]?.mean ?? Infinity;
  const least = groups.map((_, index) => index + 1).sort((left, right) => meanOf(left) - meanOf(right))[0];
  const group = least === undefined ? undefined : groups[least - 1];
  return [
    ...[scores.models[favourite] ?? null, digits(drawn.chosen[favourite])],
    ...[all?.mean, all?.lower, all?.quarter, all?.median, all?.threeQuarters, all?.upper].map(digits),
    ...[
      group ? `${group.axis}: ${group.value}` : null,
      least === undefined ? null : digits(drawn.welfare[least]?.mean),
    ],
  ];
}

function describeWelfare(
  all: WelfareSpread,
  { name, from, params }: Scheme & { params: WelfareContext['params'] },
): AuditFigure {
  return makeFigure(
    {
      audit: 'rater-welfare',
      metric: 'panel_welfare',
      title: `Mean score of everybody for the model that panels of ${shownSize} choose (5 to 95 % of panels)`,
    },
    {
      ...{ slice_dim: 'panel', slice_value: name, value: all.mean, ci_lo: all.lower, ci_hi: all.upper },
      ...{ n_items: params.draws, n_clusters: from.length },
      status: from.length < params.min_raters ? 'too_small' : 'ok',
    },
  );
}

const digits = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : Number(value.toFixed(4));
