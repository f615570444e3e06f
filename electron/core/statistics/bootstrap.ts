import { quantileOfSorted, standardDeviation } from './descriptive.ts';
import { assertLevel, undefinedOutcome } from './outcome.ts';
import type { Interval, Outcome } from './outcome.ts';
import { createPause } from './pause.ts';
import { createRandom } from './random.ts';
import type { RandomStream } from './random.ts';

/** Bootstrap rounds unless the caller says otherwise (audit specification, section 0). */
const DEFAULT_ROUNDS = 1000;

/** The share of rounds in which a statistic may be undefined before its interval is. */
const MAX_UNDEFINED_SHARE = 0.05;

/** Random words made at a time. */
const WORDS = 4096;

export interface ResampleOptions {
  /** Whole number; the same seed gives the same interval. */
  seed: number;
  rounds?: number;
  signal?: AbortSignal;
}

/** Totals of every column in every round: `totals[round * columns + column]`. */
export interface ResampledTotals {
  totals: Float64Array;
  columns: number;
  rounds: number;
}

/**
 * Cluster bootstrap of column totals. Each round draws G clusters out of G with replacement (the multinomial
 * bootstrap) and sums every column over the clusters drawn, all columns with the same draw, so any number of
 * statistics can be computed from one call, and compared with each other.
 *
 * Clusters are drawn as ⌊G·u/2³²⌋ from a 32-bit word; the bias is below G/2³² (0.00002 for 100,000 clusters).
 * Work is rounds × G × (1 + columns): 1,000 rounds over 100,000 clusters take one to two seconds.
 *
 * @param columns One array per sufficient statistic, each with one entry per cluster (the sum over its rows).
 * @throws RangeError for no column or columns of unequal length; the signal's reason when aborted.
 */
export async function resampleTotals(
  columns: readonly Float64Array[],
  options: ResampleOptions,
): Promise<ResampledTotals> {
  const clusters = assertColumns(columns);
  const random = createRandom(options.seed);
  const draws = new Uint8Array(clusters);
  const words = new Uint32Array(WORDS);
  return runRounds(columns, options, () => {
    drawCounts(draws, random, words);
    return draws;
  });
}

/** One crossed factor: the code of each row, 0 to `size` − 1. */
export interface CrossedFactor {
  codes: ArrayLike<number>;
  size: number;
}

/**
 * Two-way bootstrap of column totals for questions about raters: each round resamples the levels of both
 * factors (prompts and raters) with replacement and weighs a row by the product of its two draw counts.
 * Source: P. McCullagh (2000), Bernoulli 6, and A. B. Owen (2007), Ann. Appl. Stat. 1 (the "pigeonhole
 * bootstrap"). It errs on the wide side.
 *
 * @param columns One entry per row (vote), not per cluster.
 */
export async function resampleCrossedTotals(
  columns: readonly Float64Array[],
  factors: readonly [CrossedFactor, CrossedFactor],
  options: ResampleOptions,
): Promise<ResampledTotals> {
  const rows = assertColumns(columns);
  const [first, second] = factors;
  if (first.codes.length !== rows || second.codes.length !== rows) {
    throw new RangeError(`Each crossed factor needs one code for each of the ${rows} rows.`);
  }
  const random = createRandom(options.seed);
  const words = new Uint32Array(WORDS);
  const firstDraws = new Uint8Array(first.size);
  const secondDraws = new Uint8Array(second.size);
  const weights = new Uint32Array(rows);
  return runRounds(columns, options, () => {
    drawCounts(firstDraws, random, words);
    drawCounts(secondDraws, random, words);
    for (let row = 0; row < rows; row++) {
      const a = firstDraws[first.codes[row] ?? -1] ?? 0;
      weights[row] = a === 0 ? 0 : a * (secondDraws[second.codes[row] ?? -1] ?? 0);
    }
    return weights;
  });
}

async function runRounds(
  columns: readonly Float64Array[],
  options: ResampleOptions,
  draw: () => Uint8Array | Uint32Array,
): Promise<ResampledTotals> {
  const rounds = options.rounds ?? DEFAULT_ROUNDS;
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`Cannot run ${rounds} rounds.`);
  const pause = createPause(options.signal);
  const totals = new Float64Array(rounds * columns.length);
  for (let round = 0; round < rounds; round++) {
    const weights = draw();
    for (const [index, column] of columns.entries()) {
      totals[round * columns.length + index] = weightedSum(column, weights);
    }
    const paused = pause();
    if (paused) await paused;
  }
  return { totals, columns: columns.length, rounds };
}

/** Draws as many clusters as `counts` has entries. One byte per cluster is enough: a count above 255 has odds of 1 to 256!. */
function drawCounts(counts: Uint8Array, random: RandomStream, words: Uint32Array): void {
  const scale = counts.length / 0x1_0000_0000;
  counts.fill(0);
  for (let from = 0; from < counts.length; from += words.length) {
    random.fillUint32(words);
    const size = Math.min(words.length, counts.length - from);
    for (let i = 0; i < size; i++) {
      const drawn = ((words[i] ?? 0) * scale) | 0;
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
  }
}

/** Four running sums, so that one addition need not wait for the last. */
function weightedSum(column: Float64Array, weights: Uint8Array | Uint32Array): number {
  const even = column.length - (column.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < even; i += 4) {
    a += (weights[i] ?? 0) * (column[i] ?? 0);
    b += (weights[i + 1] ?? 0) * (column[i + 1] ?? 0);
    c += (weights[i + 2] ?? 0) * (column[i + 2] ?? 0);
    d += (weights[i + 3] ?? 0) * (column[i + 3] ?? 0);
  }
  for (let i = even; i < column.length; i++) a += (weights[i] ?? 0) * (column[i] ?? 0);
  return a + b + (c + d);
}

/** The percentile interval of one statistic and how many rounds stand behind it. */
export interface PercentileInterval extends Interval {
  standardError: number;
  rounds: number;
  /** Rounds in which the statistic was undefined (NaN); they are left out. */
  undefinedRounds: number;
}

/**
 * Percentile interval: the (1−level)/2 and (1+level)/2 quantiles of the statistic over the rounds
 * (B. Efron 1979), with their standard deviation as standard error. Undefined (`unstable`) where the statistic
 * is NaN in more than 5% of the rounds.
 *
 * @param statistic Maps the column totals of one round to the statistic, NaN where it does not exist. The
 *   array is reused between calls; do not keep it.
 */
export function percentileInterval(
  resampled: ResampledTotals,
  statistic: (totals: Float64Array) => number,
  level = 0.95,
): Outcome<PercentileInterval> {
  assertLevel(level);
  const { totals, columns, rounds } = resampled;
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const value = statistic(totals.subarray(round * columns, (round + 1) * columns));
    if (!Number.isNaN(value)) values.push(value);
  }
  const undefinedRounds = rounds - values.length;
  if (undefinedRounds > MAX_UNDEFINED_SHARE * rounds) return undefinedOutcome('unstable');
  const sorted = Float64Array.from(values).sort();
  return {
    status: 'ok',
    lower: quantileOfSorted(sorted, (1 - level) / 2),
    upper: quantileOfSorted(sorted, (1 + level) / 2),
    level,
    standardError: standardDeviation(sorted),
    rounds,
    undefinedRounds,
  };
}

export interface BootstrapEstimate extends PercentileInterval {
  estimate: number;
  clusters: number;
}

/**
 * One statistic of column totals with its cluster percentile bootstrap interval, e.g. a ratio of two totals:
 * `bootstrapClusters([wins, pairs], ([w, n]) => w / n, { seed })`. Undefined without clusters (`no_data`),
 * with a single cluster (`too_few`), or where the statistic itself is NaN (`zero_denominator`).
 */
export async function bootstrapClusters(
  columns: readonly Float64Array[],
  statistic: (totals: Float64Array) => number,
  options: ResampleOptions & { level?: number },
): Promise<Outcome<BootstrapEstimate>> {
  const clusters = assertColumns(columns);
  if (clusters === 0) return undefinedOutcome('no_data');
  const estimate = statistic(Float64Array.from(columns, (column) => column.reduce((sum, x) => sum + x, 0)));
  if (Number.isNaN(estimate)) return undefinedOutcome('zero_denominator');
  if (clusters === 1) return undefinedOutcome('too_few');
  const interval = percentileInterval(await resampleTotals(columns, options), statistic, options.level);
  return interval.status === 'undefined' ? interval : { ...interval, estimate, clusters };
}

function assertColumns(columns: readonly Float64Array[]): number {
  const [first] = columns;
  if (!first) throw new RangeError('A bootstrap needs at least one column.');
  if (columns.some((column) => column.length !== first.length)) {
    throw new RangeError('The bootstrap columns have unequal lengths.');
  }
  return first.length;
}
