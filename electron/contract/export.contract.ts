import { oc } from '@orpc/contract';
import { z } from 'zod';
import { relationSchema } from './corpus.contract.ts';
import { filterSchema, sortSchema } from './filter.contract.ts';

export const exportContainerSchema = z.enum(['jsonl', 'parquet', 'csv', 'json']);
export type ExportContainer = z.infer<typeof exportContainerSchema>;

export const exportCompressionSchema = z.enum(['none', 'gzip', 'zstd']);
export type ExportCompression = z.infer<typeof exportCompressionSchema>;

const optionValue = z.union([z.string(), z.number(), z.boolean()]);
export type ExportOptionValue = z.infer<typeof optionValue>;

/** A setting of one format; `kind` says which control it needs and which values it takes. */
export const exportOptionSchema = z.object({
  id: z.string(),
  title: z.string(),
  note: z.string(),
  kind: z.enum(['choice', 'number', 'boolean']),
  default: optionValue,
  choices: z.array(z.object({ value: z.string(), title: z.string() })),
  min: z.number().nullable(),
  max: z.number().nullable(),
});
export type ExportOption = z.infer<typeof exportOptionSchema>;

/** A column of the written file: its DuckDB type and what stands in it. */
export const exportColumnSchema = z.object({ name: z.string(), type: z.string(), note: z.string() });
export type ExportColumn = z.infer<typeof exportColumnSchema>;

/** What a curation recipe decides about a pair. */
export const recipeColumnSchema = z.enum([
  'margin',
  'weight',
  'soft_label',
  'split',
  'place',
  'stage',
  'route',
  'goal_score',
  'is_relabelled',
  'method',
]);
export type RecipeColumn = z.infer<typeof recipeColumnSchema>;

export const exportFormatSchema = z.object({
  format: z.string(),
  title: z.string(),
  /** One line: who reads it. */
  purpose: z.string(),
  /** What it can be made from. */
  relations: z.array(relationSchema),
  containers: z.array(exportContainerSchema),
  options: z.array(exportOptionSchema),
  /** Columns with the default options. */
  columns: z.array(exportColumnSchema),
  /** What it has no place for, in words, with the default options. */
  cannotHold: z.array(z.string()),
  /** Where it puts what a recipe decided; what is not named here it has no place for. */
  recipe: z.array(z.object({ column: recipeColumnSchema, name: z.string() })),
  /** Labels besides a and b that it can say. */
  canSay: z.object({ tie: z.boolean(), bothBad: z.boolean(), unlabelled: z.boolean() }),
});
export type ExportFormat = z.infer<typeof exportFormatSchema>;

const policy = z.enum(['auto', 'drop', 'keep', 'both']);

/** Shares of the splits; they are scaled to sum to 1. */
export const exportSplitsSchema = z.object({
  train: z.number().min(0).max(1),
  validation: z.number().min(0).max(1),
  test: z.number().min(0).max(1),
  seed: z.number().int().min(0).default(1),
  /** `recipe`: the splits a recipe has dealt; shares and seed are not used. */
  from: z.literal('recipe').optional(),
});
export type ExportSplits = z.infer<typeof exportSplitsSchema>;

export const exportSpecSchema = z.object({
  datasetId: z.number().int(),
  format: z.string(),
  options: z.record(z.string(), optionValue).default({}),
  /** The format's first one when left out. */
  container: exportContainerSchema.optional(),
  compression: exportCompressionSchema.default('none'),
  /** Pairs (or responses) in a file at most; null = no limit. */
  rowsPerShard: z.number().int().min(1).nullable().default(null),
  /** Number of files of each split; wins over rowsPerShard. */
  shards: z.number().int().min(1).max(10_000).nullable().default(null),
  /** A view of the dataset; explicit rows are its `ids` clause. */
  filter: filterSchema.default({ clauses: [] }),
  sort: z.array(sortSchema).max(4).default([]),
  /** Whose label is written: null = the label of the dataset; otherwise the votes of one annotator. */
  annotatorId: z.number().int().nullable().default(null),
  /** Aspect of that annotator's votes; null = the overall preference. */
  aspect: z.string().nullable().default(null),
  /** `auto` keeps ties where the format can say them and drops them elsewhere; `both` writes a tie once in each order. */
  ties: policy.default('auto'),
  bothBad: z.enum(['auto', 'drop', 'keep', 'tie']).default('auto'),
  /** 0..1; pairs below it, and pairs without a strength, are left out. */
  minStrength: z.number().min(0).max(1).nullable().default(null),
  splits: exportSplitsSchema.nullable().default(null),
  /** What of a recipe's decisions is written; null = all there are and the format has a place for. */
  recipe: z.array(recipeColumnSchema).max(recipeColumnSchema.options.length).nullable().default(null),
  /** file = one file and its manifest beside it; folder = files and manifest.json; hub = a Hugging Face dataset folder. */
  layout: z.enum(['file', 'folder', 'hub']).default('folder'),
  /** An SPDX id or words; goes into the card and is remembered for the dataset. */
  licence: z.string().trim().max(200).nullable().default(null),
  /** Answers of a datasheet; goes into the card. */
  answers: z
    .array(z.object({ question: z.string().max(500), answer: z.string().max(20_000) }))
    .max(100)
    .default([]),
  destination: z
    .object({
      /** An existing folder, by its whole path; null = the `exports` folder of the workspace. */
      folder: z.string().nullable().default(null),
      /** Name of the file or folder; null = made from dataset and format. */
      name: z.string().max(200).nullable().default(null),
      overwrite: z.boolean().default(false),
    })
    .default({ folder: null, name: null, overwrite: false }),
});
export type ExportSpec = z.infer<typeof exportSpecSchema>;

export const exportWarningSchema = z.object({
  kind: z.enum(['left-out', 'no-place', 'ambiguous', 'changed', 'personal-data', 'licence']),
  /** Pairs (or responses) concerned. */
  count: z.number().int(),
  text: z.string(),
  /** Some of the rows, to look at. */
  rows: z.array(z.number().int()),
});
export type ExportWarning = z.infer<typeof exportWarningSchema>;

export const exportPlanSchema = z.object({
  /** Pairs or responses in the view; selected = written + the sum of the left-out warnings. */
  selected: z.number().int(),
  written: z.number().int(),
  /** Rows of the file; more than `written` where a pair makes two rows. */
  rows: z.number().int(),
  splits: z.array(z.object({ split: z.string(), written: z.number().int(), clusters: z.number().int() })),
  columns: z.array(exportColumnSchema),
  warnings: z.array(exportWarningSchema),
  /** Rows looked through for personal data; fewer than `written` when only the first ones were. */
  scanned: z.number().int(),
  licence: z.object({ known: z.string().nullable(), question: z.string().nullable() }),
});
export type ExportPlan = z.infer<typeof exportPlanSchema>;

export const exportFileSchema = z.object({
  path: z.string(),
  split: z.string().nullable(),
  rows: z.number().int(),
  bytes: z.number(),
  sha256: z.string(),
});
export type ExportFile = z.infer<typeof exportFileSchema>;

export const exportSummarySchema = z.object({
  /** The file, or the folder. */
  file: z.string(),
  manifest: z.string(),
  rows: z.number().int(),
  /** Pairs (or responses) of the view that are not in the file, and why. */
  skipped: z.number().int(),
  skippedWhy: z.string().nullable(),
  files: z.array(exportFileSchema),
  /** True where the same export was there already, whole, and nothing was written. */
  wasThere: z.boolean(),
});
export type ExportSummary = z.infer<typeof exportSummarySchema>;

const datasetInput = z.object({ datasetId: z.number().int() });

export const exportContract = {
  export: {
    formats: oc.output(z.array(exportFormatSchema)),
    /** Whose votes can be the label: name, kind, aspect and how many rows each voted on. */
    annotators: oc.input(datasetInput).output(
      z.array(
        z.object({
          annotatorId: z.number().int(),
          name: z.string(),
          kind: z.string(),
          aspect: z.string().nullable(),
          votes: z.number().int(),
        }),
      ),
    ),
    /** What a recipe decided about the pairs of the dataset, and about how many; empty where none made it. */
    recipe: oc
      .input(datasetInput)
      .output(z.array(z.object({ column: recipeColumnSchema, rows: z.number().int() }))),
    /** What would be written, what would be lost, and personal data that looks as if it were there. */
    plan: oc
      .input(exportSpecSchema.extend({ looksForPersonalData: z.boolean().default(true) }))
      .output(exportPlanSchema),
    /** The beginning of the file as it will be written; Parquet is shown as JSON. */
    preview: oc
      .input(exportSpecSchema.extend({ rows: z.number().int().min(1).max(20).default(3) }))
      .output(z.object({ text: z.string(), isCut: z.boolean() })),
    /** Writes the files (a job). */
    start: oc.input(exportSpecSchema).output(z.object({ jobId: z.string() })),
  },
};
