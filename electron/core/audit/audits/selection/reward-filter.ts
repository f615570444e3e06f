import { z } from 'zod';
import {
  type FilterStrategy,
  filterStrategies,
  strategyReliability,
} from '../../../statistics/filter-policy.ts';
import { filterResponses } from '../../selection/response-selections.ts';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { countFigure } from '../plain-figures.ts';
import { sayCount } from '../wording.ts';

interface Params {
  reward: string;
  gold: string;
}

const names: Readonly<Record<FilterStrategy, string>> = {
  none: 'all responses',
  best_of_n: 'best of N',
  best_random: 'best and random',
  best_worst: 'best and worst',
};

export const rewardFilterAudit = defineAudit({
  id: 'reward_filter',
  family: 'selection',
  title: 'Where a reward can be trusted',
  description:
    'How well one rating stands for another (the gold score) over all responses and under policy filtration.',
  inputs: ['ratings'],
  parameters: {
    /** Aspect that is the reward and aspect that is the gold score; empty = the first and the second. */
    reward: z.string().default(''),
    gold: z.string().default(''),
  },
  findObstacle: (dataset) =>
    dataset.aspects.length >= 2 && dataset.ratings > 0
      ? null
      : 'There are not two rated aspects: a reward and a gold score.',
  run: async (context) => {
    const reward = context.params.reward || (context.dataset.aspects[0] ?? '');
    const gold = context.params.gold || (context.dataset.aspects.find((aspect) => aspect !== reward) ?? '');
    const results = [];
    for (const strategy of filterStrategies) {
      const columns = await readStrategy(context, { reward, gold, strategy });
      const { x = new Float64Array(0), y = x, w = x } = columns;
      results.push({ strategy, n: x.length, fit: strategyReliability(x, y, w) });
    }
    if ((results[0]?.n ?? 0) === 0)
      return { obstacle: `No response has ratings of both ${reward} and ${gold}.` };
    const figures = results.map(({ strategy, fit, n }) =>
      countFigure(
        {
          audit: 'reward_filter',
          metric: 'r2',
          title: `R² of ${gold} on ${reward}`,
          slice_dim: 'strategy',
          slice_value: names[strategy],
        },
        fit.status === 'undefined' ? null : fit.r2,
        fit.status === 'undefined' ? n : fit.n,
      ),
    );
    const best = [...figures].sort((a, b) => (b.value ?? -1) - (a.value ?? -1))[0] ?? null;
    const [all] = results;
    return {
      findings: [
        makeFinding({
          id: 'best_strategy',
          sentence: `${gold} follows ${reward} best under “${best?.slice_value ?? ''}”: R² ${(best?.value ?? Number.NaN).toFixed(3)} of bin means over ${sayCount(best?.n_items ?? 0)} responses, ${(figures[0]?.value ?? Number.NaN).toFixed(3)} over all.`,
          figure: best,
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: Number.POSITIVE_INFINITY,
          series: 'reliability',
        }),
      ],
      figures,
      series: [
        {
          id: 'reliability',
          title: `${gold} by tenths of ${reward}`,
          x_title: reward,
          y_title: gold,
          points: (all && all.fit.status !== 'undefined' ? all.fit.bins : []).map((bin) => ({
            label: bin.reward.toPrecision(3),
            x: bin.reward,
            y: bin.gold,
            ci_lo: null,
            ci_hi: null,
            n: bin.n,
          })),
        },
      ],
      params: { reward_aspect: reward, gold_aspect: gold, bins: 10 },
    };
  },
});

/** Reward, gold score and filter weight of every response that has both. */
async function readStrategy(
  context: AuditContext<Params>,
  { reward, gold, strategy }: { reward: string; gold: string; strategy: FilterStrategy },
): Promise<Record<string, Float64Array>> {
  const { session, dataset, seed, signal } = context;
  const into = context.scratch(strategy);
  await filterResponses(
    { session, datasetId: dataset.datasetId, into, seed, signal },
    { aspect: reward, strategy },
  );
  return session.columns(
    `SELECT f.reward AS x, avg(g."value") AS y, f.weight AS w FROM ${into} f JOIN rating g USING (response_id)
     WHERE g.aspect = ? AND g."value" IS NOT NULL GROUP BY f.response_id, f.reward, f.weight ORDER BY f.response_id`,
    [gold],
    { signal },
  );
}
