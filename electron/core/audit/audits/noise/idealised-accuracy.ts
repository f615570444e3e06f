import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { ratioDifferenceInterval } from '../../../statistics/ratio.ts';
import { type AuditContext as Context, defineAudit, makeFigure, maximumSlices } from '../audit.ts';
import { measureShare, statusOf, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { createLogpPairs, findLikelihoodObstacle, findReference } from './log-probabilities.ts';

type AuditContext = Context<{ reference: string; alpha: number; min_votes: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'idealised-accuracy', metric, title });

const betas = [0.01, 0.1, 1, 5, 10] as const;
/** What an undivided vote counts as. */
const nearlyOne = 0.999;

export const idealisedAccuracyAudit = defineAudit({
  id: 'idealised-accuracy',
  family: 'noise',
  title: 'Idealised ranking accuracy',
  description:
    'How well a policy that met its preference objective perfectly could rank the pairs, and how far tuned models fall short of it.',
  inputs: ['label', 'ratings', 'annotator', 'votes'],
  parameters: {
    /** The reference model; empty = one with “ref” or “base” in its name, else the one with the most pairs. */
    reference: z.string().default(''),
    /** Share of raters for the chosen side where the votes do not tell it; such results are marked simulated. */
    alpha: z.number().gt(0.5).lt(1).default(0.75),
    /** Votes of a pair from which on its own share of votes is used. */
    min_votes: z.number().int().min(2).default(3),
  },
  findObstacle: findLikelihoodObstacle,
  run: async (context) => {
    const { table, models } = await createLogpPairs(context);
    const reference = findReference(models, context.params.reference);
    if (reference === undefined)
      return {
        obstacle:
          'No labelled pair has log-probabilities of both sides by the reference model (ratings of the aspect logp).',
      };
    const ideal = context.scratch('ideal');
    const simulated = await prepare(context, { table, reference, ideal });
    const curve: AuditFigure[] = [];
    for (const [index, beta] of betas.entries())
      curve.push(await measureBeta(context, ideal, { index, beta }));
    const median = findMedian(curve);
    const gaps: AuditFigure[] = [];
    for (const { model } of models.slice(0, maximumSlices)) {
      if (model !== reference && median)
        gaps.push(await measureGap(context, { table, ideal, model, place: median.place }));
    }
    const figures = [...(median ? [median.figure] : []), ...curve, ...gaps];
    return {
      figures,
      findings: conclude(figures, gaps, simulated),
      params: {
        reference,
        simulated_alpha_pairs: simulated,
        betas: betas.join(', '),
        epsilon: 1 - nearlyOne,
      },
    };
  },
});

/** Per pair of the reference: r0 … r4, whether an ideal policy ranks it rightly at each β. Answers the pairs with a simulated α. */
async function prepare(
  { session, dataset, signal, params }: AuditContext,
  { table, reference, ideal }: { table: string; reference: string; ideal: string },
): Promise<number> {
  const isRight = (beta: number, index: number) =>
    `("first" - "second" + ln(alpha / (1 - alpha)) / ${beta} > 0)::INTEGER AS r${index}`;
  await session.run(
    `CREATE OR REPLACE TABLE ${ideal} AS
     WITH voted AS (SELECT comparison_id, count(*) FILTER (label = 'a') AS n_a, count(*) FILTER (label = 'b') AS n_b FROM vote
         WHERE dataset_id = $1 AND aspect IS NULL GROUP BY comparison_id),
       pair AS (SELECT t.*, CASE WHEN n_a + n_b >= $2 THEN (CASE t.label WHEN 'a' THEN n_a ELSE n_b END) / (n_a + n_b) END AS share FROM ${table} t LEFT JOIN voted USING (comparison_id)
         WHERE model = $3 AND label <> 'tie'),
       weighed AS (SELECT *, least(${nearlyOne}, greatest(1 - ${nearlyOne}, coalesce(share, $4::DOUBLE))) AS alpha FROM pair)
     SELECT comparison_id, cluster, share IS NULL AS is_simulated, ${betas.map(isRight).join(', ')} FROM weighed WHERE alpha <> 0.5 ORDER BY comparison_id`,
    [dataset.datasetId, params.min_votes, reference, params.alpha],
    { signal },
  );
  return (await session.one<{ n: number }>(`SELECT count(*) FILTER (is_simulated) AS n FROM ${ideal}`)).n;
}

async function measureBeta(
  { session, signal }: AuditContext,
  ideal: string,
  { index, beta }: { index: number; beta: number },
): Promise<AuditFigure> {
  const [moments] = await sumClusterMoments(
    session,
    `(SELECT NULL AS slice, cluster, r${index} AS outcome FROM ${ideal})`,
    { parameters: [], signal },
  );
  return makeFigure(headOf('idealised_accuracy', 'Pairs an ideal policy ranks rightly'), {
    slice_dim: 'beta',
    slice_value: String(beta),
    ...measureShare(moments),
    p: null,
  });
}

/** The middle of the five values of β; which β it is, for the gap. */
function findMedian(curve: readonly AuditFigure[]): { figure: AuditFigure; place: number } | undefined {
  const order = [...curve.keys()].sort(
    (left, right) => (curve[left]?.value ?? 0) - (curve[right]?.value ?? 0),
  );
  const place = order[Math.floor(order.length / 2)];
  const middle = place === undefined ? undefined : curve[place];
  if (place === undefined || !middle || middle.value === null) return undefined;
  const head = headOf('idealised_accuracy_median', 'Pairs an ideal policy ranks rightly, median over β');
  return { place, figure: { ...middle, ...head, slice_dim: null, slice_value: null } };
}

/** Alignment gap of a tuned model on the pairs both scored: idealised minus observed raw ranking accuracy. */
async function measureGap(
  { session, signal }: AuditContext,
  { table, ideal, model, place }: { table: string; ideal: string; model: string; place: number },
): Promise<AuditFigure> {
  const sums = await session.columns(
    `SELECT sum(i.r${place}) AS best, sum(("first" >= "second")::INTEGER) AS seen, count(*) AS n FROM ${ideal} i JOIN ${table} t USING (comparison_id)
     WHERE t.model = ? GROUP BY i.cluster ORDER BY i.cluster`,
    [model],
    { signal },
  );
  const { best = new Float64Array(0), seen = new Float64Array(0), n = new Float64Array(0) } = sums;
  const total = (column: Float64Array) => column.reduce((sum, value) => sum + value, 0);
  const place_ = {
    slice_dim: 'annotator',
    slice_value: model,
    n_items: total(n),
    n_clusters: n.length,
    neutral: 0,
  };
  const head = headOf('alignment_gap', 'Idealised minus observed ranking accuracy');
  if (total(n) === 0) return makeFigure(head, place_);
  const base = { ...place_, value: (total(best) - total(seen)) / total(n), status: statusOf(total(n)) };
  const outcome = ratioDifferenceInterval(
    { numerators: best, denominators: n },
    { numerators: seen, denominators: n },
  );
  if (outcome.status === 'undefined') return makeFigure(head, base);
  return makeFigure(head, { ...base, ci_lo: outcome.lower, ci_hi: outcome.upper, p: outcome.p });
}

function conclude(figures: readonly AuditFigure[], gaps: readonly AuditFigure[], simulated: number) {
  const [median] = figures;
  const widest = [...gaps].sort((left, right) => (right.value ?? 0) - (left.value ?? 0))[0];
  const caution = simulated > 0 ? ` The share of raters is simulated for ${sayMany(simulated, 'pair')}.` : '';
  const points = (value: number | null) => (value === null ? '?' : (100 * value).toFixed(1));
  const gap = widest
    ? ` ${widest.slice_value ?? ''} falls ${points(widest.value)} points short [${points(widest.ci_lo)}, ${points(widest.ci_hi)}].`
    : '';
  return [
    makeFinding({
      id: 'ideal',
      sentence: `An ideal policy would rank ${median ? sayShare(median) : 'an unknown share'} of ${sayMany(median?.n_items ?? 0, 'pair')} rightly (median over β).${gap}${caution}`,
      figure: widest ?? median ?? null,
      scale: widest ? 'difference' : 'amount',
      isDescriptive: widest === undefined,
      noticeFrom: widest ? 0 : 2,
    }),
  ];
}
