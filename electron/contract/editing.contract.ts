import { oc } from '@orpc/contract';
import { z } from 'zod';
import { labelSchema, messageSchema, relationSchema } from './corpus.contract.ts';
import { filterSchema } from './filter.contract.ts';

const id = z.number().int();
const reason = z.string().trim().max(2_000).nullish();
const who = z.string().trim().min(1).max(100).optional();

/** Which rows an edit is about. `sql` is one SELECT with a column comparison_id (or response_id for single responses). */
export const editTargetSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rows'), ids: z.array(id).min(1).max(100_000) }),
  z.object({ kind: z.literal('filter'), filter: filterSchema }),
  z.object({ kind: z.literal('sql'), sql: z.string().trim().min(1).max(100_000) }),
  /** Every hidden row of the dataset; only for `unhide`. */
  z.object({ kind: z.literal('hidden') }),
]);
export type EditTarget = z.infer<typeof editTargetSchema>;

/** The texts of a row: of a pair the prompt (or two) and the responses, of a single response its prompt and itself. */
export const textPartSchema = z.enum(['prompt', 'prompt_b', 'response_a', 'response_b', 'response']);
export type TextPart = z.infer<typeof textPartSchema>;

const optionalText = z.string().max(1_000).nullable().optional();

/** Values for the fields of a row; a field that is absent stays, null empties it. `model` is that of a single response. */
export const editValuesSchema = z
  .object({
    label: labelSchema.nullable().optional(),
    strength: z.number().nullable().optional(),
    language: optionalText,
    topic: optionalText,
    subset: optionalText,
    model_a: optionalText,
    model_b: optionalText,
    model: optionalText,
  })
  .refine((values) => Object.values(values).some((value) => value !== undefined), 'no field is given');
export type EditValues = z.infer<typeof editValuesSchema>;

/** What is done to the rows. */
export const editChangeSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('set'), values: editValuesSchema }),
  /** Label a becomes b and b becomes a; the responses stay where they are. */
  z.object({ op: z.literal('flip_label') }),
  /** The two responses change places; label and votes follow, so the same response stays chosen. */
  z.object({ op: z.literal('swap_sides') }),
  z.object({
    op: z.literal('text'),
    part: textPartSchema,
    text: z.string().max(10_000_000).optional(),
    /** In place of `text` where the part has several turns. */
    messages: z.array(messageSchema).min(1).max(10_000).optional(),
  }),
  z.object({
    op: z.literal('replace'),
    parts: z.array(textPartSchema).min(1),
    find: z.string().min(1).max(2_000),
    with: z.string().max(100_000),
    /** `find` is an RE2 expression and `with` may hold \1 to \9. */
    isRegex: z.boolean().default(false),
    ignoreCase: z.boolean().default(false),
  }),
  z.object({ op: z.literal('tag'), tag: z.string().trim().min(1).max(100), isOn: z.boolean() }),
  z.object({ op: z.literal('note'), text: z.string().max(100_000).nullable() }),
  /** Takes rows out of every view, count, audit and export; they stay restorable. Needs a reason. */
  z.object({ op: z.literal('hide') }),
  z.object({ op: z.literal('unhide') }),
  /** Cuts the prompt before message `turn` (0-based): the row keeps what follows, a new single response holds what was before. */
  z.object({ op: z.literal('split'), turn: z.number().int().min(1) }),
  /** Puts the earlier row's conversation, with its chosen (or only) response, before the prompt of the later row. */
  z.object({ op: z.literal('merge') }),
]);
export type EditChange = z.infer<typeof editChangeSchema>;

export const editRequestSchema = z.object({
  datasetId: id,
  relation: relationSchema,
  target: editTargetSchema,
  change: editChangeSchema,
  /**
   * Texts and models that rows share: `rows` (the default) changes them only for the rows of the target, the others
   * keep theirs; `everywhere` changes the shared text itself.
   */
  sharing: z.enum(['rows', 'everywhere']).default('rows'),
  reason,
  who,
});
export type EditRequest = z.infer<typeof editRequestSchema>;

/** A text or value as it was and as it will be; long texts are cut around their first difference. */
const sampleSchema = z.object({
  rowId: id,
  exampleId: z.string(),
  field: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

export const editPreviewSchema = z.object({
  /** Rows the target selects. */
  selected: id,
  /** Rows of them that would change. */
  rows: id,
  changes: id,
  fields: z.array(z.object({ field: z.string(), changes: id })),
  /** For short values: how many rows go from which value to which, the most frequent first. */
  transitions: z.array(
    z.object({ field: z.string(), before: z.string().nullable(), after: z.string().nullable(), rows: id }),
  ),
  /** Texts that rows outside the target share: `rows` copies them, `everywhere` changes them for those rows too. */
  sharedTexts: id,
  samples: z.array(sampleSchema),
  /** True where applying runs as a job. */
  isBulk: z.boolean(),
});
export type EditPreview = z.infer<typeof editPreviewSchema>;

/** What an edit, undo or redo did. `operationId` is null where nothing had to change. */
export const editOutcomeSchema = z.object({
  operationId: z.string().nullable(),
  title: z.string(),
  rows: id,
  changes: id,
});
export type EditOutcome = z.infer<typeof editOutcomeSchema>;

/** Done at once, or a job that will do it; its result is the outcome. */
const startedSchema = z.object({ outcome: editOutcomeSchema.nullable(), jobId: z.string().nullable() });

export const operationSchema = z.object({
  sequence: id,
  operationId: z.string(),
  /** The operation an undo or redo is about; itself for an edit. */
  rootId: z.string(),
  direction: z.enum(['edit', 'undo', 'redo']),
  datasetId: id,
  relation: relationSchema,
  kind: z.string(),
  title: z.string(),
  rows: id,
  changes: id,
  who: z.string(),
  reason: z.string().nullable(),
  doneAt: z.string(),
  /** For an edit: whether its changes are in force now. */
  isInForce: z.boolean(),
});
export type Operation = z.infer<typeof operationSchema>;

export const historyEntrySchema = z.object({
  sequence: id,
  operationId: z.string(),
  rootId: z.string(),
  direction: z.enum(['edit', 'undo', 'redo']),
  title: z.string(),
  who: z.string(),
  reason: z.string().nullable(),
  doneAt: z.string(),
  changes: z.array(
    z.object({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
  ),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

export const hiddenPageSchema = z.object({
  count: id,
  rows: z.array(
    z.object({
      id,
      exampleId: z.string(),
      reason: z.string(),
      prompt: z.string(),
      label: labelSchema.nullable(),
    }),
  ),
});
export type HiddenPage = z.infer<typeof hiddenPageSchema>;

export const snapshotSchema = z.object({
  snapshotId: id,
  datasetId: id,
  name: z.string(),
  rows: id,
  hidden: id,
  who: z.string(),
  reason: z.string().nullable(),
  createdAt: z.string(),
  /** Operations since. */
  operationsSince: id,
});
export type Snapshot = z.infer<typeof snapshotSchema>;

export const snapshotRequestSchema = z.object({
  datasetId: id,
  name: z.string().trim().min(1).max(200),
  reason,
  who,
});
export type SnapshotRequest = z.infer<typeof snapshotRequestSchema>;

export const snapshotDiffSchema = z.object({
  fields: z.array(z.object({ field: z.string(), changes: id })),
  changes: id,
  /** Rows that are only in the newer or only in the older state: imported, made, hidden or shown again. */
  rowsAdded: id,
  rowsRemoved: id,
  /**
   * Rows whose content differs though the log holds no change of them: something was changed past the log. Null where it
   * was not checked (`verify`), or cannot be because another release made the snapshot's hashes.
   */
  changedPastLog: id.nullable(),
  entries: z.array(
    z.object({
      /** A row that shows the change; null where no row shows it any more. */
      rowId: id.nullable(),
      exampleId: z.string().nullable(),
      field: z.string(),
      before: z.string().nullable(),
      after: z.string().nullable(),
    }),
  ),
});
export type SnapshotDiff = z.infer<typeof snapshotDiffSchema>;

export const datasetDiffSchema = z.object({
  by: z.enum(['texts', 'example_id']),
  /** Rows of each that have no partner in the other. */
  onlyLeft: id,
  onlyRight: id,
  both: id,
  /** Of the rows in both: how many differ in each field; a label counts from the same response's view. */
  fields: z.array(z.object({ field: z.string(), changes: id })),
  entries: z.array(
    z.object({
      leftId: id.nullable(),
      rightId: id.nullable(),
      /** `added` and `removed` for a row without a partner; its prompt is told. */
      field: z.string(),
      before: z.string().nullable(),
      after: z.string().nullable(),
    }),
  ),
});
export type DatasetDiff = z.infer<typeof datasetDiffSchema>;

export const revisionSchema = z.object({
  comparisonId: id,
  /** The response that is revised; by default the rejected one. */
  side: z.enum(['a', 'b']).optional(),
  revised: z.string().min(1).max(10_000_000),
  /** Name of the dataset the new pair goes to; made where there is none, never the source. */
  dataset: z.string().trim().min(1).max(200),
  /** Refuse a revision that changes a larger share of the tokens. */
  maxEditRatio: z.number().min(0).optional(),
  reason,
  who,
});
export type RevisionRequest = z.infer<typeof revisionSchema>;

export const revisionCheckSchema = z.object({
  original: z.string(),
  /** Token Levenshtein distance over the number of tokens of the original. */
  editRatio: z.number(),
  distance: id,
  tokens: id,
  /** Why it should not be kept: `empty`, `unchanged`, `repeats_last_sentence`, `repeats_last_word`. */
  problems: z.array(z.enum(['empty', 'unchanged', 'repeats_last_sentence', 'repeats_last_word'])),
});
export type RevisionCheck = z.infer<typeof revisionCheckSchema>;

const datasetInput = z.object({ datasetId: id });
const reverseInput = z.object({ datasetId: id, operationId: z.string().optional(), reason, who });
const limit = z.number().int().min(1).max(500).default(100);
const point = z.union([z.object({ snapshotId: id }), z.literal('now')]);

export const editingContract = {
  edit: {
    /** Counts and samples of what `apply` with the same input would do; changes nothing. */
    preview: oc
      .input(editRequestSchema.extend({ samples: z.number().int().min(0).max(100).default(20) }))
      .output(editPreviewSchema),
    apply: oc.input(editRequestSchema).output(startedSchema),
    /** The newest operation in force, or the one named. Throws EDIT_CONFLICT naming a later operation that is in the way. */
    undo: oc.input(reverseInput).output(startedSchema),
    /** The operation undone last, or the one named. */
    redo: oc.input(reverseInput).output(startedSchema),
    operations: oc
      .input(z.object({ datasetId: id, offset: z.number().int().min(0).default(0), limit }))
      .output(z.object({ count: id, operations: z.array(operationSchema) })),
    /** What undo and redo would take next. */
    next: oc.input(datasetInput).output(
      z.object({
        undo: operationSchema.nullable(),
        redo: operationSchema.nullable(),
        hidden: id,
        notes: id,
      }),
    ),
    rowHistory: oc.input(z.object({ relation: relationSchema, id })).output(z.array(historyEntrySchema)),
    /** Rows an operation changed, for a link to them. */
    rows: oc
      .input(
        z.object({ operationId: z.string(), limit: z.number().int().min(1).max(100_000).default(100_000) }),
      )
      .output(z.object({ ids: z.array(id) })),
    hidden: oc
      .input(z.object({ datasetId: id, offset: z.number().int().min(0).default(0), limit }))
      .output(hiddenPageSchema),
    note: oc
      .input(z.object({ relation: relationSchema, id }))
      .output(z.object({ text: z.string().nullable() })),
    checkRevision: oc
      .input(
        revisionSchema
          .pick({ comparisonId: true, side: true })
          .extend({ revised: z.string().max(10_000_000) }),
      )
      .output(revisionCheckSchema),
    /** Saves a revision as a new pair, the revision chosen over its original, in another dataset. */
    saveRevision: oc
      .input(revisionSchema)
      .output(z.object({ datasetId: id, comparisonId: id, check: revisionCheckSchema })),
  },
  snapshot: {
    create: oc
      .input(snapshotRequestSchema)
      .output(z.object({ snapshot: snapshotSchema.nullable(), jobId: z.string().nullable() })),
    list: oc.input(datasetInput).output(z.array(snapshotSchema)),
    diff: oc
      .input(z.object({ datasetId: id, from: point, to: point, verify: z.boolean().default(false), limit }))
      .output(snapshotDiffSchema),
    diffDatasets: oc
      .input(z.object({ left: id, right: id, by: z.enum(['texts', 'example_id']).default('texts'), limit }))
      .output(datasetDiffSchema),
    /** An operation like any other: it can be undone. */
    restore: oc.input(z.object({ datasetId: id, snapshotId: id, reason, who })).output(startedSchema),
    remove: oc.input(z.object({ snapshotId: id })).output(z.object({ removed: z.boolean() })),
  },
};
