export interface Reranked {
  /** Index of the choice among the candidates as they were given. */
  chosen: number;
  /** Probability of each candidate; those that repeat an earlier one have 0. */
  probabilities: Float64Array;
  /** Expected score of the choice minus the mean score of the distinct candidates. */
  gain: number;
  /** Whether the choice differs from the first candidate. */
  isChanged: boolean;
}

/**
 * Re-ranks the candidates of a prompt by score: p ∝ exp(score/β) over distinct candidates, the most probable chosen
 * (β → 0 puts all mass on the best). Equal scores go to the lower index.
 * Source: M. Nakamoto et al., Steering your generalists (V-GPS, 2024), without its robots.
 *
 * @param keys What makes two candidates the same, such as their texts.
 * @throws RangeError for no candidate, or β below 0.
 */
export function rerank(scores: ArrayLike<number>, keys: readonly (string | number)[], beta = 1): Reranked {
  if (scores.length === 0) throw new RangeError('There is no candidate to re-rank.');
  if (!(beta >= 0)) throw new RangeError(`β must be at least 0, got ${beta}.`);
  const distinct = Array.from({ length: scores.length }, (_, i) => i).filter(
    (i) => keys.indexOf(keys[i] ?? i) === i,
  );
  const scoreOf = (i: number) => scores[i] ?? Number.NaN;
  const chosen = distinct.reduce((best, i) => (scoreOf(i) > scoreOf(best) ? i : best), distinct[0] ?? 0);
  const highest = scoreOf(chosen);
  const probabilities = new Float64Array(scores.length);
  const massOf = (i: number) => (beta === 0 ? Number(i === chosen) : Math.exp((scoreOf(i) - highest) / beta));
  const mass = distinct.reduce((sum, i) => sum + massOf(i), 0);
  for (const i of distinct) probabilities[i] = massOf(i) / mass;
  const expected = distinct.reduce((sum, i) => sum + (probabilities[i] ?? 0) * scoreOf(i), 0);
  const average = distinct.reduce((sum, i) => sum + scoreOf(i), 0) / distinct.length;
  return { chosen, probabilities, gain: expected - average, isChanged: chosen !== 0 };
}
