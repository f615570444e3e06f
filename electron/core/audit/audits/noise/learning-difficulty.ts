import { z } from 'zod';
import type { AuditFigure, AuditResult } from '../../../../contract/audit.contract.ts';
import { type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { measureShare, statusOf, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { measureMedians, tabulateDeciles } from './difficulty-medians.ts';
import { createLogpPairs, findLikelihoodObstacle, findReference } from './log-probabilities.ts';

type AuditContext = Context<{ reference: string; beta: number; loss_from: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'learning-difficulty', metric, title });

export const learningDifficultyAudit = defineAudit({
  id: 'learning-difficulty',
  family: 'noise',
  title: 'Learning difficulty',
  description:
    'How low the DPO loss of each pair must fall before the tuned model ranks it rightly, from the reference model’s likelihoods.',
  inputs: ['label', 'ratings', 'annotator', 'chars'],
  parameters: {
    reference: z.string().default(''),
    beta: z.number().gt(0).default(0.1),
    /** A pair whose loss must fall below this is called hard (our choice). */
    loss_from: z.number().gt(0).default(0.3),
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
    const hardness = context.scratch('hardness');
    await prepare(context, { table, reference, hardness });
    const figures = [
      ...(await measureClasses(context, hardness)),
      ...(await measureMedians(context, hardness)),
      await correlate(context, hardness),
    ];
    return {
      figures,
      findings: [await conclude(context, hardness, figures)],
      series: [await drawDeciles(context, hardness)],
      tables: [await tabulateDeciles(context, hardness)],
      params: { reference, loss: 'tau = −ln σ(βc), c = ln π_ref(rejected) − ln π_ref(chosen)' },
    };
  },
});

async function prepare(
  { session, signal, params }: AuditContext,
  { table, reference, hardness }: { table: string; reference: string; hardness: string },
): Promise<void> {
  await session.run(
    `CREATE OR REPLACE TABLE ${hardness} AS
     SELECT *, CASE WHEN c <= 0 THEN 'already_right' WHEN tau >= $2 THEN 'flippable' ELSE 'hard' END AS class
     FROM (SELECT comparison_id, cluster, delta, "second" - "first" AS c, second_mean - first_mean AS c_mean, ln(1 + exp(-$1::DOUBLE * ("second" - "first"))) AS tau
       FROM ${table} WHERE model = $3 AND label <> 'tie') ORDER BY comparison_id`,
    [params.beta, params.loss_from, reference],
    { signal },
  );
}

async function measureClasses({ session, signal }: AuditContext, table: string): Promise<AuditFigure[]> {
  const titles = {
    already_right: 'Pairs the reference ranks rightly already',
    flippable: 'Pairs whose ranking turns at a reachable loss',
    hard: 'Pairs whose ranking turns only at a very low loss',
  };
  const figures: AuditFigure[] = [];
  for (const [name, title] of Object.entries(titles)) {
    const [moments] = await sumClusterMoments(
      session,
      `(SELECT NULL AS slice, cluster, (class = '${name}')::INTEGER AS outcome FROM ${table})`,
      { parameters: [], signal },
    );
    figures.push(makeFigure(headOf(`${name}_share`, title), { ...measureShare(moments), p: null }));
  }
  return figures;
}

/** Spearman's correlation of c with the length difference, Fisher's interval over prompts. */
async function correlate({ session, signal }: AuditContext, table: string): Promise<AuditFigure> {
  const row = await session.one<{ value: number | null; n: number; prompts: number }>(
    `SELECT corr(x, y) AS value, count(*) AS n, count(DISTINCT cluster) AS prompts FROM (
       SELECT cluster, (rank() OVER (ORDER BY c) + count(*) OVER (PARTITION BY c) / 2.0) AS x, (rank() OVER (ORDER BY delta) + count(*) OVER (PARTITION BY delta) / 2.0) AS y
       FROM ${table} WHERE delta IS NOT NULL)`,
    [],
    { signal },
  );
  const head = headOf(
    'length_correlation',
    'Spearman’s correlation of the log-ratio with the length difference',
  );
  const base = {
    value: row.value,
    n_items: row.n,
    n_clusters: row.prompts,
    neutral: 0,
    status: row.value === null ? ('undefined' as const) : statusOf(row.n),
  };
  if (row.value === null || row.prompts < 4 || Math.abs(row.value) >= 1) return makeFigure(head, base);
  const half = 1.959964 / Math.sqrt(row.prompts - 3);
  return makeFigure(head, {
    ...base,
    ci_lo: Math.tanh(Math.atanh(row.value) - half),
    ci_hi: Math.tanh(Math.atanh(row.value) + half),
  });
}

async function conclude(context: AuditContext, table: string, figures: readonly AuditFigure[]) {
  const of = (metric: string) => figures.find((figure) => figure.metric === metric);
  const [hard, right, flippable] = [of('hard_share'), of('already_right_share'), of('flippable_share')];
  return makeFinding({
    id: 'hard_pairs',
    sentence: `The reference already ranks ${right ? sayShare(right) : '?'} of ${sayMany(hard?.n_items ?? 0, 'pair')} rightly; ${flippable ? sayShare(flippable) : '?'} can turn, ${hard ? sayShare(hard) : '?'} only at a loss below ${context.params.loss_from} (our threshold).`,
    figure: hard ? { ...hard, neutral: 0 } : null,
    scale: 'amount',
    isDescriptive: true,
    noticeFrom: 0.3,
    series: 'difficulty_deciles',
    rows: await context.keepRows({
      set: 'hard',
      relation: 'pairs',
      sql: `SELECT comparison_id AS row_id FROM ${table} WHERE class = 'hard' ORDER BY tau, comparison_id`,
    }),
  });
}

async function drawDeciles(
  { session, signal }: AuditContext,
  table: string,
): Promise<AuditResult['series'][number]> {
  const rows = await session.all<{ decile: number; n: number; tau: number; low: number; high: number }>(
    `SELECT decile, count(*) AS n, median(tau) AS tau, min(tau) AS low, max(tau) AS high FROM (SELECT tau, ntile(10) OVER (ORDER BY tau DESC, comparison_id) AS decile FROM ${table})
     GROUP BY decile ORDER BY decile`,
    [],
    { signal },
  );
  return {
    id: 'difficulty_deciles',
    title: 'Loss a pair must fall below, by tenth of the pairs (bars: range within the tenth)',
    x_title: 'Tenth of the pairs, easiest first',
    y_title: 'Loss threshold',
    points: rows.map(({ decile, n, tau, low, high }) => ({
      label: String(decile),
      x: decile,
      y: tau,
      ci_lo: low,
      ci_hi: high,
      n,
    })),
  };
}
