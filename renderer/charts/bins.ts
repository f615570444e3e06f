/** An equal-width bin `[min, max)`; the last one includes its `max`. `count` is under the filter. */
export interface Bin {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly total: number;
}

/** A brushed range; `isClosed` where `max` belongs to it. */
export interface BinRange {
  readonly min: number;
  readonly max: number;
  readonly isClosed: boolean;
}

/** Index of the bin at a horizontal share 0..1 of the drawing. */
export function binAt(bins: number, share: number): number {
  return Math.min(bins - 1, Math.max(0, Math.floor(share * bins)));
}

/** The range two bins span, in whichever order they were brushed. */
export function rangeOfBins(bins: readonly Bin[], brush: { from: number; to: number }): BinRange | null {
  const first = bins[Math.min(brush.from, brush.to)];
  const lastIndex = Math.max(brush.from, brush.to);
  const last = bins[lastIndex];
  if (!first || !last) return null;
  return { min: first.min, max: last.max, isClosed: lastIndex === bins.length - 1 };
}

/** First and last bin a range touches, null where there is no range or it touches none. */
export function selectedBins(
  bins: readonly Bin[],
  range: BinRange | null,
): { from: number; to: number } | null {
  if (!range) return null;
  const touching = bins.flatMap((bin, index) => (bin.max > range.min && bin.min < range.max ? [index] : []));
  const from = touching[0];
  const to = touching.at(-1);
  return from === undefined || to === undefined ? null : { from, to };
}
