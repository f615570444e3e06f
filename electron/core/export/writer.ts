import type {
  ExportColumn,
  ExportContainer,
  ExportOption,
  ExportOptionValue,
  RecipeColumn,
} from '../../contract/export.contract.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { Sql } from '../corpus/reading/reader.ts';

/** A column of the file: SQL over the relation that `from` makes of the selected rows. */
export interface WriterColumn extends ExportColumn {
  readonly sql: Sql;
}

/** What a dataset may hold beside prompt, responses and a or b. */
export type Holding =
  | 'sides'
  | 'models'
  | 'strength'
  | 'example_id'
  | 'language'
  | 'topic'
  | 'subset'
  | 'prompt_turns'
  | 'system'
  | 'response_turns'
  | 'votes'
  | 'rationales'
  | 'ratings'
  | 'tags'
  | 'extra'
  | 'media'
  | 'two_prompts';

/** Rows for which `when` holds over the selected rows, and why, in words that follow a count: “120 pairs: …”. */
export interface Condition {
  readonly when: Sql;
  readonly why: string;
}

export type OptionValues = Readonly<Record<string, ExportOptionValue>>;

/** What a writer is told about the export. */
export interface WriterContext {
  readonly options: OptionValues;
  /** The kind of the rows it is given; one of its `relations`. */
  readonly relation: Relation;
  readonly container: ExportContainer;
  readonly datasetId: number;
  readonly datasetName: string;
  /** True where any selected prompt or response has turns, so that one shape can be chosen for the whole file. */
  readonly isConversational: boolean;
  /** What a recipe decided and the file is to hold; among the writer's `recipePlaces`. */
  readonly recipe: ReadonlySet<RecipeColumn>;
  /** The table of all selected rows, for values that depend on the whole export: unit, split, row_id, label, strength. */
  readonly selection: Sql;
}

/** What is written, for one setting of the options. */
export interface Shape {
  readonly columns: readonly WriterColumn[];
  /** Adds columns to the selected rows, one row each; what the conditions below may look at. */
  readonly prepare?: (rows: Sql) => Sql;
  /** Makes other rows of the prepared ones; must keep `unit`. */
  readonly from?: (rows: Sql) => Sql;
  /** Order of the rows inside a unit. */
  readonly within?: readonly Sql[];
  readonly rowsPerUnit: number;
  readonly holds: ReadonlySet<Holding>;
  /** Rows that cannot be written at all. */
  readonly excludes: readonly Condition[];
  /** Rows that are written whole but that a reader may split or read differently. */
  readonly ambiguous: readonly Condition[];
  /** Values that the file holds in another form than the dataset. */
  readonly changes: readonly Condition[];
}

/** A further file of the export, made without looking at rows. */
export interface Companion {
  readonly name: string;
  readonly content: string;
}

/** One export format, in one file of `writers/`. It says in SQL what a row of the file is and never sees a row. */
export interface Writer {
  readonly id: string;
  readonly title: string;
  /** One line: who reads it. */
  readonly purpose: string;
  readonly relations: readonly Relation[];
  /** The first is the default. */
  readonly containers: readonly ExportContainer[];
  readonly options: readonly ExportOption[];
  /** The column each decision of a recipe goes to, where readers of the format take one; absent: nowhere. */
  readonly recipePlaces?: Readonly<Partial<Record<RecipeColumn, string>>>;
  /** Labels besides a and b; `unlabelled` also stands for skipped. */
  readonly canSay: { readonly tie: boolean; readonly bothBad: boolean; readonly unlabelled: boolean };
  /** `record` = all selected pairs of one source row make one row. */
  readonly unit: 'row' | 'record';
  /** Keeps rows that share a prompt apart, for formats that read neighbours with one prompt as one record. */
  readonly spreadsPrompts?: boolean;
  shape(context: WriterContext): Shape;
  companions?(context: WriterContext, dataFile: string): readonly Companion[];
  /** For JSON documents: the rows are lines of text with what comes before and after them. */
  document?(context: WriterContext, rows: Sql): Sql;
}

export const choice = (
  id: string,
  title: string,
  choices: Readonly<Record<string, string>>,
  note = '',
): ExportOption => ({
  id,
  title,
  note,
  kind: 'choice',
  default: Object.keys(choices)[0] ?? '',
  choices: Object.entries(choices).map(([value, name]) => ({ value, title: name })),
  min: null,
  max: null,
});

export const flag = (id: string, title: string, isOn: boolean, note = ''): ExportOption => ({
  id,
  title,
  note,
  kind: 'boolean',
  default: isOn,
  choices: [],
  min: null,
  max: null,
});

export const amount = (
  id: string,
  title: string,
  range: { readonly default: number; readonly min: number; readonly max: number },
  note = '',
): ExportOption => ({ id, title, note, kind: 'number', choices: [], ...range });

export const column = (name: string, type: string, sql: Sql, note: string): WriterColumn => ({
  name,
  type,
  sql,
  note,
});

export const onlyDecided = { tie: false, bothBad: false, unlabelled: false } as const;
