import type { AuditFigure, AuditResult } from '../../../contract/audit.contract.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import { adjustPValues } from '../statistics/benjamini-hochberg.ts';

/** What an audit may need of a dataset; an audit declares which of these it reads. */
export interface AuditDataset {
  readonly datasetId: number;
  readonly name: string;
  /** Whether a and b are sides of the source, not chosen and rejected put in an order of our own. */
  readonly hasSides: boolean;
  /** Pairs with label a or b. */
  readonly labelled: number;
  /** Labelled pairs that name the models of both sides. */
  readonly withModels: number;
  /** Votes that record which side was shown first. */
  readonly votesWithOrder: number;
}

export type AuditInputName = 'label' | 'chars' | 'sides' | 'model' | 'shown_first';

export interface AuditContext {
  readonly session: Session;
  readonly dataset: AuditDataset;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

export type AuditOutcome = Pick<AuditResult, 'finding' | 'severity' | 'figures' | 'series' | 'params'>;

/** One audit: what it reads, when it cannot be run, and how. */
export interface Audit {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Columns it can use; which of them it cannot do without is for `findObstacle` to say. */
  readonly inputs: readonly AuditInputName[];
  /** Why the audit cannot be run on a dataset, naming the missing column; null where it can. */
  findObstacle(dataset: AuditDataset): string | null;
  run(context: AuditContext): Promise<AuditOutcome>;
}

/** Items below which a figure is computed but marked `too_small`. */
export const minimumItems = 20;

/** Slices shown at most, largest first. */
export const maximumSlices = 20;

/** Adds Benjamini-Hochberg adjusted p values over the figures that share a metric. */
export function adjustFigures(figures: readonly AuditFigure[]): AuditFigure[] {
  const byMetric = new Map<string, AuditFigure[]>();
  for (const figure of figures) {
    byMetric.set(figure.metric, [...(byMetric.get(figure.metric) ?? []), figure]);
  }
  const adjusted = new Map<AuditFigure, number>();
  for (const family of byMetric.values()) {
    const values = adjustPValues(family.map((figure) => figure.p ?? Number.NaN));
    for (const [index, figure] of family.entries()) adjusted.set(figure, values[index] ?? Number.NaN);
  }
  return figures.map((figure) => {
    const p = adjusted.get(figure) ?? Number.NaN;
    return { ...figure, p_adj: Number.isNaN(p) ? null : p };
  });
}

/** A figure with nothing but what it must say; the rest of its fields are given in `rest`. */
export function makeFigure(
  head: Pick<AuditFigure, 'audit' | 'metric' | 'title'>,
  rest: Partial<AuditFigure>,
): AuditFigure {
  return {
    slice_dim: null,
    slice_value: null,
    value: null,
    ci_lo: null,
    ci_hi: null,
    p: null,
    p_adj: null,
    n_items: 0,
    n_clusters: null,
    status: 'undefined',
    neutral: null,
    ...head,
    ...rest,
  };
}
