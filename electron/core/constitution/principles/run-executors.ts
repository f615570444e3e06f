import type { PrincipleRunFigures } from '../../../contract/constitution.contract.ts';
import { differ, groupClusters, shareOf } from '../executors.ts';
import type { Chosen } from './choose-principles.ts';
import type { Verdict } from './constitutional-judge.ts';
import { decideByList } from './decision-list.ts';
import type { PrincipleColumns } from './principle-votes.ts';

/** The side an executor gives each pair: 1 chosen, −1 rejected, 0 none. */
export type Sides = ReadonlyMap<string, Int8Array>;

/** Majority, weighted vote and decision list on the pairs of `columns`. */
export function runTransparentExecutors(
  columns: PrincipleColumns,
  chosen: readonly Chosen[],
  listOrder: readonly number[],
): Map<string, Int8Array> {
  const majority = new Int8Array(columns.rows);
  const weighted = new Int8Array(columns.rows);
  for (let row = 0; row < columns.rows; row++) {
    let count = 0;
    let sum = 0;
    for (const { index, weight } of chosen) {
      const vote = columns.votes[index]?.[row] ?? 0;
      count += vote;
      sum += weight * vote;
    }
    majority[row] = Math.sign(count);
    weighted[row] = Math.abs(sum) < 1e-12 ? 0 : Math.sign(sum);
  }
  return new Map([
    ['majority', majority],
    ['weighted', weighted],
    ['list', decideByList(columns.votes, listOrder)],
  ]);
}

/** A judge’s labels as sides of the pairs; a tie, an invalid answer or none is 0. */
export function toSides(
  columns: PrincipleColumns,
  verdicts: ReadonlyMap<number, Verdict['label']>,
): Int8Array {
  return Int8Array.from(columns.comparisonIds, (id, row) => {
    const label = verdicts.get(id);
    const side = label === 'a' ? 1 : label === 'b' ? -1 : 0;
    return side * (columns.y[row] ?? 0);
  });
}

/**
 * Accuracy of each executor (no side counts one half) and on how many pairs it abstains, with intervals of 95 % clustered
 * by prompt, and the share of pairs on which two of them give the same side among those where either gives one.
 */
export function compareExecutors(
  columns: PrincipleColumns,
  sides: Sides,
): Pick<PrincipleRunFigures, 'executors' | 'agreement'> {
  const groups = groupClusters(columns.cluster, columns.rows);
  const named = [...sides];
  return {
    executors: named.map(([executor, own]) => ({
      executor,
      accuracy: shareOf(groups, (row) => (1 + (own[row] ?? 0)) / 2),
      abstains: shareOf(groups, (row) => (own[row] === 0 ? 1 : 0)),
    })),
    agreement: named.flatMap(([first, left], index) =>
      named.slice(index + 1).map(([second, right]) => ({
        first,
        second,
        figure: shareOf(
          groups,
          (row) => (left[row] === right[row] ? 1 : 0),
          (row) => left[row] !== 0 || right[row] !== 0,
        ),
      })),
    ),
  };
}

/** Accuracy of the first minus that of the second on the same pairs. */
export function gainOf(
  columns: PrincipleColumns,
  first: Int8Array,
  second: Int8Array,
): PrincipleRunFigures['judge_gain'] {
  return differ(groupClusters(columns.cluster, columns.rows), first, second);
}
