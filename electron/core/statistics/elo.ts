import { startRating } from './bradley-terry.ts';

/** Games in the order they were played: players' codes and the left one's score, 1, ½ or 0. */
export interface GameSequence {
  players: number;
  left: ArrayLike<number>;
  right: ArrayLike<number>;
  score: ArrayLike<number>;
}

/** Elo's step size unless told (FastChat). */
export const eloStep = 4;

/**
 * Both ratings after one game, r′ = r + K(S − E) with E = 1/(1 + 10^{(r_other − r)/400}) (A. Elo 1978).
 * @param score The first player's: 1, ½ or 0.
 */
export function updateElo(
  ratings: readonly [number, number],
  score: number,
  step = eloStep,
): [number, number] {
  const [first, second] = ratings;
  const expected = 1 / (1 + 10 ** ((second - first) / 400));
  const change = step * (score - expected);
  return [first + change, second - change];
}

/**
 * Ratings after each of `marks` equal parts of the sequence, the last one final: row m holds every player. The order of the
 * games decides, so it shows a trend and is no ranking.
 */
export function traceElo(games: GameSequence, marks = 20): Float64Array[] {
  const ratings = new Float64Array(games.players).fill(startRating);
  const rows: Float64Array[] = [];
  for (let game = 0; game < games.left.length; game++) {
    const [left, right] = [games.left[game] ?? 0, games.right[game] ?? 0];
    const [a, b] = updateElo(
      [ratings[left] ?? startRating, ratings[right] ?? startRating],
      games.score[game] ?? 0.5,
    );
    ratings[left] = a;
    ratings[right] = b;
    const mark = Math.floor(((game + 1) * marks) / games.left.length);
    if (mark > Math.floor((game * marks) / games.left.length)) rows.push(ratings.slice());
  }
  return rows;
}
