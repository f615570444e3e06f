import { z } from 'zod';
import type { AuditFigure, AuditResult } from '../../../../contract/audit.contract.ts';
import { type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { measureMean, measureShare, sumClusterMoments } from '../clustered-share.ts';
import { describeProportion } from '../proportion.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { type Scorers, scorePairs } from './scorers.ts';

type AuditContext = Context<{ min_pairs: number; alpha: number; propose: boolean }>;

const headOf = (metric: string, title: string) => ({ audit: 'label-strength', metric, title });

export const labelStrengthAudit = defineAudit({
  id: 'label-strength',
  family: 'noise',
  title: 'Label strength',
  description:
    'How strongly several scorers back each label; the pairs they contradict become proposals to flip or to soften.',
  inputs: ['label', 'ratings', 'votes', 'annotator', 'strength'],
  parameters: {
    /** Pairs a scorer must have scored to count. */
    min_pairs: z.number().int().min(1).default(20),
    /** A softened label of a doubtful pair is 1 − alpha (our choice). */
    alpha: z.number().min(0).max(0.5).default(0.1),
    propose: z.boolean().default(true),
  },
  findObstacle: (dataset) => {
    if (dataset.labelled === 0) return 'No pair has a preferred side (column label).';
    return dataset.ratings === 0 && dataset.votes === 0
      ? 'Nobody but the label scores the responses (column rating) or votes on the pairs (column annotator).'
      : null;
  },
  run: async (context) => {
    const scored = await scorePairs(context);
    if (!scored)
      return {
        obstacle: `Fewer than three different scorers rate both sides of ${context.params.min_pairs} labelled pairs (columns rating, vote, annotator): run more judges.`,
      };
    const { pairs } = await context.session.one<{ pairs: number }>(
      `SELECT count(*) AS pairs FROM ${scored.strengths}`,
    );
    if (pairs === 0)
      return {
        obstacle: `No labelled pair is scored by two of the ${scored.parties} scorers (columns rating, vote, annotator): let another judge score the same pairs.`,
      };
    const figures = [...(await measure(context, scored)), await measurePrecision(context)];
    if (context.params.propose) await proposeChanges(context, scored);
    return {
      figures,
      findings: [await conclude(context, scored, figures)],
      series: [await drawHistogram(context, scored)],
      tables: [tableOf(scored)],
      params: {
        source: scored.source,
        scorers_counted: scored.parties,
        bands: 'likely_wrong 20 %, ambiguous 20 %, normal 50 %, very_easy 10 % by mean strength',
      },
    };
  },
});

async function measure(
  { session, signal, slice, slices }: AuditContext,
  { strengths }: Scorers,
): Promise<AuditFigure[]> {
  const options = { parameters: [], signal };
  const from = (outcome: string) =>
    `(SELECT NULL AS slice, cluster, ${outcome} AS outcome FROM ${strengths})`;
  const [against] = await sumClusterMoments(session, from('(mu < 0)::INTEGER'), options);
  const [strength] = await sumClusterMoments(session, from('mu'), options);
  const [spread] = await sumClusterMoments(session, from('sigma'), options);
  const head = headOf('contradicted_share', 'Labels the scorers contradict on average');
  const by =
    slice === null
      ? []
      : await sumClusterMoments(
          session,
          `(SELECT DISTINCT s.slice, x.comparison_id, x.cluster, (x.mu < 0)::INTEGER AS outcome FROM ${strengths} x JOIN ${slices} s USING (comparison_id))`,
          options,
        );
  return [
    makeFigure(head, { ...measureShare(against), neutral: 0.5 }),
    makeFigure(headOf('mean_strength', 'Mean strength of a label, in units of a scorer’s own RMS'), {
      ...measureMean(strength),
      neutral: 0,
    }),
    makeFigure(headOf('mean_spread', 'Mean standard deviation of the scorers on a pair'), {
      ...measureMean(spread),
      p: null,
    }),
    ...by
      .sort((left, right) => right.sumX - left.sumX)
      .slice(0, 20)
      .map((moments) =>
        makeFigure(head, {
          slice_dim: slice,
          slice_value: String(moments.slice),
          ...measureShare(moments),
          neutral: 0.5,
        }),
      ),
  ];
}

/** The share of the flips this audit proposed earlier that a person accepted. */
async function measurePrecision({ session, dataset, signal }: AuditContext): Promise<AuditFigure> {
  const { accepted, decided } = await session.one<{ accepted: number; decided: number }>(
    `SELECT count(DISTINCT comparison_id) FILTER (status = 'accepted') AS accepted, count(DISTINCT comparison_id) AS decided FROM proposal
     WHERE dataset_id = ? AND audit = 'label-strength' AND kind = 'flip' AND status IN ('accepted', 'dismissed')`,
    [dataset.datasetId],
    { signal },
  );
  return makeFigure(
    headOf('flip_precision', 'Proposed flips a person accepted (check about 50)'),
    describeProportion(Math.min(accepted, decided), decided),
  );
}

async function proposeChanges(context: AuditContext, { strengths }: Scorers): Promise<void> {
  const reason = `'Mean strength ' || round(mu, 2)::VARCHAR || ' over ' || m || ' scorers; ' || round(100 * vote_share)::INTEGER || ' % back the label'`;
  await context.propose({
    kind: 'flip',
    sql: `SELECT comparison_id, label AS before, CASE label WHEN 'a' THEN 'b' ELSE 'a' END AS after, ${reason} AS reason, -mu AS score
      FROM ${strengths} WHERE band = 'likely_wrong' AND mu < 0`,
  });
  await context.propose({
    kind: 'soft_label',
    sql: `SELECT comparison_id, NULL::VARCHAR AS before, (1 - ?::DOUBLE)::VARCHAR AS after, ${reason} AS reason, -mu AS score FROM ${strengths} WHERE band <> 'likely_wrong' AND mu < 0`,
    parameters: [context.params.alpha],
  });
}

async function conclude(context: AuditContext, scored: Scorers, figures: readonly AuditFigure[]) {
  const [against] = figures;
  return makeFinding({
    id: 'contradicted',
    sentence: against
      ? `${sayMany(scored.parties, 'scorer')} contradict ${sayShare(against)} of ${sayMany(against.n_items, 'label')} on average.${scored.isCircular ? ' The votes may be what the labels were made of.' : ''}`
      : 'No pair is scored by two scorers.',
    figure: against ? { ...against, neutral: 0 } : null,
    scale: 'amount',
    isDescriptive: true,
    noticeFrom: 0.05,
    warnFrom: 0.25,
    series: 'strength_histogram',
    rows: await context.keepRows({
      set: 'contradicted',
      relation: 'pairs',
      sql: `SELECT comparison_id AS row_id FROM ${scored.strengths} WHERE mu < 0 ORDER BY mu, comparison_id`,
    }),
  });
}

/** Twenty bins of the mean strength between its 1 % and 99 % points, what lies outside in the outermost. */
async function drawHistogram(
  { session, signal }: AuditContext,
  { strengths }: Scorers,
): Promise<AuditResult['series'][number]> {
  const rows = await session.all<{ bin: number; low: number; width: number; n: number; all: number }>(
    `WITH span AS (SELECT quantile_cont(mu, 0.01) AS low, greatest(quantile_cont(mu, 0.99) - quantile_cont(mu, 0.01), 1e-9) / 20 AS width FROM ${strengths})
     SELECT greatest(0, least(19, floor((mu - low) / width)))::INTEGER AS bin, any_value(low) AS low, any_value(width) AS width, count(*) AS n, (SELECT count(*) FROM ${strengths}) AS "all"
     FROM ${strengths}, span GROUP BY bin ORDER BY bin`,
    [],
    { signal },
  );
  return {
    id: 'strength_histogram',
    title: 'Mean strength of the labels',
    x_title: 'Mean strength (below 0: contradicted)',
    y_title: 'Share of the pairs',
    points: rows.map(({ bin, low, width, n, all }) => {
      const centre = low + (bin + 0.5) * width;
      const { value, ci_lo, ci_hi } = describeProportion(n, all);
      return { label: centre.toFixed(2), x: centre, y: value, ci_lo, ci_hi, n };
    }),
  };
}

function tableOf({ scorers }: Scorers) {
  return {
    id: 'scorers',
    title: 'Scorers',
    columns: ['Scorer', 'Counted as', 'Pairs', 'RMS of its differences', 'Backs the label'],
    rows: scorers.map((one) => [
      one.scorer,
      one.party,
      one.pairs,
      Number(one.rms.toFixed(4)),
      Number(one.agreeing.toFixed(4)),
    ]),
  };
}
