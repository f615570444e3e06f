/** A Glicko-2 rating on the public scale. */
export interface Glicko2Rating {
  rating: number;
  deviation: number;
  volatility: number;
}

export interface Glicko2Game {
  opponent: Pick<Glicko2Rating, 'rating' | 'deviation'>;
  /** 1 won, ½ drawn, 0 lost. */
  score: number;
  /** Equal games counted once; default 1. */
  count?: number;
}

/** An unrated player. */
export const unrated: Glicko2Rating = { rating: 1500, deviation: 350, volatility: 0.06 };

/** Rating points per unit of the internal scale. */
const scale = 173.7178;
const tolerance = 1e-6;

/**
 * A player's rating after one rating period with all its games taken at once (M. E. Glickman, Example of the Glicko-2
 * system, 2013). Without games only the deviation grows.
 *
 * @param constraint The system constant τ, default ½; smaller keeps the volatility closer to its old value.
 */
export function rateGlicko2(
  player: Glicko2Rating,
  games: readonly Glicko2Game[],
  constraint = 0.5,
): Glicko2Rating {
  const mu = (player.rating - 1500) / scale;
  const phi = player.deviation / scale;
  const played = games.reduce((sum, game) => sum + (game.count ?? 1), 0);
  if (played === 0) {
    return { ...player, deviation: scale * Math.hypot(phi, player.volatility) };
  }
  let information = 0;
  let surplus = 0;
  for (const { opponent, score, count = 1 } of games) {
    const weight = 1 / Math.sqrt(1 + (3 * (opponent.deviation / scale) ** 2) / Math.PI ** 2);
    const expected = 1 / (1 + Math.exp(-weight * (mu - (opponent.rating - 1500) / scale)));
    information += count * weight * weight * expected * (1 - expected);
    surplus += count * weight * (score - expected);
  }
  const variance = 1 / information;
  const volatility = findVolatility({
    phi,
    variance,
    improvement: variance * surplus,
    volatility: player.volatility,
    constraint,
  });
  const widened = phi * phi + volatility * volatility;
  const narrowed = 1 / Math.sqrt(1 / widened + 1 / variance);
  return {
    rating: 1500 + scale * (mu + narrowed * narrowed * surplus),
    deviation: scale * narrowed,
    volatility,
  };
}

/** Glickman's step 5: the root of f(x), x = ln σ², by the Illinois variant of regula falsi. */
function findVolatility(given: {
  phi: number;
  variance: number;
  improvement: number;
  volatility: number;
  constraint: number;
}): number {
  const { phi, variance, improvement, constraint } = given;
  const start = Math.log(given.volatility ** 2);
  const f = (x: number): number => {
    const e = Math.exp(x);
    const sum = phi * phi + variance + e;
    return (e * (improvement ** 2 - sum)) / (2 * sum * sum) - (x - start) / (constraint * constraint);
  };
  let low = start;
  let high = Math.log(improvement ** 2 - phi * phi - variance);
  if (!(improvement ** 2 > phi * phi + variance)) {
    let k = 1;
    while (f(start - k * constraint) < 0) k += 1;
    high = start - k * constraint;
  }
  let [fLow, fHigh] = [f(low), f(high)];
  for (let step = 0; step < 200 && Math.abs(high - low) > tolerance; step++) {
    const next = low + ((low - high) * fLow) / (fHigh - fLow);
    const fNext = f(next);
    if (fNext * fHigh <= 0) [low, fLow] = [high, fHigh];
    else fLow /= 2;
    [high, fHigh] = [next, fNext];
  }
  return Math.exp(low / 2);
}
