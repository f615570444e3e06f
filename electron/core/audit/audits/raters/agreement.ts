import { z } from 'zod';
import type { AuditFigure, Finding } from '../../../../contract/audit.contract.ts';
import { fleissKappa } from '../../../statistics/agreement.ts';
import { cohenKappa } from '../../../statistics/cohen-kappa.ts';
import { type AuditContext as Context, defineAudit, makeFigure, maximumSlices } from '../audit.ts';
import { measureShare, statusOf, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { measureAlpha } from './alpha.ts';
import { measureRatingAlphas } from './rating-agreement.ts';
import { createVoteTable, preferPeople } from './vote-table.ts';

export type AgreementContext = Context<{ rounds: number; low_below: number; good_from: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'rater-agreement', metric, title });

export const agreementAudit = defineAudit({
  id: 'rater-agreement',
  family: 'raters',
  title: 'Rater agreement',
  description:
    'Krippendorff’s alpha, Fleiss’ kappa and Cohen’s kappa of the annotators, with percent agreement, with and without ties.',
  inputs: ['votes', 'annotator', 'ratings', 'label'],
  parameters: {
    rounds: z.number().int().min(100).max(10_000).default(1000),
    /** Alpha below this is called low, from `good_from` on good (Krippendorff's convention; printed, gates nothing). */
    low_below: z.number().min(0).max(1).default(0.667),
    good_from: z.number().min(0).max(1).default(0.8),
  },
  findObstacle: (dataset) =>
    dataset.pairsWithTwoVotes > 0 || (dataset.ratings > 0 && dataset.annotators > 1)
      ? null
      : 'No pair has votes of two annotators and no response has ratings of two (columns annotator and vote): there is nothing to agree on.',
  run: async (context) => {
    const ratings = await measureRatingAlphas(context);
    if (context.dataset.pairsWithTwoVotes === 0) {
      if (ratings.length === 0)
        return {
          obstacle: 'No response has numeric ratings of two annotators (columns annotator and rating).',
        };
      return {
        figures: ratings,
        findings: ratings.slice(0, 1).map((figure) => describeAlpha(figure, context)),
      };
    }
    const votes = await createVoteTable(context);
    const panel = preferPeople(votes);
    const alphas = await measureVoteAlphas(context, panel);
    const kappas = await measureKappas(context, panel);
    const judges = await measureJudges(context, votes);
    const figures = [...alphas, ...kappas, ...judges, ...ratings];
    const [main] = alphas;
    return { figures, findings: main ? [describeAlpha(main, context)] : [], tables: [tableOf(figures)] };
  },
});

/** Votes counted by pair as columns cluster, n_a, n_b, n_tie, over all pairs or over those of one slice. */
async function countVotes(
  { session, slices, signal }: AgreementContext,
  votes: string,
  slice: string | null,
) {
  return session.columns(
    `SELECT any_value(cluster) AS cluster, count(*) FILTER (label = 'a') AS n_a, count(*) FILTER (label = 'b') AS n_b,
       count(*) FILTER (label = 'tie') AS n_tie FROM ${votes}
     ${slice === null ? '' : `WHERE comparison_id IN (SELECT comparison_id FROM ${slices} WHERE slice = ?)`}
     GROUP BY comparison_id HAVING count(*) >= 2 ORDER BY comparison_id`,
    slice === null ? [] : [slice],
    { signal },
  );
}

async function measureVoteAlphas(context: AgreementContext, votes: string): Promise<AuditFigure[]> {
  const names =
    context.slice === null
      ? []
      : await context.session.all<{ slice: string }>(
          `SELECT slice FROM ${context.slices} GROUP BY slice ORDER BY count(*) DESC, slice LIMIT ${maximumSlices}`,
        );
  const figures: AuditFigure[] = [];
  for (const slice of [null, ...names.map((row) => row.slice)]) {
    const counted = await countVotes(context, votes, slice);
    const place = slice === null ? {} : { slice_dim: context.slice, slice_value: slice };
    for (const withTies of [true, false]) {
      const labels = withTies ? ['n_a', 'n_b', 'n_tie'] : ['n_a', 'n_b'];
      figures.push(
        ...(await measureOne(context, counted, labels)).map((figure) => ({ ...figure, ...place })),
      );
    }
  }
  return figures;
}

async function measureOne(
  { seed, params, signal }: AgreementContext,
  counted: Record<string, Float64Array>,
  labels: readonly string[],
): Promise<AuditFigure[]> {
  const cluster = counted.cluster ?? new Float64Array(0);
  const categories = labels.length;
  const counts = new Float64Array(cluster.length * categories);
  for (const [place, label] of labels.entries()) {
    for (const [item, count] of (counted[label] ?? new Float64Array(0)).entries()) {
      counts[item * categories + place] = count;
    }
  }
  const ratings = { counts, categories, cluster };
  const measured = await measureAlpha(ratings, { level: 'nominal', seed, rounds: params.rounds, signal });
  const suffix = categories === 3 ? '' : '_without_ties';
  const words = categories === 3 ? 'ties counted as an answer' : 'ties left out';
  const fleiss = fleissKappa(ratings);
  return [
    makeFigure(headOf(`alpha${suffix}`, `Krippendorff’s alpha (${words})`), {
      ...measured.alpha,
      neutral: 0,
    }),
    makeFigure(
      headOf(`percent_agreement${suffix}`, `Share of pairs of votes that agree (${words})`),
      measured.agreement,
    ),
    ...(fleiss.status === 'undefined'
      ? []
      : [
          makeFigure(
            headOf(`fleiss_kappa${suffix}`, `Fleiss’ kappa of ${fleiss.ratersPerItem} votes each (${words})`),
            {
              value: fleiss.kappa,
              n_items: fleiss.items,
              n_clusters: measured.alpha.n_clusters,
              ci_lo: shift(measured.alpha.ci_lo, measured.alpha.value, fleiss.kappa),
              ci_hi: shift(measured.alpha.ci_hi, measured.alpha.value, fleiss.kappa),
              status: statusOf(fleiss.items),
              neutral: 0,
            },
          ),
        ]),
  ];
}

/** With m ratings on every item alpha and Fleiss' kappa differ by a constant of order 1/n, so they share a width. */
function shift(end: number | null, from: number | null, to: number): number | null {
  return end === null || from === null ? null : Math.min(1, end + to - from);
}

interface KappaCells {
  first: string;
  second: string;
  n: number;
  cells: number[];
}

async function measureKappas({ session, signal }: AgreementContext, votes: string): Promise<AuditFigure[]> {
  const cell = (left: string, right: string) =>
    `count(*) FILTER (x.label = '${left}' AND y.label = '${right}')`;
  const labels = ['a', 'b', 'tie'];
  const pairs = await session.all<KappaCells>(
    `SELECT x.annotator AS first, y.annotator AS second, count(*) AS n,
       [${labels.flatMap((left) => labels.map((right) => cell(left, right))).join(', ')}] AS cells
     FROM ${votes} x JOIN ${votes} y ON x.comparison_id = y.comparison_id AND x.annotator_id < y.annotator_id
     GROUP BY ALL ORDER BY n DESC, first, second LIMIT ${maximumSlices}`,
    [],
    { signal },
  );
  return pairs.flatMap(({ first, second, cells }) => {
    const table = labels.map((_, row) => cells.slice(row * 3, row * 3 + 3));
    const plain = [0, 1].map((row) => (table[row] ?? []).slice(0, 2));
    return [
      kappaFigure(
        headOf('cohen_kappa', 'Cohen’s kappa of two annotators (ties counted)'),
        `${first} – ${second}`,
        table,
      ),
      kappaFigure(
        headOf('cohen_kappa_without_ties', 'Cohen’s kappa of two annotators (ties left out)'),
        `${first} – ${second}`,
        plain,
      ),
    ];
  });
}

function kappaFigure(
  head: ReturnType<typeof headOf>,
  pair: string,
  table: readonly (readonly number[])[],
  dimension = 'annotators',
): AuditFigure {
  const n = table.flat().reduce((sum, count) => sum + count, 0);
  const place = { slice_dim: dimension, slice_value: pair, n_items: n, neutral: 0 };
  const outcome = cohenKappa(table);
  if (outcome.status === 'undefined') return makeFigure(head, place);
  const { kappa, error } = outcome;
  const ends = { ci_lo: error?.lower ?? null, ci_hi: error ? Math.min(1, error.upper) : null };
  return makeFigure(head, { ...place, value: kappa, ...ends, status: statusOf(n) });
}

/** Model judges against the recorded label: accuracy and kappa, on the pairs where both name a, b or a tie. */
async function measureJudges({ session, signal }: AgreementContext, votes: string): Promise<AuditFigure[]> {
  const labels = ['a', 'b', 'tie'];
  const judged = `(SELECT annotator AS slice, cluster, (label = recorded)::INTEGER AS outcome FROM ${votes}
    WHERE kind = 'model' AND recorded IS NOT NULL)`;
  const moments = await sumClusterMoments(session, judged, { parameters: [], signal });
  const cells = await session.all<{ annotator: string; cells: number[] }>(
    `SELECT annotator, [${labels
      .flatMap((left) =>
        labels.map((right) => `count(*) FILTER (label = '${left}' AND recorded = '${right}')`),
      )
      .join(', ')}] AS cells
     FROM ${votes} WHERE kind = 'model' AND recorded IS NOT NULL GROUP BY annotator ORDER BY count(*) DESC, annotator LIMIT ${maximumSlices}`,
    [],
    { signal },
  );
  return cells.flatMap(({ annotator, cells: flat }) => [
    makeFigure(headOf('judge_accuracy', 'Share of pairs on which the judge agrees with the label'), {
      slice_dim: 'annotator',
      slice_value: annotator,
      ...measureShare(moments.find((one) => one.slice === annotator)),
      p: null,
    }),
    kappaFigure(
      headOf('judge_kappa', 'Cohen’s kappa of a judge and the label (ties counted)'),
      annotator,
      labels.map((_, row) => flat.slice(row * 3, row * 3 + 3)),
      'annotator',
    ),
  ]);
}

function describeAlpha(figure: AuditFigure, { params }: AgreementContext): Finding {
  const { value, ci_lo: low, ci_hi: high } = figure;
  const number = (x: number | null) => (x === null ? '?' : x.toFixed(3));
  const band =
    value === null
      ? 'undefined'
      : value < params.low_below
        ? 'low'
        : value >= params.good_from
          ? 'good'
          : 'moderate';
  const interval = low === null || high === null ? '' : ` [${number(low)}, ${number(high)}]`;
  const finding = makeFinding({
    id: 'agreement',
    sentence:
      value === null
        ? 'All votes are the same answer, so agreement beyond chance is undefined.'
        : `${figure.title} is ${number(value)}${interval} over ${sayMany(figure.n_items, 'item')}: ${band} by Krippendorff’s convention.`,
    figure: value === null ? figure : { ...figure, value: 1 - value, ci_lo: flip(high), ci_hi: flip(low) },
    scale: 'amount',
    isDescriptive: true,
    noticeFrom: 1 - params.low_below,
  });
  // Its size is what is missing to full agreement; what is shown is what the sentence says.
  return { ...finding, figure };
}

const flip = (end: number | null) => (end === null ? null : 1 - end);

function tableOf(figures: readonly AuditFigure[]) {
  return {
    id: 'agreement',
    title: 'Agreement',
    columns: ['Measure', 'Of', 'Value', '95 % interval', 'Items'],
    rows: figures.map((figure) => [
      figure.title,
      figure.slice_value ?? 'all',
      figure.value === null ? null : Number(figure.value.toFixed(4)),
      figure.metric === 'judge_accuracy'
        ? sayShare(figure)
        : figure.ci_lo === null || figure.ci_hi === null
          ? null
          : `${figure.ci_lo.toFixed(3)} … ${figure.ci_hi.toFixed(3)}`,
      figure.n_items,
    ]),
  };
}
