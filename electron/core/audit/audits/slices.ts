import type { AuditFigure } from '../../../contract/audit.contract.ts';
import type { Parameter } from '../../../../native/duckdb/session.ts';
import { type AuditContext, makeFigure, maximumSlices } from './audit.ts';
import {
  type Measured,
  measureMean,
  measureShare,
  type SliceMoments,
  sumClusterMoments,
} from './clustered-share.ts';

/** What is measured over the pairs of a run and over each slice of them. */
export interface Measure {
  readonly head: Pick<AuditFigure, 'audit' | 'metric' | 'title'>;
  /** SQL over the columns of `from`: 0/1 for a share, any number for a mean; NULL leaves the row out. */
  readonly outcome: string;
  /**
   * Relation with row_id, cluster and what `outcome` reads: the context's pairs by default. Bound parameters of it go
   * into `parameters`.
   */
  readonly from?: string;
  readonly parameters?: readonly Parameter[];
  /** The value of “no effect”; null where nothing is tested. */
  readonly neutral?: number | null;
}

type Context = Pick<AuditContext<unknown>, 'session' | 'signal' | 'pairs' | 'slices' | 'slice'>;

/**
 * A share of the pairs with Wilson or cluster-robust interval and a test against one half: first over all pairs, then
 * for the slices of the run, the largest first.
 */
export async function measureShares(context: Context, measure: Measure): Promise<AuditFigure[]> {
  return measureSlices(context, { neutral: 0.5, ...measure }, measureShare);
}

/** A mean over the pairs with a cluster-robust interval and a test against 0; all pairs first, then the slices. */
export async function measureMeans(context: Context, measure: Measure): Promise<AuditFigure[]> {
  return measureSlices(context, { neutral: 0, ...measure }, measureMean);
}

async function measureSlices(
  context: Context,
  measure: Measure,
  describe: (moments: SliceMoments | undefined) => Measured,
): Promise<AuditFigure[]> {
  const { session, signal, pairs, slices, slice } = context;
  const { from = pairs, outcome, parameters = [], head, neutral = null } = measure;
  const options = { parameters, signal };
  const relation = `(SELECT row_id, cluster, ${outcome} AS outcome FROM ${from})`;
  const [all] = await sumClusterMoments(session, `(SELECT NULL AS slice, * FROM ${relation})`, options);
  const describeMoments = (moments: SliceMoments | undefined) => {
    const measured = describe(moments);
    return { ...measured, p: neutral === null ? null : measured.p, neutral };
  };
  const whole = makeFigure(head, describeMoments(all));
  if (slice === null) return [whole];
  const by = await sumClusterMoments(
    session,
    `(SELECT s.slice, o.cluster, o.outcome FROM ${relation} o JOIN ${slices} s USING (row_id))`,
    options,
  );
  const largest = by.sort((left, right) => right.sumX - left.sumX).slice(0, maximumSlices);
  return [
    whole,
    ...largest.map((moments) =>
      makeFigure(head, {
        slice_dim: slice,
        slice_value: String(moments.slice),
        ...describeMoments(moments),
      }),
    ),
  ];
}
