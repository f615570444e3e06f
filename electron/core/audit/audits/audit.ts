import { z } from 'zod';
import type {
  AuditFamily,
  AuditFigure,
  AuditResult,
  AuditTable,
  Finding,
  FindingRows,
  ProposalKind,
} from '../../../contract/audit.contract.ts';
import type { Parameter, Session } from '../../../../native/duckdb/session.ts';
import { adjustPValues } from '../../statistics/benjamini-hochberg.ts';
import type { ModelQuestion, ModelRole } from './model-question.ts';

/** What an audit may need of a dataset; an audit declares which of these it reads. */
export interface AuditDataset {
  readonly datasetId: number;
  readonly name: string;
  /** Whether a and b are sides of the source, not chosen and rejected put in an order of our own. */
  readonly hasSides: boolean;
  readonly pairs: number;
  /** Pairs with label a or b (of the judge, where one stands for the label). */
  readonly labelled: number;
  /** Labelled pairs that name the models of both sides. */
  readonly withModels: number;
  /** Different models among the labelled pairs. */
  readonly models: number;
  /** Pairs with a strength. */
  readonly withStrength: number;
  readonly prompts: number;
  readonly responses: number;
  /** Prompts with three responses or more. */
  readonly promptsWithThree: number;
  /** Pairs with more than one turn. */
  readonly multiTurn: number;
  /** Overall votes: without an aspect. */
  readonly votes: number;
  /** Overall votes that record which side was shown first. */
  readonly votesWithOrder: number;
  /** Overall votes that record how long they took. */
  readonly votesWithTime: number;
  /** Pairs with overall votes of two or more annotators. */
  readonly pairsWithTwoVotes: number;
  readonly annotators: number;
  readonly humans: number;
  /** Annotators that are models. */
  readonly modelJudges: number;
  readonly ratings: number;
  readonly rationales: number;
  readonly media: number;
  /** Responses that are episodes with steps. */
  readonly trajectories: number;
  /** Labelled pairs of two episodes. */
  readonly trajectoryPairs: number;
  /** Aspects of votes and ratings. */
  readonly aspects: readonly string[];
  /** Attributes of annotators: country, age, … */
  readonly attributes: readonly string[];
  /** Different languages, topics and subsets of pairs or responses; 0 where the column is empty. */
  readonly languages: number;
  readonly topics: number;
  readonly subsets: number;
  /** Keys of the `extra` column of the first rows. */
  readonly extraKeys: readonly string[];
}

export type AuditInputName =
  | 'label'
  | 'chars'
  | 'sides'
  | 'model'
  | 'shown_first'
  | 'text'
  | 'traits'
  | 'votes'
  | 'annotator'
  | 'ratings'
  | 'strength'
  | 'language'
  | 'topic'
  | 'subset'
  | 'extra'
  | 'media'
  | 'steps';

export type ParameterValue = string | number | boolean;

/** A set of rows to keep with the run. `sql` answers a column row_id, in the order to show them in. */
export interface RowQuery {
  /** Unique within the audit. */
  readonly set: string;
  readonly relation: FindingRows['relation'];
  readonly sql: string;
  readonly parameters?: readonly Parameter[];
}

/**
 * Proposals for the review queue. `sql` answers comparison_id, before, after (texts or NULL), reason and score
 * (larger = review first).
 */
export interface ProposalQuery {
  readonly kind: ProposalKind;
  readonly sql: string;
  readonly parameters?: readonly Parameter[];
}

export interface AuditContext<P = Readonly<Record<string, ParameterValue>>> {
  /** A reading session: it may write to `scratch` only. */
  readonly session: Session;
  readonly dataset: AuditDataset;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly params: P;
  /** The column sliced by, or null. */
  readonly slice: string | null;
  /** The annotator whose votes stand for the label, or null. */
  readonly judge: string | null;
  /** The table of the pairs of this run, quoted; see `pair-table.ts` for its columns. */
  readonly pairs: string;
  /** The table row_id, comparison_id, annotator_id (NULL unless rows are votes), slice; empty without a slice. A pair may lie in several slices (its two models). */
  readonly slices: string;
  /** The audit's own scratch table of a name, quoted; dropped after the audit. */
  readonly scratch: (name: string) => string;
  /**
   * A scratch table that several audits of the run read, quoted: made by the first that asks for its name, dropped after the run.
   * The name says everything its content depends on.
   */
  share(name: string, fill: (table: string) => Promise<void>): Promise<string>;
  /** Stores the ids behind a finding; answers how to open them. */
  keepRows(query: RowQuery): Promise<FindingRows>;
  /** Where the workspace keeps images that came as bytes. */
  readonly mediaFolder: string | undefined;
  /** The models that play the audit's roles, by role. */
  readonly models: ReadonlyMap<ModelRole, { readonly name: string; readonly hash: string }>;
  /** The table of the questions and answers of a pass of a model audit, quoted; see `createAnswerTable`. Earlier passes only while a pass is listed. */
  readonly answers: (pass: number) => string;
  /** Puts proposals into the review queue; answers how many. Nothing is changed until somebody accepts them. */
  propose(query: ProposalQuery): Promise<number>;
}

/**
 * One round of questions to one model. Listing must depend on the dataset, the parameters, the seed and the answers of
 * earlier passes alone, so that a run that goes on after a kill lists the same.
 */
export interface ModelPass<P = unknown> {
  readonly role: ModelRole;
  /** Columns the questions bring into the table of answers, with their DuckDB types. */
  readonly columns: Readonly<Record<string, 'BIGINT' | 'VARCHAR' | 'DOUBLE' | 'BOOLEAN'>>;
  list(context: AuditContext<P>): Promise<readonly ModelQuestion[]>;
}

export interface AuditOutcome {
  readonly findings: readonly Finding[];
  readonly figures: readonly AuditFigure[];
  readonly series?: AuditResult['series'];
  readonly tables?: readonly AuditTable[];
  /** Shown beside the parameters: what the data decided, e.g. the SD a term was divided by. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
}

/** Answer of an audit that found out only while running that it has nothing to work on. */
export interface Obstacle {
  readonly obstacle: string;
}

interface AuditHead {
  readonly id: string;
  readonly family: AuditFamily;
  readonly title: string;
  readonly description: string;
  /** Columns it can use; which of them it cannot do without is for `findObstacle` to say. */
  readonly inputs: readonly AuditInputName[];
  /** Models it needs, beside its data inputs; without them it says so instead of running. */
  readonly models?: readonly ModelRole[];
  /** Why the audit cannot be run on a dataset, naming the missing column; null where it can. */
  findObstacle(dataset: AuditDataset): string | null;
}

/** One audit: what it reads, when it cannot be run, and how. */
export interface Audit extends AuditHead {
  readonly defaults: Readonly<Record<string, ParameterValue>>;
  /** Rounds of questions to its models, asked before it runs; a later one may build on the answers of those before. */
  readonly passes: readonly ModelPass[];
  /** All parameters, checked; throws a ZodError for one that is unknown or wrong. */
  parse(given: unknown): Readonly<Record<string, ParameterValue>>;
  run(context: AuditContext): Promise<AuditOutcome | Obstacle>;
}

type ParameterShape = Record<string, z.ZodType<ParameterValue>>;
type ParametersOf<S extends ParameterShape> = { readonly [K in keyof S]: z.output<S[K]> };

/**
 * Makes an audit from its parts. `parameters` are zod types with defaults; they are shown with the result and can be
 * set for a run.
 */
export function defineAudit<S extends ParameterShape>(
  audit: AuditHead & {
    readonly parameters: S;
    readonly passes?: readonly ModelPass<ParametersOf<S>>[];
    run(context: AuditContext<ParametersOf<S>>): Promise<AuditOutcome | Obstacle>;
  },
): Audit {
  const schema = z.strictObject(audit.parameters);
  const parse = (given: unknown) => schema.parse(given) as Readonly<Record<string, ParameterValue>>;
  // `parse` has checked every value against its own type.
  const typed = (context: AuditContext<unknown>) => ({
    ...context,
    params: parse(context.params) as ParametersOf<S>,
  });
  return {
    ...audit,
    defaults: parse({}),
    parse,
    passes: (audit.passes ?? []).map((pass) => ({
      ...pass,
      list: (context: AuditContext<unknown>) => pass.list(typed(context)),
    })),
    run: (context) => audit.run(typed(context)),
  };
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
