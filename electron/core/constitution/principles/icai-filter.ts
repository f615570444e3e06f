import type { IcaiFilter } from '../../../contract/constitution.contract.ts';

/** Votes of one principle as ICAI counts them, seen from the labels. */
export interface IcaiTally {
  readonly for: number;
  readonly against: number;
  readonly abstain: number;
  readonly invalid: number;
  readonly both: number;
  readonly neither: number;
}

/** All votes of a principle; the `total` that ICAI's minimum relevance is a share of. */
export function countTally(tally: IcaiTally): number {
  return tally.for + tally.against + tally.abstain + tally.invalid + tally.both + tally.neither;
}

/** Step 4: true where none of ICAI's rules drops the principle. Relevance counts votes *for* alone, as ICAI does. */
export function passesIcaiFilter(tally: IcaiTally, filter: IcaiFilter): boolean {
  const spoken = tally.for + tally.against + tally.abstain;
  if (filter.s3_filter_majority_true && tally.for <= tally.against) return false;
  if (filter.s3_filter_majority_relevant && tally.for <= tally.abstain) return false;
  if (tally.for < filter.s3_filter_min_relevance * countTally(tally)) return false;
  return !(filter.s3_filter_majority_valid && tally.invalid >= spoken);
}

/**
 * Steps 4 and 5: indices of the principles kept, in order. With a maximum, the best `int(maximum × ratio)` are clustered
 * again into `maximum` groups and the highest ranked of each group stays, in rank order.
 */
export function selectAsIcai(
  tallies: readonly IcaiTally[],
  filter: IcaiFilter,
  clusterAgain: (indices: readonly number[], clusters: number) => readonly (readonly number[])[],
): number[] {
  const score = (tally: IcaiTally | undefined) =>
    tally === undefined ? -Infinity : filter.s3_order_by === 'for' ? tally.for : tally.for - tally.against;
  const ranked = tallies
    .map((_, index) => index)
    .filter((index) => {
      const tally = tallies[index];
      return tally !== undefined && passesIcaiFilter(tally, filter);
    })
    .sort((left, right) => score(tallies[right]) - score(tallies[left]) || left - right);
  const maximum = filter.s3_max_principles;
  if (maximum === null || ranked.length <= maximum) return ranked;
  const top = ranked.slice(0, Math.trunc(maximum * filter.s3_ratio_of_max_principles_to_cluster_again));
  const kept = new Set(
    clusterAgain(top, maximum).flatMap((group) => top.find((index) => group.includes(index)) ?? []),
  );
  return top.filter((index) => kept.has(index));
}
