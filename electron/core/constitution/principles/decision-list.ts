import { wilsonInterval } from '../../statistics/wilson.ts';

/**
 * Orders principles as a decision list: the first that speaks on a pair decides it. Each place goes to the principle with
 * the best lower Wilson bound of accuracy among the training pairs none before it has decided (Rivest 1987, greedy); those
 * that speak on none of these come last in their former order.
 *
 * @param votes By principle: 1, 0 or −1 per training pair, seen from the chosen side.
 * @param candidates Indices into `votes`.
 */
export function orderDecisionList(votes: readonly Int8Array[], candidates: readonly number[]): number[] {
  const rows = votes[0]?.length ?? 0;
  const isOpen = new Uint8Array(rows).fill(1);
  const left = [...candidates];
  const ordered: number[] = [];
  while (left.length > 0) {
    const bounds = left.map((index) => lowerBound(votes[index] ?? new Int8Array(0), isOpen));
    const best = bounds.indexOf(Math.max(...bounds));
    const [chosen] = left.splice(best, 1);
    if (chosen === undefined) break;
    ordered.push(chosen);
    for (const [row, vote] of (votes[chosen] ?? new Int8Array(0)).entries()) if (vote !== 0) isOpen[row] = 0;
  }
  return ordered;
}

function lowerBound(votes: Int8Array, isOpen: Uint8Array): number {
  let right = 0;
  let spoken = 0;
  for (const [row, vote] of votes.entries()) {
    if (isOpen[row] !== 1 || vote === 0) continue;
    spoken += 1;
    if (vote === 1) right += 1;
  }
  const interval = wilsonInterval(right, spoken);
  return interval.status === 'undefined' ? -1 : interval.lower;
}

/** The side each pair gets from a decision list: 1 chosen, −1 rejected, 0 where no principle speaks. */
export function decideByList(votes: readonly Int8Array[], order: readonly number[]): Int8Array {
  const sides = new Int8Array(votes[0]?.length ?? 0);
  for (let row = 0; row < sides.length; row++) {
    for (const index of order) {
      const vote = votes[index]?.[row] ?? 0;
      if (vote === 0) continue;
      sides[row] = vote;
      break;
    }
  }
  return sides;
}
