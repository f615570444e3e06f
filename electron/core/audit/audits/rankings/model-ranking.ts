import { z } from 'zod';
import type { AuditFigure, AuditResult } from '../../../../contract/audit.contract.ts';
import { pointsPerLogit, startRating } from '../../../statistics/bradley-terry.ts';
import { eloStep, traceElo } from '../../../statistics/elo.ts';
import { normalCritical, normalTwoSidedP } from '../../../statistics/normal.ts';
import {
  findRankRanges,
  gapErrorOfDraws,
  type RankRange,
  type RatingTable,
  rateWithIntervals,
} from '../../../statistics/rating-intervals.ts';
import { type AuditContext as Context, defineAudit, makeFigure, minimumItems } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { type ModelGames, readModelGames } from './model-games.ts';

type AuditContext = Context<{ rounds: number; anchor: string }>;

const headOf = (metric: string, title: string) => ({ audit: 'model-ranking', metric, title });

interface RankedModel {
  code: number;
  model: string;
  rating: number;
  lower: number | null;
  upper: number | null;
  range: RankRange | null;
  group: number;
  propped: boolean;
}

export const modelRankingAudit = defineAudit({
  id: 'model-ranking',
  family: 'rankings',
  title: 'Model ratings',
  description:
    'Bradley-Terry ratings of the compared models with prompt-clustered intervals and the ranks each can hold; Elo for the trend.',
  inputs: ['label', 'model'],
  parameters: {
    rounds: z.number().int().min(100).max(10_000).default(1000),
    /** The model put at 1000; empty = the mean of all models of a connected group. */
    anchor: z.string().default(''),
  },
  findObstacle: (dataset) => {
    if (dataset.withModels === 0)
      return 'No labelled pair names the models of both sides (columns model_a and model_b).';
    return dataset.models < 2
      ? 'All responses come from one model (columns model_a and model_b): there is nothing to rank.'
      : null;
  },
  run: async (context) => {
    const played = await readModelGames(context);
    if (played.models.length < 2)
      return { obstacle: 'No pair compares two different models (columns model_a and model_b).' };
    const { seed, signal, params } = context;
    const table = await rateWithIntervals(played.games, played.rows, { seed, rounds: params.rounds, signal });
    const ranked = rank(played, table, params.anchor);
    return {
      figures: ranked.map((one) => describe(one, played)),
      findings: conclude(ranked, played, table),
      series: [await traceBest(context, played, ranked)],
      tables: [tableOf(ranked, played)],
      params: {
        elo_step: eloStep,
        prompts: played.rows.clusters,
        groups: table.fit.groupCount,
        min_n: minimumItems,
      },
    };
  },
});

/** Models by rating; rank ranges among the models of a connected group with enough comparisons. */
function rank(played: ModelGames, table: RatingTable, anchor: string): RankedModel[] {
  const anchorCode = played.models.indexOf(anchor);
  const ranked = played.models.map((model, code) => {
    const group = table.fit.groups[code] ?? -1;
    const isAnchored = anchorCode >= 0 && table.fit.groups[anchorCode] === group;
    const shift = isAnchored ? startRating - (table.ratings[anchorCode]?.rating ?? startRating) : 0;
    const { rating = Number.NaN, lower = null, upper = null } = table.ratings[code] ?? {};
    const move = (end: number | null) => (end === null ? null : end + shift);
    return {
      code,
      model,
      rating: rating + shift,
      lower: move(lower),
      upper: move(upper),
      group,
      propped: table.fit.propped[code] === 1,
      range: null,
    };
  });
  const ranges = new Map<number, RankRange | null>();
  for (let group = 0; group < table.fit.groupCount; group++) {
    const members = ranked.filter(
      (one) => one.group === group && (played.played[one.code]?.games ?? 0) >= minimumItems,
    );
    for (const [index, range] of findRankRanges(members).entries())
      ranges.set(members[index]?.code ?? -1, range);
  }
  return ranked
    .map((one) => ({ ...one, range: ranges.get(one.code) ?? null }))
    .sort((left, right) => left.group - right.group || right.rating - left.rating || left.code - right.code);
}

function describe(one: RankedModel, played: ModelGames): AuditFigure {
  const { games = 0, prompts = 0 } = played.played[one.code] ?? {};
  return makeFigure(headOf('rating', 'Bradley-Terry rating (400 points = odds of ten to one)'), {
    slice_dim: 'model',
    slice_value: one.model,
    value: one.rating,
    ci_lo: one.lower,
    ci_hi: one.upper,
    n_items: games,
    n_clusters: prompts,
    status: statusOf(games),
    neutral: startRating,
  });
}

function conclude(ranked: readonly RankedModel[], played: ModelGames, table: RatingTable) {
  const eligible = ranked.filter((one) => one.range !== null && one.group === ranked[0]?.group);
  const [first, second] = eligible;
  if (!first || !second)
    return [
      makeFinding({
        id: 'leader',
        sentence: `No two models have ${minimumItems} comparisons and an interval, so nothing is ranked.`,
        figure: null,
        scale: 'share',
      }),
    ];
  const figure = compareBest(first, second, { played, table });
  const possible = eligible.filter((one) => one.range?.best === 1).length;
  const number = (value: number | null) => (value === null ? '?' : value.toFixed(0));
  const cut =
    table.fit.groupCount > 1
      ? ` The comparisons fall into ${table.fit.groupCount} groups without a common opponent, rated apart.`
      : '';
  return [
    makeFinding({
      id: 'leader',
      sentence: `${first.model} is rated first at ${number(first.rating)} [${number(first.lower)}, ${number(first.upper)}] (${sayMany(played.played[first.code]?.games ?? 0, 'comparison')}); it would beat ${second.model} in ${sayShare(figure)}. ${possible === 1 ? 'No other model can hold rank 1.' : `${possible} models can hold rank 1.`}${cut}`,
      figure,
      scale: 'share',
      noticeFrom: 0.05,
    }),
  ];
}

/** The chance that the first beats the second, from their gap and its bootstrap error. */
function compareBest(
  first: RankedModel,
  second: RankedModel,
  { played, table }: { played: ModelGames; table: RatingTable },
): AuditFigure {
  const gap = (first.rating - second.rating) / pointsPerLogit;
  const error = gapErrorOfDraws(table.draws, [first.code, second.code]) / pointsPerLogit;
  const squash = (logit: number) => 1 / (1 + Math.exp(-logit));
  const n = Math.min(played.played[first.code]?.games ?? 0, played.played[second.code]?.games ?? 0);
  const head = headOf('first_beats_second', 'Chance that the first-rated model beats the second');
  const base = {
    value: squash(gap),
    n_items: n,
    n_clusters: played.rows.clusters,
    neutral: 0.5,
    status: statusOf(n),
  };
  if (!(error > 0)) return makeFigure(head, base);
  const half = normalCritical(0.95) * error;
  return makeFigure(head, {
    ...base,
    ci_lo: squash(gap - half),
    ci_hi: squash(gap + half),
    p: normalTwoSidedP(gap / error),
  });
}

/** Elo of the best-rated model along the comparisons, in the order of the source. */
async function traceBest(
  { session, signal }: AuditContext,
  played: ModelGames,
  ranked: readonly RankedModel[],
): Promise<AuditResult['series'][number]> {
  const columns = await session.columns(
    `SELECT "left", "right", score FROM ${played.table} ORDER BY comparison_id`,
    [],
    { signal },
  );
  const { left = [], right = [], score = [] } = columns;
  const traces = traceElo({ players: played.models.length, left, right, score });
  const best = ranked.find((one) => one.range !== null) ?? ranked[0];
  return {
    id: 'elo_trend',
    title: `Elo of ${best?.model ?? ''} along the comparisons (order decides; no ranking)`,
    x_title: 'Twentieth of the comparisons, in the order of the source',
    y_title: 'Elo rating (K = 4)',
    points: traces.map((ratings, index) => ({
      label: String(index + 1),
      x: index + 1,
      y: ratings[best?.code ?? 0] ?? null,
      ci_lo: null,
      ci_hi: null,
      n: Math.round((left.length * (index + 1)) / traces.length),
    })),
  };
}

function tableOf(ranked: readonly RankedModel[], played: ModelGames) {
  const round = (value: number | null) => (value === null ? null : Math.round(value * 10) / 10);
  return {
    id: 'ratings',
    title: 'Ratings',
    columns: [
      'Model',
      'Rating',
      'Low',
      'High',
      'Ranks it can hold',
      'Comparisons',
      'Prompts',
      'Won',
      'Group',
      'Remark',
    ],
    rows: ranked.map((one) => {
      const { games = 0, prompts = 0, wins = 0 } = played.played[one.code] ?? {};
      const remarks = [
        games < minimumItems ? 'too few to rank' : '',
        one.propped ? 'unbeaten or without a win against the others: half a pseudo-win each way' : '',
      ];
      return [
        ...[one.model, round(one.rating), round(one.lower), round(one.upper)],
        one.range ? `${one.range.best}–${one.range.worst}` : null,
        ...[
          games,
          prompts,
          Number((wins / Math.max(1, games)).toFixed(4)),
          one.group + 1,
          remarks.filter(Boolean).join('; '),
        ],
      ];
    }),
  };
}
