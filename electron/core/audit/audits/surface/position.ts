import { z } from 'zod';
import type { AuditFigure, Finding } from '../../../../contract/audit.contract.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  type AuditOutcome,
  defineAudit,
  makeFigure,
  maximumSlices,
  minimumItems,
} from '../audit.ts';
import { measureShare, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { measureShares } from '../slices.ts';
import { measureBothOrders } from './position-both-orders.ts';
import { sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{ warn_rate: number; warn_index: number }>;

/** Sides are called random while no model is on one side in more than this share of its pairs. */
const unevenShare = 0.9;

const headOf = (metric: string, title: string) => ({ audit: 'position', metric, title });

const clusterOf = `CASE WHEN trim(p.text) = '' THEN -c.comparison_id ELSE c.prompt_id END`;

/** Overall votes with a preferred side whose order is recorded; once for each slice a vote lies in, where asked for. */
function orderedVotes({ dataset, slices, judge }: AuditContext, isSliced: boolean) {
  const sliced = `JOIN ${slices} s ON s.comparison_id = v.comparison_id AND (s.annotator_id IS NULL OR s.annotator_id = v.annotator_id)`;
  return {
    sql: `(SELECT n.name AS annotator, ${isSliced ? 's.slice' : 'NULL'} AS part, ${clusterOf} AS cluster, (v.label = v.shown_first)::INTEGER AS outcome
      FROM vote v JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id) JOIN annotator n USING (annotator_id)
      ${isSliced ? sliced : ''}
      WHERE v.dataset_id = ? AND v.aspect IS NULL AND v.shown_first IN ('a', 'b') AND v.label IN ('a', 'b')
      ${judge === null ? '' : 'AND n.name = ?'})`,
    parameters: judge === null ? [dataset.datasetId] : [dataset.datasetId, judge],
  };
}

export const positionAudit = defineAudit({
  id: 'position',
  family: 'surface',
  title: 'Position',
  description:
    'Whether the response shown first wins more often than chance, and whether judges asked in both orders keep to their choice.',
  inputs: ['shown_first', 'sides', 'label', 'model'],
  parameters: {
    /** Distance of a first-wins rate from one half beyond which a bias is a warning. */
    warn_rate: z.number().min(0).max(0.5).default(0.05),
    /** The same for the bias index of a judge asked in both orders. */
    warn_index: z.number().min(0).max(1).default(0.1),
  },
  findObstacle: (dataset) => {
    if (dataset.votesWithOrder > 0 || (dataset.hasSides && dataset.labelled > 0)) return null;
    return dataset.hasSides
      ? 'No pair has a preferred side (column label), and no vote records which side was shown first (column shown_first).'
      : 'No vote records which side was shown first (column shown_first), and the source stores chosen and rejected instead of two sides.';
  },
  run: async (context) => {
    const shown = context.dataset.votesWithOrder > 0 ? await measureShown(context) : [];
    const orders = context.dataset.votesWithOrder > 0 ? await measureBothOrders(context) : [];
    const stored = context.dataset.hasSides ? await measureStored(context) : [];
    return conclude(adjustFigures([...shown, ...orders, ...stored]), context);
  },
});

/** How often the side shown first wins, over all votes and by annotator. */
async function measureShown(context: AuditContext): Promise<AuditFigure[]> {
  const { session, signal, slice } = context;
  const head = headOf('first_win_rate', 'The side shown first wins');
  const measure = (part: string, isSliced: boolean) => {
    const { sql, parameters } = orderedVotes(context, isSliced);
    return sumClusterMoments(session, `(SELECT ${part} AS slice, cluster, outcome FROM ${sql})`, {
      parameters,
      signal,
    });
  };
  const [all] = await measure('NULL', false);
  const by = slice === null ? await measure('annotator', false) : await measure('part', true);
  const slices =
    by.length < 2 ? [] : by.sort((left, right) => right.sumX - left.sumX).slice(0, maximumSlices);
  return [
    makeFigure(head, { ...measureShare(all), neutral: 0.5 }),
    ...slices.map((moments) =>
      makeFigure(head, {
        slice_dim: slice ?? 'annotator',
        slice_value: String(moments.slice),
        ...measureShare(moments),
        neutral: 0.5,
      }),
    ),
  ];
}

/** How often stored side a wins, and how often each model is stored as side a. */
async function measureStored(context: AuditContext): Promise<AuditFigure[]> {
  const { session, dataset, signal, pairs } = context;
  const labelled = `(SELECT * FROM ${pairs} WHERE label IN ('a', 'b'))`;
  const rates = await measureShares(context, {
    head: headOf('stored_a_win_rate', 'Stored side a wins (the order shown is not recorded)'),
    from: labelled,
    outcome: "(label = 'a')::INTEGER",
  });
  if (dataset.withModels === 0) return rates;
  const placed = await sumClusterMoments(
    session,
    `(WITH pair AS (SELECT * FROM ${labelled} WHERE model_a <> model_b)
      SELECT model_a AS slice, cluster, 1 AS outcome FROM pair UNION ALL SELECT model_b, cluster, 0 FROM pair)`,
    { parameters: [], signal },
  );
  const models = placed
    .filter((moments) => moments.sumX >= minimumItems)
    .sort((left, right) => right.sumX - left.sumX)
    .slice(0, maximumSlices);
  return [
    ...rates,
    ...models.map((moments) =>
      makeFigure(headOf('model_is_side_a', 'The model is stored as side a'), {
        slice_dim: 'model',
        slice_value: String(moments.slice),
        ...measureShare(moments),
        neutral: 0.5,
      }),
    ),
  ];
}

async function conclude(figures: AuditFigure[], context: AuditContext): Promise<AuditOutcome> {
  const shown = figures.find((figure) => figure.metric === 'first_win_rate' && figure.slice_dim === null);
  const stored = figures.find((figure) => figure.metric === 'stored_a_win_rate' && figure.slice_dim === null);
  const worst = findWorstJudge(figures);
  const findings = [
    ...(shown && shown.value !== null ? [await describeShown(shown, context)] : []),
    ...(worst ? [describeIndex(worst, figures, context)] : []),
    ...(stored && stored.value !== null && !shown ? [describeStored(stored, figures)] : []),
  ];
  return {
    findings,
    figures,
    params: {
      has_shown_order: context.dataset.votesWithOrder > 0,
      min_n: minimumItems,
      max_slices: maximumSlices,
    },
  };
}

async function describeShown(figure: AuditFigure, context: AuditContext): Promise<Finding> {
  const side = (figure.value ?? 0.5) >= 0.5 ? '=' : '<>';
  return makeFinding({
    id: 'first_wins',
    sentence: sayShown(figure),
    figure,
    scale: 'share',
    warnFrom: 2 * context.params.warn_rate,
    rows: await context.keepRows({
      set: 'by_place',
      relation: 'pairs',
      sql: `SELECT DISTINCT v.comparison_id AS row_id FROM vote v WHERE v.dataset_id = ? AND v.aspect IS NULL
        AND v.shown_first IN ('a', 'b') AND v.label IN ('a', 'b') AND v.label ${side} v.shown_first ORDER BY row_id`,
      parameters: [context.dataset.datasetId],
    }),
  });
}

function describeIndex(
  figure: AuditFigure,
  figures: readonly AuditFigure[],
  { params }: AuditContext,
): Finding {
  return makeFinding({
    id: 'both_orders',
    sentence: sayJudge(figure, figures),
    figure,
    scale: 'difference',
    warnFrom: params.warn_index,
  });
}

/** Never a warning: without the order shown, a lean to one stored side may be about which model is stored there. */
function describeStored(figure: AuditFigure, figures: readonly AuditFigure[]): Finding {
  const side = (figure.value ?? 0.5) >= 0.5 ? 'a' : 'b';
  return makeFinding({
    id: 'stored_side_wins',
    sentence: sayStored(figure, figures),
    figure,
    scale: 'share',
    rows: {
      relation: 'pairs',
      filter: { clauses: [{ op: 'in', field: 'label', values: [side] }] },
      set: null,
      count: null,
    },
  });
}

/** The judge asked in both orders whose index is farthest from 0. */
function findWorstJudge(figures: readonly AuditFigure[]): AuditFigure | undefined {
  return figures
    .filter(
      (figure) => figure.metric === 'position_bias_index' && figure.value !== null && figure.status === 'ok',
    )
    .sort((left, right) => Math.abs(right.value ?? 0) - Math.abs(left.value ?? 0))[0];
}

function sayShown(figure: AuditFigure | undefined): string {
  if (!figure || figure.value === null) return '';
  return `The side shown first wins ${sayShare(figure)} of ${sayMany(figure.n_items, 'vote')} that are not ties.`;
}

function sayJudge(index: AuditFigure | undefined, figures: readonly AuditFigure[]): string {
  if (!index) return '';
  const of = (metric: string) =>
    figures.find((figure) => figure.metric === metric && figure.slice_value === index.slice_value);
  const consistent = of('consistent_share');
  const first = of('first_biased_share');
  const second = of('second_biased_share');
  if (!consistent || !first || !second) return '';
  return `Asked in both orders, ${index.slice_value ?? 'the judge'} keeps its choice on ${sayShare(consistent)} of ${sayMany(index.n_items, 'pair')}, follows the first place on ${sayShare(first)} and the second on ${sayShare(second)}.`;
}

function sayStored(figure: AuditFigure | undefined, figures: readonly AuditFigure[]): string {
  if (!figure || figure.value === null) return '';
  const rate = `Stored side a wins ${sayShare(figure)} of ${sayMany(figure.n_items, 'labelled pair')}; the order in which they were shown is not recorded.`;
  const uneven = figures.find(
    (candidate) =>
      candidate.metric === 'model_is_side_a' &&
      candidate.value !== null &&
      Math.max(candidate.value, 1 - candidate.value) > unevenShare,
  );
  if (!uneven) return rate;
  return `${rate} Sides are not random (${uneven.slice_value ?? ''} is side a in ${sayShare(uneven)} of its ${sayMany(uneven.n_items, 'pair')}), so this says more about models than about position.`;
}
