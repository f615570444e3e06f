/**
 * Benjamini-Hochberg adjusted p values, in the order of the input: with p sorted ascending,
 * p_adj(i) = min over j ≥ i of min(1, m·p(j)/j). Controls the false discovery rate over the family.
 * Source: Y. Benjamini & Y. Hochberg (1995), J. R. Stat. Soc. B 57.
 *
 * NaN marks a test without a p value (an undefined slice): it stays NaN and does not count in m.
 *
 * @throws RangeError for a p value outside [0, 1].
 */
export function adjustPValues(pValues: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(pValues);
  const order = Array.from(values.keys()).filter((index) => !Number.isNaN(values[index]));
  for (const index of order) {
    const p = values[index] ?? Number.NaN;
    if (!(p >= 0 && p <= 1)) throw new RangeError(`A p value lies in [0, 1], got ${p}.`);
  }
  order.sort((left, right) => (values[left] ?? 0) - (values[right] ?? 0));
  const adjusted = new Float64Array(values.length).fill(Number.NaN);
  let smallest = 1;
  for (let rank = order.length; rank >= 1; rank--) {
    const index = order[rank - 1] ?? 0;
    smallest = Math.min(smallest, ((values[index] ?? Number.NaN) * order.length) / rank);
    adjusted[index] = smallest;
  }
  return adjusted;
}
