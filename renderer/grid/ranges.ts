/** Positions `start`..`end`, both inclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A set of positions as sorted ranges that neither touch nor overlap. */
export type RangeSet = readonly Range[];

export function hasPosition(set: RangeSet, position: number): boolean {
  let low = 0;
  let high = set.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = set[middle];
    if (!range) return false;
    if (position < range.start) high = middle - 1;
    else if (position > range.end) low = middle + 1;
    else return true;
  }
  return false;
}

export function addRange(set: RangeSet, range: Range): RangeSet {
  const before = set.filter((r) => r.end < range.start - 1);
  const after = set.filter((r) => r.start > range.end + 1);
  const touching = set.filter((r) => r.end >= range.start - 1 && r.start <= range.end + 1);
  const start = Math.min(range.start, ...touching.map((r) => r.start));
  const end = Math.max(range.end, ...touching.map((r) => r.end));
  return [...before, { start, end }, ...after];
}

export function removeRange(set: RangeSet, range: Range): RangeSet {
  return set.flatMap((r) => {
    if (r.end < range.start || r.start > range.end) return [r];
    const rest: Range[] = [];
    if (r.start < range.start) rest.push({ start: r.start, end: range.start - 1 });
    if (r.end > range.end) rest.push({ start: range.end + 1, end: r.end });
    return rest;
  });
}

export function togglePosition(set: RangeSet, position: number): RangeSet {
  const one = { start: position, end: position };
  return hasPosition(set, position) ? removeRange(set, one) : addRange(set, one);
}

export function countPositions(set: RangeSet): number {
  return set.reduce((sum, r) => sum + r.end - r.start + 1, 0);
}

/** The range from an anchor to another position, whichever comes first. */
export function rangeBetween(a: number, b: number): Range {
  return { start: Math.min(a, b), end: Math.max(a, b) };
}
