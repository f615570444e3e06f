import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  defineAudit,
  makeFigure,
  maximumSlices,
} from '../audit.ts';
import { measureShare, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { createLogpPairs, findLikelihoodObstacle } from './log-probabilities.ts';
import { measureWholeOrders } from './whole-order.ts';

type AuditContext = Context<{ tie_within: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'ranking-accuracy', metric, title });

export const rankingAccuracyAudit = defineAudit({
  id: 'ranking-accuracy',
  family: 'noise',
  title: 'Ranking accuracy of likelihoods',
  description:
    'How often a language model finds the chosen response likelier than the rejected one, raw and per token.',
  inputs: ['label', 'ratings', 'annotator'],
  parameters: {
    /** A tie counts as ranked rightly when the probabilities per token differ by less than this. */
    tie_within: z.number().gt(0).lt(1).default(0.01),
  },
  findObstacle: findLikelihoodObstacle,
  run: async (context) => {
    const { table, models } = await createLogpPairs(context);
    if (models.length === 0)
      return {
        obstacle:
          'No labelled pair has log-probabilities of both sides by one model (ratings of the aspect logp).',
      };
    const figures = adjustFigures([
      ...(await measureModels(context, table)),
      ...(await measureWholeOrders(context, table)),
    ]);
    const crossed = await crossTabulate(context, table);
    const shown = models.slice(0, maximumSlices);
    return {
      figures,
      findings: shown.slice(0, 3).map(({ model }) => describe(model, figures)),
      tables: [crossed],
      params: { models: shown.map(({ model }) => model).join(', '), reference_free: true },
    };
  },
});

const measures = [
  {
    metric: 'rank_acc_raw',
    title: 'Chosen is likelier (summed; long responses are penalised)',
    outcome: `("first" >= "second")::INTEGER`,
    where: `label <> 'tie'`,
  },
  {
    metric: 'rank_acc_norm',
    title: 'Chosen is likelier per token',
    outcome: '(first_mean >= second_mean)::INTEGER',
    where: `label <> 'tie'`,
  },
] as const;

async function measureModels(
  { session, signal, slice, slices, params }: AuditContext,
  table: string,
): Promise<AuditFigure[]> {
  const tie = {
    metric: 'tie_acc_norm',
    title: 'Tied pairs that the model ties too (per token)',
    outcome: `(abs(exp(first_mean) - exp(second_mean)) < ?)::INTEGER`,
    where: `label = 'tie'`,
  };
  const figures: AuditFigure[] = [];
  for (const { metric, title, outcome, where } of [...measures, tie]) {
    const isTie = metric === 'tie_acc_norm';
    const neutral = isTie ? null : 0.5;
    const options = { parameters: isTie ? [params.tie_within] : [], signal };
    const from = `(SELECT model, comparison_id, cluster, ${outcome} AS outcome FROM ${table} WHERE ${where})`;
    const describeOne = (
      place: Partial<AuditFigure>,
      moments: Awaited<ReturnType<typeof sumClusterMoments>>[number],
    ) => {
      const measured = measureShare(moments);
      return makeFigure(headOf(metric, title), {
        ...place,
        ...measured,
        p: neutral === null ? null : measured.p,
        neutral,
      });
    };
    const byModel = await sumClusterMoments(
      session,
      `(SELECT model AS slice, cluster, outcome FROM ${from})`,
      options,
    );
    figures.push(
      ...byModel
        .slice(0, maximumSlices)
        .map((one) => describeOne({ slice_dim: 'annotator', slice_value: String(one.slice) }, one)),
    );
    if (slice === null) continue;
    const bySlice = await sumClusterMoments(
      session,
      `(SELECT DISTINCT o.model || ' · ' || s.slice AS slice, o.comparison_id, o.cluster, o.outcome FROM ${from} o JOIN ${slices} s USING (comparison_id))`,
      options,
    );
    figures.push(
      ...bySlice
        .slice(0, maximumSlices)
        .map((one) => describeOne({ slice_dim: slice, slice_value: String(one.slice) }, one)),
    );
  }
  return figures;
}

/** Where raw and per-token correctness differ, length decides. */
async function crossTabulate({ session, signal }: AuditContext, table: string) {
  const rows = await session.all<{ model: string; both: number; raw: number; norm: number; none: number }>(
    `SELECT model, count(*) FILTER (r AND n) AS "both", count(*) FILTER (r AND NOT n) AS raw, count(*) FILTER (n AND NOT r) AS norm, count(*) FILTER (NOT r AND NOT n) AS "none"
     FROM (SELECT model, "first" >= "second" AS r, first_mean >= second_mean AS n FROM ${table} WHERE label <> 'tie' AND first_mean IS NOT NULL AND second_mean IS NOT NULL)
     GROUP BY model ORDER BY model LIMIT ${maximumSlices}`,
    [],
    { signal },
  );
  return {
    id: 'raw_by_norm',
    title: 'Pairs ranked rightly raw and per token (where they differ, length decides)',
    columns: ['Model', 'Both', 'Raw only', 'Per token only', 'Neither'],
    rows: rows.map((row) => [row.model, row.both, row.raw, row.norm, row.none]),
  };
}

function describe(model: string, figures: readonly AuditFigure[]) {
  const of = (metric: string) =>
    figures.find(
      (figure) =>
        figure.metric === metric && figure.slice_dim === 'annotator' && figure.slice_value === model,
    );
  const [raw, norm] = [of('rank_acc_raw'), of('rank_acc_norm')];
  const main = norm && norm.value !== null ? norm : raw;
  return makeFinding({
    id: `accuracy_${model}`,
    sentence: `${model} finds the chosen response likelier in ${raw ? sayShare(raw) : 'an unknown share'} of ${sayMany(raw?.n_items ?? 0, 'pair')}, per token in ${norm ? sayShare(norm) : 'an unknown share'}.`,
    figure: main ?? null,
    scale: 'share',
  });
}
