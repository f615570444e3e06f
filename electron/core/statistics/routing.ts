/**
 * Performance prediction: what a dataset with these counts of human-labelled rows by tag is expected to be worth,
 * Σ c_j v_j + Σ q_jk v_j v_k. `quadratic` is row-major, tags × tags; left out it is linear.
 */
export interface RoutingModel {
  readonly linear: ArrayLike<number>;
  readonly quadratic?: ArrayLike<number>;
}

/** The model's value of a vector of tag counts, without its constant. */
export function predictQuality({ linear, quadratic }: RoutingModel, counts: ArrayLike<number>): number {
  let value = 0;
  for (let i = 0; i < linear.length; i++) {
    value += (linear[i] ?? 0) * (counts[i] ?? 0);
    if (!quadratic) continue;
    for (let j = 0; j < linear.length; j++)
      value += (quadratic[i * linear.length + j] ?? 0) * (counts[i] ?? 0) * (counts[j] ?? 0);
  }
  return value;
}

/**
 * Gain of sending one row to a person: the model's value of its tags minus that of none.
 * Source: L. Miranda et al., Hybrid preferences (2024).
 */
export function routeGain(model: RoutingModel, tags: ArrayLike<number>): number {
  return predictQuality(model, tags) - predictQuality(model, new Float64Array(tags.length));
}

/**
 * Which rows go to a person: the highest gains within the budget, in the order of the rows where gains are equal. Without a
 * budget, all with a gain above 0.
 */
export function routeRows(gains: ArrayLike<number>, budget?: number): boolean[] {
  const places = Array.from({ length: gains.length }, (_, i) => i);
  if (budget === undefined) return places.map((i) => (gains[i] ?? 0) > 0);
  const order = places.sort((i, j) => (gains[j] ?? 0) - (gains[i] ?? 0) || i - j);
  const taken = new Set(order.slice(0, Math.max(0, budget)));
  return Array.from({ length: gains.length }, (_, i) => taken.has(i));
}

/** Points of the gain reached by the best-first order and by a random one, at equal numbers of rows. */
export function routingCurve(
  gains: ArrayLike<number>,
  points = 10,
): { rows: number; routed: number; random: number }[] {
  const sorted = Float64Array.from(gains).sort().reverse();
  const total = sorted.reduce((sum, gain) => sum + gain, 0);
  return Array.from({ length: points }, (_, index) => {
    const rows = Math.round((sorted.length * (index + 1)) / points);
    const routed = sorted.subarray(0, rows).reduce((sum, gain) => sum + gain, 0);
    return { rows, routed, random: sorted.length === 0 ? 0 : (total * rows) / sorted.length };
  });
}

/** ROUGE-1: F1 of the words two texts share, each counted as often as both have it; 0 where they share none. */
export function rougeOne(first: readonly string[], second: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const word of first) counts.set(word, (counts.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of second) {
    const left = counts.get(word) ?? 0;
    if (left === 0) continue;
    shared += 1;
    counts.set(word, left - 1);
  }
  return shared === 0 ? 0 : (2 * shared) / (first.length + second.length);
}
