import type { AuditContext } from '../audit.ts';
import type { PairedGames } from '../../../statistics/game-graph.ts';
import type { ClusteredGames } from '../../../statistics/rating-intervals.ts';

type Context = Pick<AuditContext<unknown>, 'session' | 'signal' | 'pairs' | 'scratch'>;

export interface ModelGames {
  /** Model names by code, the most compared first. */
  readonly models: readonly string[];
  /** Comparisons of each model and the prompts they are of. */
  readonly played: readonly { games: number; prompts: number; wins: number }[];
  readonly games: PairedGames;
  readonly rows: ClusteredGames;
  /** Scratch table: comparison_id, cluster, left, right (codes, left < right), score of the left (1, ½, 0). */
  readonly table: string;
}

/** Comparisons of two different models with a winner or a tie, counted by pair of models and by prompt. */
export async function readModelGames(context: Context): Promise<ModelGames> {
  const { session, signal, pairs } = context;
  const table = context.scratch('games');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH game AS (SELECT comparison_id, cluster, model_a, model_b, CASE label WHEN 'a' THEN 1 WHEN 'b' THEN 0 ELSE 0.5 END AS score FROM ${pairs}
         WHERE label IN ('a', 'b', 'tie', 'both_bad') AND model_a IS NOT NULL AND model_b IS NOT NULL AND model_a <> model_b),
       seen AS (SELECT model_a AS model FROM game UNION ALL SELECT model_b FROM game),
       model AS (SELECT model, row_number() OVER (ORDER BY count(*) DESC, model) - 1 AS code FROM seen GROUP BY model)
     SELECT comparison_id, cluster, least(x.code, y.code) AS "left", greatest(x.code, y.code) AS "right",
       (CASE WHEN x.code < y.code THEN score ELSE 1 - score END)::DOUBLE AS score, CASE WHEN x.code < y.code THEN model_a ELSE model_b END AS left_model,
       CASE WHEN x.code < y.code THEN model_b ELSE model_a END AS right_model
     FROM game JOIN model x ON x.model = model_a JOIN model y ON y.model = model_b ORDER BY comparison_id`,
    [],
    { signal },
  );
  const models = await session.all<{ model: string; games: number; prompts: number; wins: number }>(
    `SELECT model, count(*) AS games, count(DISTINCT cluster) AS prompts, sum(score) AS wins FROM (
       SELECT left_model AS model, "left" AS code, cluster, score FROM ${table} UNION ALL SELECT right_model, "right", cluster, 1 - score FROM ${table})
     GROUP BY model, code ORDER BY code`,
    [],
    { signal },
  );
  const counts = await session.columns(
    `SELECT "left", "right", sum(score) AS wins, count(*) AS games FROM ${table} GROUP BY ALL ORDER BY "left", "right"`,
    [],
    { signal },
  );
  const rows = await session.columns(
    `SELECT dense_rank() OVER (ORDER BY cluster) - 1 AS cluster, dense_rank() OVER (ORDER BY "left", "right") - 1 AS pair, sum(score) AS wins, count(*) AS games
     FROM ${table} GROUP BY cluster, "left", "right" ORDER BY 1, 2`,
    [],
    { signal },
  );
  return {
    models: models.map((row) => row.model),
    played: models.map(({ games, prompts, wins }) => ({ games, prompts, wins })),
    games: { players: models.length, ...sidesOf(counts), ...winsOf(counts) },
    rows: {
      cluster: rows.cluster ?? [],
      clusters: (rows.cluster ?? new Float64Array(0)).reduce((most, code) => Math.max(most, code + 1), 0),
      pair: rows.pair ?? [],
      ...winsOf(rows),
    },
    table,
  };
}

const none = new Float64Array(0);

function sidesOf(columns: Record<string, Float64Array>) {
  return { left: columns.left ?? none, right: columns.right ?? none };
}

function winsOf(columns: Record<string, Float64Array>) {
  const { wins = none, games = none } = columns;
  return { leftWins: wins, rightWins: games.map((count, index) => count - (wins[index] ?? 0)) };
}
