import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { binomialTest } from '../../../statistics/binomial.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  defineAudit,
  makeFigure,
  maximumSlices,
  minimumItems,
} from '../audit.ts';
import { measureShare, type SliceMoments, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { createVoteTable, withOthers } from './vote-table.ts';

type AuditContext = Context<{ warn_gap: number; run_p: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'rater-quality', metric, title });

interface RaterRow {
  annotator: string;
  kind: string;
  votes: number;
  tie_share: number;
  median_ms: number | null;
  longest_run: number;
  run_label: string;
  run_share: number;
}

export const raterQualityAudit = defineAudit({
  id: 'rater-quality',
  family: 'raters',
  title: 'Rater quality',
  description:
    'For each annotator: agreement with the majority of the others, median time, longest run of one answer; with and without ties.',
  inputs: ['votes', 'annotator'],
  parameters: {
    /** An annotator this far below the others' agreement is a warning. */
    warn_gap: z.number().min(0).max(1).default(0.15),
    /** A run less likely than this, given the annotator's own share of that answer, is reported. */
    run_p: z.number().min(0).max(0.5).default(0.001),
  },
  findObstacle: (dataset) => {
    if (dataset.votes === 0) return 'The dataset holds no votes of annotators (column annotator or vote).';
    return dataset.annotators < 2
      ? 'All votes come from one annotator (column annotator): there is nobody to compare with.'
      : null;
  },
  run: async (context) => {
    const votes = await createVoteTable(context);
    const agreement = [
      ...(await measureOthers(context, votes, true)),
      ...(await measureOthers(context, votes, false)),
    ];
    const raters = await listRaters(context, votes);
    const figures = adjustFigures([...agreement, ...describeRuns(raters)]);
    return {
      figures,
      findings: await conclude(figures, context, votes),
      tables: [tableOf(raters, figures)],
      params: { min_n: minimumItems, order: 'order of the pairs in the source; votes carry no time of day' },
    };
  },
});

/** Agreement of every annotator with the majority of the others on the same pair, tested against the pooled rate. */
async function measureOthers(
  { session, signal }: AuditContext,
  votes: string,
  withTies: boolean,
): Promise<AuditFigure[]> {
  const rest = withTies ? 'rest' : `CASE WHEN label <> 'tie' THEN rest_ab END`;
  const from = `(SELECT annotator, cluster, (label = ${rest})::INTEGER AS outcome FROM ${withOthers(votes)} WHERE ${rest} IS NOT NULL)`;
  const options = { parameters: [], signal };
  const [all] = await sumClusterMoments(
    session,
    `(SELECT NULL AS slice, cluster, outcome FROM ${from})`,
    options,
  );
  const by = await sumClusterMoments(
    session,
    `(SELECT annotator AS slice, cluster, outcome FROM ${from})`,
    options,
  );
  const head = headOf(
    `others_agreement${withTies ? '' : '_without_ties'}`,
    `Agrees with the majority of the others (${withTies ? 'ties counted' : 'ties left out'})`,
  );
  const pooled = measureShare(all);
  return [
    makeFigure(head, { ...pooled, p: null }),
    ...by
      .sort((left, right) => right.sumX - left.sumX)
      .slice(0, 10 * maximumSlices)
      .map((moments) =>
        makeFigure(head, {
          slice_dim: 'annotator',
          slice_value: String(moments.slice),
          ...measureShare(moments),
          p: testAgainstRest(moments, all),
          neutral: shareOfRest(moments, all),
        }),
      ),
  ];
}

function shareOfRest(own: SliceMoments, all: SliceMoments | undefined): number | null {
  const n = (all?.sumX ?? 0) - own.sumX;
  return n > 0 ? ((all?.sumY ?? 0) - own.sumY) / n : null;
}

/** Exact binomial p of an annotator's agreements against the share of everybody else's. */
function testAgainstRest(own: SliceMoments, all: SliceMoments | undefined): number | null {
  const rest = shareOfRest(own, all);
  if (rest === null || own.sumX === 0) return null;
  const outcome = binomialTest(own.sumY, own.sumX, rest);
  return outcome.status === 'undefined' ? null : outcome.p;
}

async function listRaters({ session, signal }: AuditContext, votes: string): Promise<RaterRow[]> {
  return session.all<RaterRow>(
    `WITH marked AS (SELECT *, row_number() OVER (PARTITION BY annotator_id ORDER BY comparison_id)
         - row_number() OVER (PARTITION BY annotator_id, label ORDER BY comparison_id) AS island FROM ${votes}),
       runs AS (SELECT annotator_id, label, count(*) AS length FROM marked GROUP BY annotator_id, label, island),
       longest AS (SELECT annotator_id, max(length) AS longest_run, arg_max(label, (length, label)) AS run_label FROM runs GROUP BY annotator_id)
     SELECT v.annotator, v.kind, count(*) AS votes, avg((v.label = 'tie')::INTEGER) AS tie_share, median(v.ms) AS median_ms,
       l.longest_run, l.run_label, avg((v.label = l.run_label)::INTEGER) AS run_share
     FROM ${votes} v JOIN longest l USING (annotator_id) GROUP BY v.annotator_id, v.annotator, v.kind, l.longest_run, l.run_label
     ORDER BY votes DESC, v.annotator LIMIT ${10 * maximumSlices}`,
    [],
    { signal },
  );
}

/**
 * The longest run of one answer, with the chance of one at least as long if answers were independent with the annotator's
 * own share s of that answer: 1 − exp(−n(1−s)s^L) (Feller's approximation).
 */
function describeRuns(raters: readonly RaterRow[]): AuditFigure[] {
  return raters.map(({ annotator, votes, longest_run: length, run_share: share }) =>
    makeFigure(headOf('longest_run', 'Longest run of the same answer'), {
      slice_dim: 'annotator',
      slice_value: annotator,
      value: length,
      p: share >= 1 ? null : Math.min(1, -Math.expm1(-votes * (1 - share) * share ** length)),
      n_items: votes,
      status: votes < minimumItems ? 'too_small' : 'ok',
    }),
  );
}

async function conclude(figures: readonly AuditFigure[], context: AuditContext, votes: string) {
  const [pooled] = figures;
  const worst = figures
    .filter(
      (figure) =>
        figure.metric === 'others_agreement' && figure.slice_value !== null && figure.status === 'ok',
    )
    .filter((figure) => (figure.value ?? 1) < (figure.neutral ?? 0))
    .sort(
      (left, right) => (left.p_adj ?? 1) - (right.p_adj ?? 1) || (left.value ?? 0) - (right.value ?? 0),
    )[0];
  const run = figures
    .filter(
      (figure) =>
        figure.metric === 'longest_run' &&
        figure.status === 'ok' &&
        (figure.p_adj ?? 1) <= context.params.run_p,
    )
    .sort((left, right) => (left.p_adj ?? 1) - (right.p_adj ?? 1))[0];
  const findings = [
    makeFinding({
      id: 'worst_rater',
      sentence: worst
        ? `${worst.slice_value ?? ''} agrees with the majority of the others on ${sayShare(worst)} of ${sayMany(worst.n_items, 'vote')}; everybody else on ${((worst.neutral ?? 0) * 100).toFixed(1)} %.`
        : pooled && pooled.n_items > 0
          ? `Annotators agree with the majority of the others on ${sayShare(pooled)} of ${sayMany(pooled.n_items, 'vote')}; none with ${minimumItems} votes is below the rest.`
          : 'No pair has votes of two annotators, so nobody can be held against the others.',
      figure: worst ?? null,
      scale: 'difference',
      warnFrom: context.params.warn_gap,
      rows: worst
        ? await context.keepRows({
            set: 'against_others',
            relation: 'pairs',
            sql: `SELECT comparison_id AS row_id FROM ${withOthers(votes)} WHERE annotator = ? AND label <> rest ORDER BY row_id`,
            parameters: [worst.slice_value ?? ''],
          })
        : null,
    }),
  ];
  if (!run) return findings;
  return [
    ...findings,
    makeFinding({
      id: 'longest_run',
      sentence: `${run.slice_value ?? ''} gave the same answer ${run.value ?? 0} times in a row in ${sayMany(run.n_items, 'vote')} (p = ${(run.p ?? 0).toExponential(1)} for independent answers, in the order of the source).`,
      figure: { ...run, value: Math.min(1, (run.value ?? 0) / run.n_items), neutral: 0 },
      scale: 'amount',
      isDescriptive: true,
    }),
  ];
}

function tableOf(raters: readonly RaterRow[], figures: readonly AuditFigure[]) {
  const of = (metric: string, annotator: string) =>
    figures.find((figure) => figure.metric === metric && figure.slice_value === annotator);
  const share = (figure: AuditFigure | undefined) => (figure?.value == null ? null : sayShare(figure));
  return {
    id: 'raters',
    title: 'Annotators',
    columns: [
      ...[
        'Annotator',
        'Kind',
        'Votes',
        'Agrees with the others',
        'Ties left out',
        'Adjusted p',
        'Ties',
        'Median seconds',
      ],
      'Longest run',
    ],
    rows: raters.map((rater) => {
      const agreement = of('others_agreement', rater.annotator);
      return [
        rater.annotator,
        rater.kind,
        rater.votes,
        share(agreement),
        share(of('others_agreement_without_ties', rater.annotator)),
        agreement?.p_adj ?? null,
        Number(rater.tie_share.toFixed(4)),
        rater.median_ms === null ? null : rater.median_ms / 1000,
        `${rater.longest_run} × ${rater.run_label}`,
      ];
    }),
  };
}
