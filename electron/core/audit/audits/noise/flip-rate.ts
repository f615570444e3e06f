import { z } from 'zod';
import type { AuditFigure, AuditResult } from '../../../../contract/audit.contract.ts';
import { debiasWeights, flipRateFromDisagreement, preferenceLosses } from '../../../statistics/flip-rate.ts';
import { type AuditContext as Context, defineAudit, makeFigure, maximumSlices } from '../audit.ts';
import { measureShare, statusOf, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { createVoteTable, preferPeople } from '../raters/vote-table.ts';
import { sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{ gold: string; default_rate: number; warn_above: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'flip-rate', metric, title });

export const flipRateAudit = defineAudit({
  id: 'flip-rate',
  family: 'noise',
  title: 'Flip rate',
  description:
    'How often a vote flips a preference, from two independent votes or a gold annotator, and the weights that make a loss unbiased under it.',
  inputs: ['votes', 'annotator', 'label'],
  parameters: {
    /** An annotator whose votes are taken as true; empty = none. */
    gold: z.string().default(''),
    /** The rate shown where nothing can be estimated (recalled from the paper's HH setting, unconfirmed). */
    default_rate: z.number().min(0).lt(0.5).default(0.1),
    warn_above: z.number().min(0).lt(0.5).default(0.4),
  },
  findObstacle: (dataset) => {
    if (dataset.votes === 0) return 'The dataset holds no votes of annotators (column annotator or vote).';
    return dataset.pairsWithTwoVotes === 0 && dataset.modelJudges === 0
      ? 'No pair has votes of two annotators (column annotator), and no model judge voted.'
      : null;
  },
  run: async (context) => {
    const votes = await createVoteTable(context);
    const estimates = await estimateRates(context, preferPeople(votes));
    const judged = await measureAgainstTruth(context, votes);
    const overall = estimates[0]?.value ?? judged[0]?.value ?? null;
    const rate = overall !== null && overall < 0.5 ? overall : context.params.default_rate;
    const weights = debiasWeights(rate);
    return {
      figures: [...estimates, ...judged],
      findings: conclude(estimates, judged, context),
      series: [drawLosses(rate)],
      params: {
        rate_used: rate,
        rate_source:
          overall === null || overall >= 0.5
            ? 'default'
            : estimates[0]?.value === overall
              ? 'two votes'
              : 'gold or label',
        weight_recorded: weights.recorded,
        weight_reversed: weights.reversed,
        error_factor: 1 / (1 - 2 * rate),
        conservative_label: 1 - rate,
      },
    };
  },
});

/** Pairs of votes of two annotators, chosen by a hash of the names and not by the votes; ties left out. */
const twoVotes = (
  votes: string,
) => `(SELECT comparison_id, any_value(cluster) AS cluster, list(annotator ORDER BY md5(annotator || comparison_id::VARCHAR))[1:2] AS names,
    list(label ORDER BY md5(annotator || comparison_id::VARCHAR))[1:2] AS labels
  FROM ${votes} WHERE label IN ('a', 'b') GROUP BY comparison_id HAVING count(*) >= 2)`;

async function estimateRates(
  { session, signal, slice, slices }: AuditContext,
  votes: string,
): Promise<AuditFigure[]> {
  const pairs = twoVotes(votes);
  const head = headOf(
    'flip_rate',
    'Flip rate of a vote, from two votes on one pair (upper bound: honest disagreement counts; our operationalisation)',
  );
  const count = (by: string, from: string) =>
    session.all<{ slice: string; n: number; differing: number; prompts: number }>(
      `SELECT ${by} AS slice, count(*) AS n, count(*) FILTER (labels[1] <> labels[2]) AS differing, count(DISTINCT cluster) AS prompts
       FROM ${from} GROUP BY 1 ORDER BY n DESC, slice LIMIT ${maximumSlices}`,
      [],
      { signal },
    );
  const whole = await count(`'all'`, pairs);
  const byRater = await count('name', `(SELECT unnest(names) AS name, * FROM ${pairs})`);
  const bySlice =
    slice === null
      ? []
      : await count(
          'slice',
          `(SELECT DISTINCT s.slice, p.* FROM ${pairs} p JOIN ${slices} s USING (comparison_id))`,
        );
  const describe = (row: { n: number; differing: number; prompts: number }, place: Partial<AuditFigure>) => {
    const base = { ...place, n_items: row.n, n_clusters: row.prompts, neutral: 0 };
    const outcome = flipRateFromDisagreement(row.differing, row.n);
    if (outcome.status === 'undefined') return makeFigure(head, base);
    return makeFigure(head, {
      ...base,
      value: outcome.flipRate,
      ci_lo: outcome.lower,
      ci_hi: outcome.upper,
      status: statusOf(row.n),
    });
  };
  return [
    ...whole.map((row) => describe(row, {})),
    ...byRater.map((row) => describe(row, { slice_dim: 'annotator', slice_value: row.slice })),
    ...bySlice.map((row) => describe(row, { slice_dim: slice, slice_value: row.slice })),
  ];
}

/** Mismatches of votes with the gold annotator, or of model judges with the recorded label, ties left out. */
async function measureAgainstTruth(
  { session, signal, params }: AuditContext,
  votes: string,
): Promise<AuditFigure[]> {
  const isGold = params.gold !== '';
  const from = isGold
    ? `(SELECT v.annotator AS slice, v.cluster, (v.label <> g.label)::INTEGER AS outcome FROM ${votes} v JOIN ${votes} g ON g.comparison_id = v.comparison_id AND g.annotator = $1
        WHERE v.annotator <> $1 AND v.label IN ('a', 'b') AND g.label IN ('a', 'b'))`
    : `(SELECT annotator AS slice, cluster, (label <> recorded)::INTEGER AS outcome FROM ${votes} WHERE kind = 'model' AND $1 = '' AND label IN ('a', 'b') AND recorded IN ('a', 'b'))`;
  const options = { parameters: [params.gold], signal };
  const head = isGold
    ? headOf('gold_mismatch', 'Votes that differ from the gold annotator')
    : headOf('label_mismatch', 'Votes of a model judge that differ from the recorded label');
  const [all] = await sumClusterMoments(
    session,
    `(SELECT NULL AS slice, cluster, outcome FROM ${from})`,
    options,
  );
  const by = await sumClusterMoments(session, from, options);
  if (!all) return [];
  return [
    makeFigure(head, { ...measureShare(all), p: null }),
    ...by
      .sort((left, right) => right.sumX - left.sumX)
      .slice(0, maximumSlices)
      .map((moments) =>
        makeFigure(head, {
          slice_dim: 'annotator',
          slice_value: String(moments.slice),
          ...measureShare(moments),
          p: null,
        }),
      ),
  ];
}

function conclude(
  estimates: readonly AuditFigure[],
  judged: readonly AuditFigure[],
  { params }: AuditContext,
) {
  const [whole] = estimates;
  if (!whole) return judged.slice(0, 1).map(describeMismatch);
  const sentence =
    whole.value === null
      ? `Two annotators differ on half of ${sayMany(whole.n_items, 'pair')} or more: no flip rate exists, the votes say nothing.`
      : `Two annotators’ votes differ as if each flipped the preference with probability ${sayShare(whole)} (${sayMany(whole.n_items, 'pair')}); debiased weights ${debiasWeights(Math.min(0.49, whole.value)).recorded.toFixed(3)} and ${debiasWeights(Math.min(0.49, whole.value)).reversed.toFixed(3)}.`;
  return [
    makeFinding({
      id: 'flip_rate',
      sentence,
      figure: whole,
      scale: 'amount',
      isDescriptive: true,
      noticeFrom: params.default_rate,
      warnFrom: params.warn_above,
      series: 'losses',
    }),
  ];
}

function describeMismatch(figure: AuditFigure) {
  return makeFinding({
    id: 'mismatch',
    sentence: `${figure.title}: ${sayShare(figure)} of ${sayMany(figure.n_items, 'vote')}. No pair has two votes, so no flip rate is estimated from them.`,
    figure: { ...figure, neutral: 0 },
    scale: 'amount',
    isDescriptive: true,
    noticeFrom: 0.1,
  });
}

/** The debiased loss over the margin, for the rate used. */
function drawLosses(rate: number): AuditResult['series'][number] {
  const margins = Array.from({ length: 17 }, (_, index) => -4 + index / 2);
  return {
    id: 'losses',
    title: `Debiased loss by margin at flip rate ${rate.toFixed(3)}`,
    x_title: 'Margin of the recorded order',
    y_title: 'Loss',
    points: margins.map((margin) => ({
      ...{ label: String(margin), x: margin, y: preferenceLosses(margin, rate).robust },
      ...{ ci_lo: null, ci_hi: null, n: 0 },
    })),
  };
}
