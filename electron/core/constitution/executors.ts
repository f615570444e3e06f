import { type ClusterRatio, ratioDifferenceInterval, ratioIntervalOfClusters } from '../statistics/ratio.ts';
import { wilsonInterval } from '../statistics/wilson.ts';
import type { Figure } from '../../contract/constitution.contract.ts';
import type { SelectedTrait } from './selection.ts';

export interface ExecutorInput {
  /** By trait: 1, 0 or −1 per pair, seen from the chosen side. */
  readonly votes: readonly Int8Array[];
  readonly charsChosen: Float64Array;
  readonly charsRejected: Float64Array;
  /** Prompt of each pair; the rows of a prompt need not be neighbours. */
  readonly cluster: ArrayLike<number>;
  readonly selected: readonly SelectedTrait[];
}

export interface ExecutorFigures {
  readonly pairs: number;
  readonly prompts: number;
  readonly longer: Figure;
  readonly majority: Figure;
  readonly weighted: Figure;
  readonly gainOverLonger: Figure;
  readonly agreement: Figure;
  readonly silent: Figure;
}

/**
 * Runs the executors on labelled pairs: the majority of the selected principles, the weighted vote, and "the longer
 * side wins". A vote for the chosen side scores 1, for the rejected side 0, none or a draw ½. Intervals of 95 % are
 * linearised cluster-robust ones over prompts; where all prompts score alike, Wilson's over prompts.
 */
export function evaluateExecutors(input: ExecutorInput): ExecutorFigures {
  const { votes, selected, charsChosen, charsRejected } = input;
  const rows = charsChosen.length;
  const groups = groupClusters(input.cluster, rows);
  const majority = new Int8Array(rows);
  const weighted = new Int8Array(rows);
  const longer = new Int8Array(rows);
  const speaks = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    let count = 0;
    let sum = 0;
    for (const { trait, direction, weight } of selected) {
      const vote = direction * (votes[trait]?.[row] ?? 0);
      count += vote;
      sum += weight * vote;
      if (vote !== 0) speaks[row] = 1;
    }
    majority[row] = Math.sign(count);
    weighted[row] = Math.abs(sum) < 1e-12 ? 0 : Math.sign(sum);
    longer[row] = Math.sign((charsChosen[row] ?? 0) - (charsRejected[row] ?? 0));
  }
  const accuracy = (sides: Int8Array) => shareOf(groups, (row) => (1 + (sides[row] ?? 0)) / 2);
  return {
    pairs: rows,
    prompts: groups.count,
    longer: accuracy(longer),
    majority: accuracy(majority),
    weighted: accuracy(weighted),
    gainOverLonger: differ(groups, weighted, longer),
    agreement: shareOf(
      groups,
      (row) => (majority[row] === weighted[row] ? 1 : 0),
      (row) => majority[row] !== 0 || weighted[row] !== 0,
    ),
    silent: shareOf(groups, (row) => 1 - (speaks[row] ?? 0)),
  };
}

export interface Groups {
  readonly count: number;
  readonly of: Uint32Array;
}

/** Codes of the prompts of `rows` pairs. */
export function groupClusters(cluster: ArrayLike<number>, rows: number): Groups {
  const codes = new Map<number, number>();
  const of = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const id = cluster[row] ?? Number.NaN;
    const code = codes.get(id) ?? codes.size;
    codes.set(id, code);
    of[row] = code;
  }
  return { count: codes.size, of };
}

function sumByCluster(
  groups: Groups,
  score: (row: number) => number,
  counts: (row: number) => boolean,
): { ratio: ClusterRatio; n: number } {
  const numerators = new Float64Array(groups.count);
  const denominators = new Float64Array(groups.count);
  let n = 0;
  for (let row = 0; row < groups.of.length; row++) {
    if (!counts(row)) continue;
    const group = groups.of[row] ?? 0;
    n += 1;
    denominators[group] = (denominators[group] ?? 0) + 1;
    numerators[group] = (numerators[group] ?? 0) + score(row);
  }
  const used = denominators.map((_, group) => group).filter((group) => (denominators[group] ?? 0) > 0);
  return {
    ratio: {
      numerators: used.map((group) => numerators[group] ?? 0),
      denominators: used.map((group) => denominators[group] ?? 0),
    },
    n,
  };
}

/** Mean score over the pairs that count, with its interval clustered by prompt. */
export function shareOf(
  groups: Groups,
  score: (row: number) => number,
  counts: (row: number) => boolean = () => true,
): Figure {
  const { ratio, n } = sumByCluster(groups, score, counts);
  return shareFigure(ratio, n);
}

/** A share of `n` rows from its sums by prompt, the interval kept within 0..1. */
export function shareFigure(ratio: ClusterRatio, n: number): Figure {
  if (n === 0) return { value: null, ci: null, n };
  const outcome = ratioIntervalOfClusters(ratio.numerators, ratio.denominators);
  if (outcome.status !== 'undefined') {
    const ci: [number, number] = [Math.max(0, outcome.lower), Math.min(1, outcome.upper)];
    return { value: outcome.estimate, ci, n };
  }
  const value = Array.from(ratio.numerators).reduce((sum, part) => sum + part, 0) / n;
  const clusters = ratio.denominators.length;
  if (outcome.reason !== 'zero_variance' || (value !== 0 && value !== 1)) return { value, ci: null, n };
  const wilson = wilsonInterval(value * clusters, clusters);
  return { value, ci: wilson.status === 'undefined' ? null : [wilson.lower, wilson.upper], n };
}

/** Accuracy of the first sides minus that of the second on the same pairs; 1 = chosen, 0 = none (½), −1 = rejected. */
export function differ(groups: Groups, first: Int8Array, second: Int8Array): Figure {
  const all = () => true;
  const left = sumByCluster(groups, (row) => (1 + (first[row] ?? 0)) / 2, all);
  const right = sumByCluster(groups, (row) => (1 + (second[row] ?? 0)) / 2, all);
  if (left.n === 0) return { value: null, ci: null, n: 0 };
  const outcome = ratioDifferenceInterval(left.ratio, right.ratio);
  if (outcome.status !== 'undefined') {
    return { value: outcome.estimate, ci: [outcome.lower, outcome.upper], n: left.n };
  }
  const total = (ratio: ClusterRatio) => Array.from(ratio.numerators).reduce((sum, part) => sum + part, 0);
  return { value: (total(left.ratio) - total(right.ratio)) / left.n, ci: null, n: left.n };
}
