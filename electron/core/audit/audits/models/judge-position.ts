import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { adjustFigures, type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { measureMean, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { describeJudge, type OrderCounts } from '../surface/position-both-orders.ts';
import { sayMany, sayShare } from '../wording.ts';
import { nameModel } from './model-figures.ts';
import { askBothOrders, storeVerdicts, verdictColumns } from './pair-verdicts.ts';
import { samplePairs } from './sampled-pairs.ts';

type AuditContext = Context<{ sample: number; tie_epsilon: number; warn_index: number }>;

export const judgePositionAudit = defineAudit({
  id: 'judge_position',
  family: 'surface',
  title: 'Position bias of a judge model',
  description:
    'Asks a judge model about a sample of the pairs in both orders: how often it keeps its choice, and which place it follows where it does not.',
  inputs: ['text'],
  models: ['judge'],
  parameters: {
    sample: z.number().int().min(10).max(100_000).default(200),
    /** A probability this near to one half names no side. */
    tie_epsilon: z.number().min(0).max(0.4).default(0.02),
    warn_index: z.number().min(0).max(1).default(0.1),
  },
  findObstacle: (dataset) => (dataset.pairs === 0 ? 'The dataset has no pairs.' : null),
  passes: [
    {
      role: 'judge',
      columns: verdictColumns,
      list: async (context) =>
        (await samplePairs(context, context.params.sample)).flatMap((pair) =>
          askBothOrders({
            item: pair.comparisonId,
            variant: 'original',
            prompt: pair.prompt,
            a: pair.responseA,
            b: pair.responseB,
          }),
        ),
    },
  ],
  run: async (context) => {
    const table = await storeVerdicts(context, 0, context.params.tie_epsilon);
    const figures = adjustFigures([
      ...(await measureOrders(context, table)),
      await measureLean(context, table),
    ]);
    const index = figures.find((figure) => figure.metric === 'position_bias_index');
    const consistent = figures.find((figure) => figure.metric === 'consistent_share');
    return {
      figures,
      findings: index
        ? [
            makeFinding({
              id: 'both_orders',
              sentence: `Asked in both orders, ${nameModel(context)} keeps its choice on ${consistent ? sayShare(consistent) : 'an unknown share'} of ${sayMany(index.n_items, 'pair')}; it follows the first place on ${sayOrder(figures, 'first')} and the second on ${sayOrder(figures, 'second')}.`,
              figure: index,
              scale: 'difference',
              warnFrom: context.params.warn_index,
              rows: await context.keepRows({
                set: 'changed_choice',
                relation: 'pairs',
                sql: `SELECT item AS row_id FROM ${table} WHERE order_state IN ('first', 'second') ORDER BY abs(lean) DESC, item`,
              }),
            }),
          ]
        : [],
    };
  },
});

function sayOrder(figures: readonly AuditFigure[], order: 'first' | 'second'): string {
  const figure = figures.find(({ metric }) => metric === `${order}_biased_share`);
  return figure ? sayShare(figure) : 'an unknown share';
}

async function measureOrders(context: AuditContext, table: string): Promise<AuditFigure[]> {
  const counts = await context.session.one<Omit<OrderCounts, 'annotator'>>(
    `SELECT count(*) AS asked, count(*) FILTER (order_state IS NULL) AS unparsed, count(*) FILTER (order_state = 'tie_once') AS "tieOnce",
       count(*) FILTER (order_state = 'tie_twice') AS "tieTwice", count(*) FILTER (order_state = 'consistent') AS consistent,
       count(*) FILTER (order_state = 'first') AS "firstBiased", count(*) FILTER (order_state = 'second') AS "secondBiased" FROM ${table}`,
  );
  const [moments] = await sumClusterMoments(
    context.session,
    `(SELECT NULL AS slice, c.cluster, CASE v.order_state WHEN 'first' THEN 1 WHEN 'second' THEN -1 WHEN 'consistent' THEN 0 END AS outcome
      FROM ${table} v JOIN (SELECT comparison_id, any_value(cluster) AS cluster FROM ${context.pairs} GROUP BY comparison_id) c ON c.comparison_id = v.item)`,
    { parameters: [], signal: context.signal },
  );
  const interval = measureMean(moments);
  return describeJudge(
    { annotator: nameModel(context), ...counts },
    { ci_lo: interval.ci_lo, ci_hi: interval.ci_hi, n_clusters: interval.n_clusters },
  ).map((figure) => ({ ...figure, audit: 'judge_position', slice_dim: null, slice_value: null }));
}

/** How far the probability of the first place lies above one half, on average: a bias that changes no choice shows here. */
async function measureLean(context: AuditContext, table: string): Promise<AuditFigure> {
  const [moments] = await sumClusterMoments(
    context.session,
    `(SELECT NULL AS slice, item AS cluster, lean AS outcome FROM ${table})`,
    { parameters: [], signal: context.signal },
  );
  return makeFigure(
    {
      audit: 'judge_position',
      metric: 'mean_lean',
      title: 'Mean probability of the first place, minus one half',
    },
    { ...measureMean(moments), neutral: 0 },
  );
}
