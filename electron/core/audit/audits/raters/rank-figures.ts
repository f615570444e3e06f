import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { resampleTotals } from '../../../statistics/bootstrap.ts';
import { quantileOfSorted } from '../../../statistics/descriptive.ts';
import { createPause } from '../../../statistics/pause.ts';
import { rankCentrality } from '../../../statistics/rank-centrality.ts';
import { makeFigure } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import type { ScoreTable, WelfareContext } from './score-table.ts';

/** Rank centrality of the models from battles within a rater's prompt, with intervals from a bootstrap of raters. */
export async function measureCentrality(context: WelfareContext, scores: ScoreTable): Promise<AuditFigure[]> {
  const { session, signal, params } = context;
  const n = scores.models.length;
  const battles = await session.columns(
    `SELECT x.rater, x.model AS first, y.model AS second, sum(CASE WHEN abs(x.score - y.score) <= ? THEN 0.5 WHEN x.score > y.score THEN 1 ELSE 0 END) AS wins, count(*) AS games
     FROM ${scores.table} x JOIN ${scores.table} y ON x.rater = y.rater AND x.prompt_id = y.prompt_id AND x.response_id <> y.response_id AND x.model <> y.model
     GROUP BY ALL ORDER BY x.rater, first, second`,
    [params.tie_within],
    { signal },
  );
  const {
    rater = new Float64Array(0),
    first = new Float64Array(0),
    second = new Float64Array(0),
    wins = new Float64Array(0),
    games = new Float64Array(0),
  } = battles;
  const columns = Array.from({ length: n * n }, () => new Float64Array(scores.raters));
  const played = new Float64Array(n);
  for (const [row, won] of wins.entries()) {
    const column = columns[(first[row] ?? 0) * n + (second[row] ?? 0)];
    const code = rater[row] ?? 0;
    if (column) column[code] = (column[code] ?? 0) + won;
    played[first[row] ?? 0] = (played[first[row] ?? 0] ?? 0) + (games[row] ?? 0);
  }
  if (wins.length === 0) return [];
  const used = columns.map((column) => column.reduce((sum, value) => sum + value, 0));
  const shares = rankCentrality(used, n, params.prior);
  const draws = await drawShares(context, { columns, raters: scores.raters, n });
  return scores.models.map((model, code) => {
    const sorted = Float64Array.from(draws, (draw) => draw[code] ?? 0).sort();
    const games = played[code] ?? 0;
    return makeFigure(
      { audit: 'rater-welfare', metric: 'rank_centrality', title: 'Rank centrality (shares add up to 1)' },
      {
        ...{
          slice_dim: 'model',
          slice_value: model,
          value: shares[code] ?? null,
          n_items: games,
          n_clusters: scores.raters,
        },
        ci_lo: scores.raters > 1 ? quantileOfSorted(sorted, 0.025) : null,
        ci_hi: scores.raters > 1 ? quantileOfSorted(sorted, 0.975) : null,
        ...{ status: statusOf(games), neutral: 1 / n },
      },
    );
  });
}

/** Rank centrality of every resample of the raters. */
async function drawShares(
  { seed, signal, params }: WelfareContext,
  { columns, raters, n }: { columns: readonly Float64Array[]; raters: number; n: number },
): Promise<Float64Array[]> {
  const rounds = Math.max(100, Math.min(params.rounds, Math.floor(5e8 / (raters * n * n + 1))));
  const resampled = await resampleTotals(columns, { seed, rounds, ...(signal && { signal }) });
  const pause = createPause(signal);
  const draws: Float64Array[] = [];
  for (let round = 0; round < resampled.rounds; round++) {
    const totals = resampled.totals.subarray(round * resampled.columns, (round + 1) * resampled.columns);
    draws.push(rankCentrality(totals, n, params.prior));
    const paused = pause();
    if (paused) await paused;
  }
  return draws;
}
