import type { Mapping, SourceColumn } from '../../../contract/import.contract.ts';

/** An SQL expression over the columns of a source; built by readers from quoted identifiers and literals only. */
export type Sql = string;

/**
 * What a reader may look at before it decides: the columns, and the first rows as JSON objects.
 * `rows` holds at most 50; values are as `to_json` renders them.
 */
export interface SourceShape {
  readonly columns: readonly SourceColumn[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** File names without folders, for formats that are told apart by name. */
  readonly fileNames: readonly string[];
}

/** How sure a reader is that a source is its format, and the reason in words. */
export interface Detection {
  /** 0..1. 1 = the columns can hardly be anything else; below 0.3 is not offered. */
  readonly confidence: number;
  readonly why: string;
}

/** A part of a record that a person can map to a column by hand. */
export interface Part {
  readonly part: string;
  readonly title: string;
  readonly isRequired: boolean;
  /** Column names that are tried, in order, case-insensitively. */
  readonly aliases: readonly string[];
}

/**
 * How one source becomes records. Every member is an SQL expression over the relation `from` gives
 * (or over the source itself); what is left out is NULL.
 *
 * A record is one prompt with its responses, votes and ratings:
 * - `responses`  STRUCT("text" VARCHAR, model VARCHAR, messages STRUCT("role" VARCHAR, content VARCHAR)[], media VARCHAR[])[]
 * - `votes`      STRUCT(a INTEGER, b INTEGER, label VARCHAR, strength DOUBLE, annotator VARCHAR, aspect VARCHAR,
 *                rationale VARCHAR, shown_first VARCHAR, ms DOUBLE)[]; a and b are 0-based places in `responses`,
 *                label is a|b|tie|both_bad|skip; aspect NULL = the overall preference. Each distinct (a, b) becomes a
 *                comparison. A comparison nobody voted on is written as a vote with label NULL.
 *                `strength` is in 0..1 where the source has a graded scale (1 = strongest), else NULL.
 * - `ratings`    STRUCT(response INTEGER, annotator VARCHAR, aspect VARCHAR, value DOUBLE, value_text VARCHAR,
 *                scale_min DOUBLE, scale_max DOUBLE, rationale VARCHAR)[]
 * - `annotators` STRUCT("name" VARCHAR, kind VARCHAR, attributes MAP(VARCHAR, VARCHAR))[]; only needed to say more than
 *                the name that votes and ratings carry. kind is human|model|rule|principle|unknown.
 * - `trajectories` the type of `recordTypes.trajectories`: for episode data, the steps behind a response; `response` is a
 *                0-based place in `responses`.
 * - `problem`    NULL, or the reason why the row cannot be used, in words for a person; `problemColumn` names the column.
 */
export interface Reading {
  /**
   * Rewrites the source before the expressions are taken: groups rows of one item, unnests a tree. Must keep `src_row`
   * (0-based, of the first source row used). Records made of several source rows say how many in `sourceRows`; a source
   * row that makes several records counts 1 in its first and 0 in the others.
   */
  readonly from?: (relation: Sql) => Sql;
  readonly sourceRows?: Sql;
  readonly exampleId?: Sql;
  readonly promptText: Sql;
  /** STRUCT("role" VARCHAR, content VARCHAR)[]; NULL for a prompt that is one user turn. */
  readonly promptMessages?: Sql;
  /** The second response's own prompt, where the two differ (joint preference). */
  readonly promptBText?: Sql;
  readonly language?: Sql;
  readonly topic?: Sql;
  /** Subset, split or origin inside the dataset. */
  readonly subset?: Sql;
  readonly responses: Sql;
  readonly votes?: Sql;
  /** Name of the annotator whose overall votes alone make the label; NULL = the majority of all overall votes. */
  readonly reference?: Sql;
  readonly ratings?: Sql;
  readonly annotators?: Sql;
  readonly trajectories?: Sql;
  readonly problem?: Sql;
  readonly problemColumn?: Sql;
  /** Most responses and votes a record can have; 2 and 1 for plain pairs, so that no pass is spent on counting. */
  readonly maxResponses?: number;
  readonly maxVotes?: number;
  /** Source columns that are fully held by the parts above; all others are kept in `extra`. */
  readonly usedColumns: readonly string[];
  /** True when response a and b are the sides as they were shown or stored; false for chosen/rejected. */
  readonly hasSides: boolean;
  readonly relation: 'pairs' | 'responses';
}

/** One dataset format: recognises itself and says in SQL how its rows become records. One file each. */
export interface FormatReader {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Present on formats whose columns can be mapped by hand. */
  readonly parts?: readonly Part[];
  detect(shape: SourceShape): Detection | null;
  read(shape: SourceShape, mapping: Mapping): Reading;
}
