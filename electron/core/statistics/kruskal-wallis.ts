import { chiSquaredP } from './chi-squared.ts';
import { type Outcome, undefinedOutcome } from './outcome.ts';

export interface RankTest {
  /** H, corrected for ties. */
  readonly statistic: number;
  readonly degrees: number;
  readonly p: number;
  readonly n: number;
}

/**
 * Kruskal-Wallis test that several samples come from one distribution, with mean ranks and the correction for ties;
 * p from χ² with one degree of freedom less than there are samples (W. H. Kruskal & W. A. Wallis 1952). Empty samples are left
 * out. Undefined with fewer than two samples, or where all values are equal.
 */
export function kruskalWallis(samples: readonly ArrayLike<number>[]): Outcome<RankTest> {
  const groups = samples.filter((sample) => sample.length > 0).map((sample) => Array.from(sample));
  if (groups.length < 2) return undefinedOutcome('too_few');
  const all = groups.flatMap((values, group) => values.map((value) => ({ value, group })));
  all.sort((left, right) => left.value - right.value);
  const n = all.length;
  const sums = new Float64Array(groups.length);
  let ties = 0;
  for (let from = 0; from < n;) {
    let to = from;
    while (to < n && all[to]?.value === all[from]?.value) to += 1;
    const rank = (from + 1 + to) / 2;
    for (const { group } of all.slice(from, to)) sums[group] = (sums[group] ?? 0) + rank;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const correction = 1 - ties / (n ** 3 - n);
  if (correction <= 0) return undefinedOutcome('zero_variance');
  const between = groups.reduce((sum, values, group) => sum + (sums[group] ?? 0) ** 2 / values.length, 0);
  const statistic = ((12 / (n * (n + 1))) * between - 3 * (n + 1)) / correction;
  const degrees = groups.length - 1;
  return { status: 'ok', statistic, degrees, p: chiSquaredP(statistic, degrees), n };
}
