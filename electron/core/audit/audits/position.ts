import type { AuditFigure, AuditResult } from '../../../contract/audit.contract.ts';
import {
  adjustFigures,
  type Audit,
  type AuditContext,
  type AuditOutcome,
  makeFigure,
  maximumSlices,
  minimumItems,
} from './audit.ts';
import { measureShare, sumClusterMoments } from './clustered-share.ts';
import { measureBothOrders } from './position-both-orders.ts';
import { sayMany, sayShare } from './wording.ts';

/** Distance of a first-wins rate from one half, and of a bias index from 0, beyond which a bias is a warning. */
const warnRate = 0.05;
const warnIndex = 0.1;
/** Sides are called random while no model is on one side in more than this share of its pairs. */
const unevenShare = 0.9;

const headOf = (metric: string, title: string) => ({ audit: 'position', metric, title });

const clusterOf = `CASE WHEN trim(p.text) = '' THEN -c.comparison_id ELSE c.prompt_id END`;

/** Overall votes with a preferred side whose order is recorded. Takes the dataset's id as parameter. */
const orderedVotes = `(SELECT n.name AS annotator, ${clusterOf} AS cluster, (v.label = v.shown_first)::INTEGER AS outcome
  FROM vote v JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id) JOIN annotator n USING (annotator_id)
  WHERE v.dataset_id = ? AND v.aspect IS NULL AND v.shown_first IN ('a', 'b') AND v.label IN ('a', 'b'))`;

export const positionAudit: Audit = {
  id: 'position',
  title: 'Position',
  description:
    'Whether the response shown first wins more often than chance, and whether judges asked in both orders keep to their choice.',
  inputs: ['shown_first', 'sides', 'label', 'model'],
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
};

/** How often the side shown first wins, over all votes and by annotator. */
async function measureShown({ session, dataset, signal }: AuditContext): Promise<AuditFigure[]> {
  const options = { parameters: [dataset.datasetId], signal };
  const head = headOf('first_win_rate', 'The side shown first wins');
  const [all] = await sumClusterMoments(session, `(SELECT NULL AS slice, * FROM ${orderedVotes})`, options);
  const by = await sumClusterMoments(session, `(SELECT annotator AS slice, * FROM ${orderedVotes})`, options);
  const slices =
    by.length < 2 ? [] : by.sort((left, right) => right.sumX - left.sumX).slice(0, maximumSlices);
  return [
    makeFigure(head, { ...measureShare(all), neutral: 0.5 }),
    ...slices.map((moments) =>
      makeFigure(head, {
        slice_dim: 'annotator',
        slice_value: String(moments.slice),
        ...measureShare(moments),
        neutral: 0.5,
      }),
    ),
  ];
}

/** How often stored side a wins, and how often each model is stored as side a. */
async function measureStored({ session, dataset, signal }: AuditContext): Promise<AuditFigure[]> {
  const options = { parameters: [dataset.datasetId], signal };
  const labelled = `(SELECT c.*, ${clusterOf} AS cluster FROM comparison c JOIN prompt p USING (prompt_id)
    WHERE c.dataset_id = ? AND c.label IN ('a', 'b'))`;
  const [wins] = await sumClusterMoments(
    session,
    `(SELECT NULL AS slice, cluster, (label = 'a')::INTEGER AS outcome FROM ${labelled})`,
    options,
  );
  const rate = makeFigure(
    headOf('stored_a_win_rate', 'Stored side a wins (the order shown is not recorded)'),
    {
      ...measureShare(wins),
      neutral: 0.5,
    },
  );
  if (dataset.withModels === 0) return [rate];
  const placed = await sumClusterMoments(
    session,
    `(WITH pair AS (SELECT * FROM ${labelled} WHERE model_a <> model_b)
      SELECT model_a AS slice, cluster, 1 AS outcome FROM pair UNION ALL SELECT model_b, cluster, 0 FROM pair)`,
    options,
  );
  const models = placed
    .filter((moments) => moments.sumX >= minimumItems)
    .sort((left, right) => right.sumX - left.sumX)
    .slice(0, maximumSlices);
  return [
    rate,
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

function conclude(figures: AuditFigure[], { dataset, seed }: AuditContext): AuditOutcome {
  const shown = figures.find((figure) => figure.metric === 'first_win_rate' && figure.slice_value === null);
  const stored = figures.find((figure) => figure.metric === 'stored_a_win_rate');
  const worst = findWorstJudge(figures);
  const severities = [judgeShown(shown), judgeIndex(worst), shown ? 'none' : judgeStored(stored)] as const;
  return {
    finding: [sayShown(shown), sayJudge(worst, figures), shown ? '' : sayStored(stored, figures)]
      .filter((sentence) => sentence !== '')
      .join(' '),
    severity: severities.includes('warning') ? 'warning' : severities.includes('notice') ? 'notice' : 'none',
    figures,
    series: [],
    params: {
      has_shown_order: dataset.votesWithOrder > 0,
      warn_rate: warnRate,
      warn_index: warnIndex,
      min_n: minimumItems,
      max_slices: maximumSlices,
      seed,
    },
  };
}

/** The judge asked in both orders whose index is farthest from 0. */
function findWorstJudge(figures: readonly AuditFigure[]): AuditFigure | undefined {
  return figures
    .filter((figure) => figure.metric === 'position_bias_index' && figure.value !== null)
    .sort((left, right) => Math.abs(right.value ?? 0) - Math.abs(left.value ?? 0))[0];
}

function isClear(figure: AuditFigure | undefined): figure is AuditFigure & { value: number } {
  return figure?.status === 'ok' && figure.value !== null && figure.p !== null && figure.p <= 0.05;
}

function judgeShown(figure: AuditFigure | undefined): AuditResult['severity'] {
  if (!isClear(figure)) return 'none';
  return Math.abs(figure.value - 0.5) >= warnRate ? 'warning' : 'notice';
}

function judgeIndex(figure: AuditFigure | undefined): AuditResult['severity'] {
  if (!isClear(figure)) return 'none';
  return Math.abs(figure.value) >= warnIndex ? 'warning' : 'notice';
}

/** Never a warning: without the order shown, a lean to one stored side may be about which model is stored there. */
function judgeStored(figure: AuditFigure | undefined): AuditResult['severity'] {
  return isClear(figure) ? 'notice' : 'none';
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
