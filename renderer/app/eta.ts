/** Items that must have been seen before a remaining time is shown. */
export const minItemsForEta = 20;

/** Weight of the newest sample in the exponential mean of the item time. */
const newestWeight = 0.2;

/** Running estimate of a job: `done` items at `at` (milliseconds), `seen` of them since the first sample. */
export interface Pace {
  readonly done: number;
  readonly at: number;
  readonly seen: number;
  readonly itemMilliseconds: number | null;
}

/** Adds a progress sample; a counter that went backwards (another phase) starts over. */
export function nextPace(previous: Pace | undefined, done: number, at: number): Pace {
  if (!previous || done < previous.done) return { done, at, seen: 0, itemMilliseconds: null };
  const items = done - previous.done;
  if (items === 0) return previous;
  const sample = (at - previous.at) / items;
  const mean =
    previous.itemMilliseconds === null
      ? sample
      : previous.itemMilliseconds + newestWeight * (sample - previous.itemMilliseconds);
  return { done, at, seen: previous.seen + items, itemMilliseconds: mean };
}

/** Milliseconds left, or null while fewer than 20 items were seen or the total is not known. */
export function remainingMilliseconds(pace: Pace | undefined, total: number | null): number | null {
  if (!pace || pace.itemMilliseconds === null || total === null) return null;
  if (pace.seen < minItemsForEta) return null;
  return Math.max(0, total - pace.done) * pace.itemMilliseconds;
}
