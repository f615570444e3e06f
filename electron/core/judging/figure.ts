import type { JudgeFigure } from '../../contract/judging.contract.ts';
import { bootstrapClusters } from '../statistics/bootstrap.ts';
import type { Outcome } from '../statistics/outcome.ts';
import { wilsonInterval } from '../statistics/wilson.ts';

/** A statistic with its interval as the page shows it; without value where it does not exist. */
function toFigure(
  outcome: Outcome<{ estimate: number; lower: number; upper: number }>,
  n: number,
): JudgeFigure {
  return outcome.status === 'undefined'
    ? { value: null, low: null, high: null, n }
    : { value: outcome.estimate, low: outcome.lower, high: outcome.upper, n };
}

/** A share of independent items with Wilson's interval. */
export function measureShareOf(part: number, n: number): JudgeFigure {
  return toFigure(wilsonInterval(part, n), n);
}

export interface BootstrapFigureOptions {
  /** Items the statistic rests on. */
  readonly n: number;
  readonly seed: number;
  readonly rounds?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A statistic of column totals, one entry per prompt, with its percentile bootstrap interval over prompts. */
export async function bootstrapFigure(
  columns: readonly Float64Array[],
  statistic: (totals: Float64Array) => number,
  { n, signal, ...options }: BootstrapFigureOptions,
): Promise<JudgeFigure> {
  return toFigure(
    await bootstrapClusters(columns, statistic, { ...options, ...(signal ? { signal } : {}) }),
    n,
  );
}
