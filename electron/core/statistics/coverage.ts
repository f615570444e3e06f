import { type ResampleOptions, resampleTotals } from './bootstrap.ts';
import { quantileOfSorted } from './descriptive.ts';
import { type Interval, type Outcome, undefinedOutcome } from './outcome.ts';

/** Visits to one cell: one entry per cluster (prompt), how often it visits the cell. */
export type CellVisits = Float64Array;

export interface Coverage extends Interval {
  /** Different cells of the set over different cells of the reference; may exceed 1. */
  readonly estimate: number;
}

/**
 * State-action coverage of several sets against one reference, each with an interval by resampling whole clusters, all
 * sets by the same draws. Resampled clusters hold fewer different cells than the data, so the rounds are moved until
 * their mean is the estimate before the 2.5 and 97.5 % quantiles are read (our choice). Undefined where the reference
 * visits no cell (`zero_denominator`) or there is a single cluster (`too_few`).
 *
 * @param sets Of each set and of the reference, one entry per cell; the cells of one index need not be the same.
 */
export async function measureCoverage(
  sets: readonly (readonly CellVisits[])[],
  reference: readonly CellVisits[],
  options: ResampleOptions,
): Promise<Outcome<Coverage>[]> {
  const isVisited = (cell: CellVisits) => cell.some((visits) => visits > 0);
  const all = [...sets, reference].map((cells) => cells.filter(isVisited));
  const base = all.at(-1)?.length ?? 0;
  if (base === 0) return sets.map(() => undefinedOutcome('zero_denominator'));
  const columns = all.flat();
  if ((columns[0]?.length ?? 0) < 2) return sets.map(() => undefinedOutcome('too_few'));
  const { totals, rounds } = await resampleTotals(columns, options);
  const starts = all.map((_, index) => all.slice(0, index).reduce((sum, cells) => sum + cells.length, 0));
  const distinct = (round: number, set: number) => {
    const from = round * columns.length + (starts[set] ?? 0);
    return totals.subarray(from, from + (all[set]?.length ?? 0)).reduce((sum, x) => sum + (x > 0 ? 1 : 0), 0);
  };
  return sets.map((_, set) => {
    const estimate = (all[set]?.length ?? 0) / base;
    const ratios = Array.from(
      { length: rounds },
      (__, round) => distinct(round, set) / distinct(round, sets.length),
    );
    const values = Float64Array.from(ratios.filter(Number.isFinite)).sort();
    if (values.length < 0.95 * rounds) return undefinedOutcome('unstable');
    const shift = estimate - values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      status: 'ok' as const,
      estimate,
      lower: Math.max(0, quantileOfSorted(values, 0.025) + shift),
      upper: quantileOfSorted(values, 0.975) + shift,
      level: 0.95,
    };
  });
}
