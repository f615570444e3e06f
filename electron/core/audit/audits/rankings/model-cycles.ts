import type { AuditFigure, AuditTable } from '../../../../contract/audit.contract.ts';
import { fitBradleyTerry } from '../../../statistics/bradley-terry.ts';
import type { PairedGames } from '../../../statistics/game-graph.ts';
import { quantileOfSorted } from '../../../statistics/descriptive.ts';
import { createPause } from '../../../statistics/pause.ts';
import { createDraw } from '../../../statistics/rating-intervals.ts';
import {
  countTriads,
  cyclicRatio,
  consistence,
  type Dominance,
  simulateCycles,
} from '../../../statistics/intransitivity.ts';
import { normalCdf } from '../../../statistics/normal.ts';
import { permutationPValue } from '../../../statistics/permutation.ts';
import { type AuditContext, makeFigure } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import type { ModelGames } from './model-games.ts';

type Context = Pick<AuditContext<{ rounds: number }>, 'signal' | 'seed' | 'params'>;

const headOf = (metric: string, title: string) => ({ audit: 'intransitivity', metric, title });

/** Models at most in the majority relation, the most compared first: triads grow with the third power. */
const maximumModels = 60;
/** Resamples of the prompts for the intervals. */
const resamples = 200;

/** Cycles in the majorities between models, beside those that sampling noise alone would make if Bradley-Terry held. */
export async function measureModelCycles(
  context: Context,
  played: ModelGames,
): Promise<{ figures: AuditFigure[]; table: AuditTable }> {
  const size = Math.min(maximumModels, played.models.length);
  const { relation, games } = readMajorities(played.games, size);
  const counted = countTriads(relation);
  const { seed, params, signal } = context;
  const rounds = Math.max(100, Math.min(params.rounds, Math.floor(3e8 / Math.max(1, size ** 3 / 6))));
  const random = await simulateCycles([relation], { seed, rounds, signal });
  const strengths = fitBradleyTerry(played.games).strengths;
  const expected = await simulateCycles([relation], {
    seed,
    rounds: Math.min(rounds, 500),
    chanceOf: (_, i, j) =>
      majorityChance((strengths[i] ?? 0) - (strengths[j] ?? 0), games[i * size + j] ?? 0),
    signal,
  });
  const test = permutationPValue(
    counted.cyclic - counted.complete / 4,
    random.map((count) => count - counted.complete / 4),
  );
  const draws = await drawMeasures(context, played, size);
  const p = test.status === 'undefined' ? null : test.p;
  const mean = expected.reduce((sum, count) => sum + count, 0) / Math.max(1, expected.length);
  const share = counted.complete > 0 ? counted.cyclic / counted.complete : Number.NaN;
  const describe = (metric: string, title: string, measure: { value: number; draws: number[] }) =>
    describeMeasure(headOf(metric, title), {
      ...measure,
      n: counted.complete,
      prompts: played.rows.clusters,
    });
  const cyclic = describe('model_cyclic_share', 'Cyclic share of the triads of models (majorities)', {
    value: share,
    draws: draws.map((draw) => draw.share),
  });
  return {
    figures: [
      { ...cyclic, p: cyclic.value === null ? null : p, neutral: 0.25 },
      describeExpected(expected, mean, counted.complete),
      describe('model_consistence', 'Coefficient of consistence ζ of the models (1 = transitive)', {
        value: zetaOf(relation),
        draws: draws.map((draw) => draw.zeta),
      }),
      describe(
        'model_cyclic_ratio',
        'Share of the win logits between models that no rating explains (our operationalisation)',
        { value: ratioOf(played.games), draws: draws.map((draw) => draw.ratio) },
      ),
    ],
    table: {
      id: 'model_cycles',
      title: 'Cycles of models',
      columns: ['Beats', 'beats', 'beats the first'],
      rows: counted.examples.map((cycle) => cycle.map((code) => played.models[code] ?? '')),
    },
  };
}

function readMajorities(counts: PairedGames, size: number): { relation: Dominance; games: Float64Array } {
  const sign = new Int8Array(size * size);
  const games = new Float64Array(size * size);
  const { left, right, leftWins, rightWins } = counts;
  for (let pair = 0; pair < left.length; pair++) {
    const [i, j] = [left[pair] ?? 0, right[pair] ?? 0];
    if (i >= size || j >= size) continue;
    const lead = (leftWins[pair] ?? 0) - (rightWins[pair] ?? 0);
    sign[i * size + j] = Math.sign(lead);
    sign[j * size + i] = -Math.sign(lead);
    games[i * size + j] = (leftWins[pair] ?? 0) + (rightWins[pair] ?? 0);
    games[j * size + i] = games[i * size + j] ?? 0;
  }
  return { relation: { size, sign }, games };
}

/** The chance that the stronger by `gap` logits has the majority of n games, by the normal approximation. */
function majorityChance(gap: number, n: number): number {
  const p = 1 / (1 + Math.exp(-gap));
  return normalCdf(((p - 0.5) * Math.sqrt(Math.max(1, n))) / Math.sqrt(p * (1 - p)));
}

function describeExpected(expected: Float64Array, mean: number, complete: number): AuditFigure {
  const head = headOf(
    'model_cyclic_share_expected',
    'Cyclic share that chance alone gives if ratings hold (simulated from Bradley-Terry)',
  );
  if (complete === 0) return makeFigure(head, {});
  const sorted = expected.slice().sort();
  const at = (share: number) => (sorted[Math.round(share * (sorted.length - 1))] ?? 0) / complete;
  return makeFigure(head, {
    value: mean / complete,
    ci_lo: at(0.025),
    ci_hi: at(0.975),
    n_items: complete,
    status: 'ok',
  });
}

/** ζ of a complete round robin; NaN where a pair of models is tied or was never compared. */
function zetaOf({ size, sign }: Dominance): number {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) if (i !== j && (sign[i * size + j] ?? 0) === 0) return Number.NaN;
  }
  const wins = Array.from(
    { length: size },
    (_, i) =>
      Array.from({ length: size }, (__, j) => sign[i * size + j] ?? 0).filter((value) => value > 0).length,
  );
  return consistence(wins).zeta;
}

function ratioOf({ players, left, right, leftWins, rightWins }: PairedGames): number {
  const wins = Array.from(left, (_, pair) => leftWins[pair] ?? 0);
  const played = wins.map((won, pair) => won + (rightWins[pair] ?? 0));
  const p = wins.map((won, pair) => ((played[pair] ?? 0) > 0 ? won / (played[pair] ?? 1) : 0.5));
  return cyclicRatio({ players, left, right, p });
}

/** The measures on resamples of whole prompts. */
async function drawMeasures(
  { seed, signal }: Context,
  played: ModelGames,
  size: number,
): Promise<{ share: number; zeta: number; ratio: number }[]> {
  if (played.rows.clusters < 2) return [];
  const draw = createDraw(played.games, played.rows, seed);
  const pause = createPause(signal);
  const measures: { share: number; zeta: number; ratio: number }[] = [];
  for (let round = 0; round < resamples; round++) {
    const games = draw();
    const { relation } = readMajorities(games, size);
    const { cyclic, complete } = countTriads(relation, 0);
    measures.push({
      share: complete > 0 ? cyclic / complete : Number.NaN,
      zeta: zetaOf(relation),
      ratio: ratioOf(games),
    });
    const paused = pause();
    if (paused) await paused;
  }
  return measures;
}

/** A measure of the majorities with the percentile interval of its resamples, where it exists in 95 % of them. */
function describeMeasure(
  head: ReturnType<typeof headOf>,
  { value, draws, n, prompts }: { value: number; draws: readonly number[]; n: number; prompts: number },
): AuditFigure {
  const base = { n_items: n, n_clusters: prompts };
  if (Number.isNaN(value)) return makeFigure(head, base);
  const known = Float64Array.from(draws.filter((draw) => !Number.isNaN(draw))).sort();
  const hasEnds = known.length > 0 && known.length >= 0.95 * draws.length;
  const [ci_lo, ci_hi] = hasEnds
    ? [quantileOfSorted(known, 0.025), quantileOfSorted(known, 0.975)]
    : [null, null];
  return makeFigure(head, { ...base, value, ci_lo, ci_hi, status: statusOf(prompts) });
}
