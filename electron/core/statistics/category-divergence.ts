/**
 * Kullback-Leibler divergence, in nats, of the shares of counted categories from target shares. A category counted with a
 * target of 0 would make it infinite: the targets then get ½ added to each and are rescaled, and `isSmoothed` says so.
 * Categories that were not counted contribute 0.
 */
export function categoryDivergence(
  counts: readonly number[],
  targets: readonly number[],
): { divergence: number; isSmoothed: boolean } {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const isSmoothed = counts.some((count, i) => count > 0 && (targets[i] ?? 0) === 0);
  const weights = targets.map((target) => (isSmoothed ? target + 0.5 : target));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let divergence = 0;
  for (const [i, count] of counts.entries()) {
    if (count > 0) divergence += (count / total) * Math.log(count / total / ((weights[i] ?? 0) / all));
  }
  return { divergence, isSmoothed };
}
