import { quantileOfSorted } from '../../statistics/descriptive.ts';
import { createPause } from '../../statistics/pause.ts';
import { createRandom } from '../../statistics/random.ts';
import type { Figure } from '../../../contract/constitution-depth.ts';
import { groupClusters } from '../executors.ts';

const rounds = 1000;

/** A rule whose scores are seen from the chosen side: above 0 it is right. */
interface Ranked {
  /** Rows by ascending score. */
  readonly order: Uint32Array;
  /** By position in `order`: where the scores above −s begin, and those equal to it. */
  readonly above: Uint32Array;
  readonly equal: Uint32Array;
  /** 1 where the score is above 0, ½ where it is 0: what a row would score against its own reverse. */
  readonly self: Float64Array;
}

function rankScores(scores: ArrayLike<number>): Ranked {
  const rounded = Float64Array.from(scores, (score) => Math.round(score * 1e9) / 1e9);
  const order = Uint32Array.from(rounded.keys()).sort(
    (left, right) => (rounded[left] ?? 0) - (rounded[right] ?? 0),
  );
  const sorted = Float64Array.from(order, (row) => rounded[row] ?? 0);
  const above = new Uint32Array(order.length);
  const equal = new Uint32Array(order.length);
  let [high, low] = [order.length, order.length];
  for (let at = 0; at < order.length; at++) {
    const turned = -(sorted[at] ?? 0);
    while (high > 0 && (sorted[high - 1] ?? 0) > turned) high--;
    while (low > 0 && (sorted[low - 1] ?? 0) >= turned) low--;
    above[at] = high;
    equal[at] = low;
  }
  const self = Float64Array.from(sorted, (score) => (score > 0 ? 1 : score < 0 ? 0 : 0.5));
  return { order, above, equal, self };
}

function weighAuc(ranked: Ranked, weights: ArrayLike<number>): number {
  const { order, above, equal, self } = ranked;
  const sums = new Float64Array(order.length + 1);
  let squares = 0;
  let own = 0;
  for (let at = 0; at < order.length; at++) {
    const weight = weights[order[at] ?? 0] ?? 0;
    sums[at + 1] = (sums[at] ?? 0) + weight;
    squares += weight * weight;
    own += weight * weight * (self[at] ?? 0);
  }
  const total = sums[order.length] ?? 0;
  let right = 0;
  for (let at = 0; at < order.length; at++) {
    const weight = weights[order[at] ?? 0] ?? 0;
    if (weight === 0) continue;
    const [high, low] = [sums[above[at] ?? 0] ?? 0, sums[equal[at] ?? 0] ?? 0];
    right += weight * (total - high + 0.5 * (high - low));
  }
  return (right - own) / (total * total - squares);
}

/**
 * Area under the ROC curve of scores of differences, averaged over all ways to draw the sign of each: P(s_i > −s_j) for
 * two rows i ≠ j, ties one half. That a row is a pair turned at random is then no source of noise. NaN under two rows.
 */
export function computeAuc(scores: ArrayLike<number>): number {
  return weighAuc(rankScores(scores), new Float64Array(scores.length).fill(1));
}

export interface ComparedAuc {
  readonly probe: Figure;
  readonly rules: readonly { readonly auc: Figure; readonly share: Figure }[];
}

/**
 * AUC of a probe and of other rules on the same rows, with percentile intervals of 95 % from 1000 draws of whole clusters,
 * the same draws for all; and for each rule (AUC − ½)/(AUC of the probe − ½), undefined where the interval of the probe
 * reaches ½.
 */
export async function compareAuc(
  {
    probe,
    rules,
    cluster,
  }: { probe: ArrayLike<number>; rules: readonly ArrayLike<number>[]; cluster: ArrayLike<number> },
  { seed, signal }: { seed: number; signal?: AbortSignal | undefined },
): Promise<ComparedAuc> {
  const rows = probe.length;
  const all = [probe, ...rules].map(rankScores);
  const ones = new Float64Array(rows).fill(1);
  const values = all.map((ranked) => weighAuc(ranked, ones));
  const groups = groupClusters(cluster, rows);
  const drawn: number[][] = [];
  const random = createRandom(seed);
  const pause = createPause(signal);
  for (let round = 0; round < rounds && groups.count > 1; round++) {
    const counts = new Uint16Array(groups.count);
    for (let draw = 0; draw < groups.count; draw++) {
      const own = random.nextBelow(groups.count);
      counts[own] = (counts[own] ?? 0) + 1;
    }
    const weights = Float64Array.from(groups.of, (own) => counts[own] ?? 0);
    drawn.push(all.map((ranked) => weighAuc(ranked, weights)));
    await pause();
  }
  const figure = (value: number, samples: number[]): Figure => ({
    value: Number.isFinite(value) ? value : null,
    ci: percentiles(samples),
    n: rows,
  });
  const auc = values.map((value, index) =>
    figure(
      value,
      drawn.map((sample) => sample[index] ?? NaN),
    ),
  );
  const first = auc[0] ?? { value: null, ci: null, n: rows };
  const isAboveChance = first.ci !== null && first.ci[0] > 0.5;
  return {
    probe: first,
    rules: rules.map((_, index) => ({
      auc: auc[index + 1] ?? { value: null, ci: null, n: rows },
      share: isAboveChance
        ? figure(
            shareOfCeiling(values[index + 1], values[0]),
            drawn.map((sample) => shareOfCeiling(sample[index + 1], sample[0])),
          )
        : { value: null, ci: null, n: rows },
    })),
  };
}

const shareOfCeiling = (rule = NaN, probe = NaN) => (rule - 0.5) / (probe - 0.5);

function percentiles(samples: readonly number[]): [number, number] | null {
  const sorted = Float64Array.from(samples.filter((value) => Number.isFinite(value))).sort();
  if (sorted.length < 0.95 * rounds) return null;
  return [quantileOfSorted(sorted, 0.025), quantileOfSorted(sorted, 0.975)];
}
