import { undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/**
 * How often a score (higher = better) orders two items as their ranks (1 = best) do: share of the n(n − 1)/2 pairs, equal
 * ranks dropped, equal scores counted ½. Undefined where no pair has different ranks.
 */
export function rankScoreAgreement(
  ranks: ArrayLike<number>,
  scores: ArrayLike<number>,
): Outcome<{ agreeing: number; pairs: number; share: number }> {
  let [agreeing, pairs] = [0, 0];
  for (let i = 0; i < ranks.length; i++) {
    for (let j = i + 1; j < ranks.length; j++) {
      const order = Math.sign((ranks[j] ?? Number.NaN) - (ranks[i] ?? Number.NaN));
      if (!(order !== 0)) continue;
      const scored = Math.sign((scores[i] ?? Number.NaN) - (scores[j] ?? Number.NaN));
      pairs += 1;
      agreeing += scored === 0 ? 0.5 : Number(scored === order);
    }
  }
  if (pairs === 0) return undefinedOutcome('no_data');
  return { status: 'ok', agreeing, pairs, share: agreeing / pairs };
}
