import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { filterSchema } from './filter.contract.ts';
import { judgePlanSchema, modelRefSchema } from './judging.contract.ts';

/** `general`: why the chosen response is better; `specific`: by quoted passages. */
export const rationaleKindSchema = z.enum(['general', 'specific']);
export type RationaleKind = z.infer<typeof rationaleKindSchema>;

/** What can be wrong with a rationale; the rules are in the method notes. */
export const rationaleFindingSchema = z.enum([
  'no_winner',
  'contradicts_label',
  'only_length',
  'absent_quote',
  'too_short',
  'too_long',
  'copies_response',
  'cut_off',
  /** Not in English: the rules about the winner and length were not applied. */
  'other_language',
]);
export type RationaleFinding = z.infer<typeof rationaleFindingSchema>;

const figureSchema = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  n: z.number().int(),
});

const writing = {
  kind: rationaleKindSchema.default('general'),
  modelId: z.string().min(1),
  /** Hash of an edited template; the shipped one where absent. */
  template: z.string().optional(),
  seed: z.number().int().min(0).default(1),
  maxTokens: z.number().int().min(16).max(2_000).default(200),
  temperature: z.number().min(0).max(2).default(0),
};

/** Everything that decides what a run does: `write` makes rationales, `check` lets a blind judge recover the label from them. */
export const rationaleRequestSchema = z.object({
  ...writing,
  datasetId: z.number().int(),
  task: z.enum(['write', 'check']).default('write'),
  /** For `check`: whose rationales; null: of each pair the first that was written or imported. */
  annotatorId: z.number().int().nullable().default(null),
  filter: filterSchema.optional(),
  /** A random sample of this size, drawn by `seed`; all labelled pairs without. */
  limit: z.number().int().min(1).optional(),
  name: z.string().trim().min(1).max(120).optional(),
});
export type RationaleRequest = z.infer<typeof rationaleRequestSchema>;

/** What a run must name to be run again with the same result. */
export const rationaleRecordSchema = z.object({
  schema: z.literal('assay.rationale-run/1'),
  request: rationaleRequestSchema,
  model: modelRefSchema.omit({ role: true }),
  templates: z.record(z.string(), z.string()),
  lintRules: z.string(),
  appVersion: z.string(),
});
export type RationaleRecord = z.infer<typeof rationaleRecordSchema>;

const runSchema = z.object({
  rationaleRunId: z.number().int(),
  datasetId: z.number().int(),
  annotatorId: z.number().int().nullable(),
  /** The job that works or last worked on it; null for one kept from the detail view. */
  jobId: z.string().nullable(),
  name: z.string(),
  task: z.enum(['write', 'check']),
  kind: rationaleKindSchema.nullable(),
  /** True for rationales that were kept one by one from the detail view. */
  isKept: z.boolean(),
  planned: z.number().int(),
  done: z.number().int(),
  /** Items without a usable answer. */
  invalid: z.number().int(),
  isFinished: z.boolean(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
  /** Share of prompts that showed the chosen response first; null for a check. */
  chosenFirst: figureSchema.nullable(),
  record: rationaleRecordSchema,
});
export type RationaleRun = z.infer<typeof runSchema>;

const recoverySchema = z.object({
  /** Mean score over checked pairs: 1 = the label is recovered, 0.5 = the judge is undecided, 0 = the other side. */
  accuracy: figureSchema,
  undecided: z.number().int(),
  invalid: z.number().int(),
  /** Pairs whose two orders lead to the same side. */
  consistent: figureSchema,
});

export const sufficiencyReportSchema = z.object({
  schema: z.literal('assay.rationale-sufficiency/1'),
  run: runSchema,
  /** The pair’s own rationale. */
  own: recoverySchema,
  /** The rationale of another pair, by a seeded derangement. */
  shuffled: recoverySchema,
  /** own − shuffled over pairs with both, intervals over prompts. */
  difference: figureSchema,
  prompts: z.number().int(),
  warnings: z.array(z.string()),
});
export type SufficiencyReport = z.infer<typeof sufficiencyReportSchema>;

const sourceSchema = z.object({
  annotatorId: z.number().int(),
  name: z.string(),
  annotatorKind: z.string(),
  /** `judge`: a judge’s reasons for its own verdict; `imported` where no run of ours wrote them. */
  kind: z.enum(['general', 'specific', 'judge', 'imported']),
  rationales: z.number().int(),
  linted: z.number().int(),
  /** Of these, not in English: the rules about winner and length were not applied to them, so they are not in `clean`. */
  unchecked: z.number().int(),
  languages: z.array(z.object({ language: z.string(), n: z.number().int() })),
  clean: figureSchema,
  findings: z.array(z.object({ finding: rationaleFindingSchema, share: figureSchema })),
});
export type RationaleSource = z.infer<typeof sourceSchema>;

export const lintSummarySchema = z.object({
  schema: z.literal('assay.rationale-lint/1'),
  rules: z.string(),
  /** Rationales on pairs, and those among them that the current rules have read. */
  rationales: z.number().int(),
  linted: z.number().int(),
  sources: z.array(sourceSchema),
});
export type LintSummary = z.infer<typeof lintSummarySchema>;

export const rowRationaleSchema = z.object({
  annotator: z.object({ annotatorId: z.number().int(), name: z.string(), kind: z.string() }),
  kind: z.enum(['general', 'specific', 'judge', 'imported']),
  aspect: z.string().nullable(),
  text: z.string(),
  /** Which response the text calls the first; null where it is not known (then a). */
  shownFirst: z.enum(['a', 'b']).nullable(),
  model: z.object({ name: z.string(), hash: z.string() }).nullable(),
  /** Null where the rules have not read it yet. */
  findings: z.array(rationaleFindingSchema).nullable(),
  supports: z.boolean().nullable(),
  rationaleRunId: z.number().int().nullable(),
});
export type RowRationale = z.infer<typeof rowRationaleSchema>;

/** What a model wrote for one pair on request, with all a record needs; nothing of it is stored until it is kept. */
export const rationaleDraftSchema = z.object({
  ...writing,
  datasetId: z.number().int(),
  comparisonId: z.number().int(),
  text: z.string().min(1).nullable(),
  failReason: z.string().nullable(),
  winner: z.enum(['a', 'b']),
  shownFirst: z.enum(['a', 'b']),
  findings: z.array(rationaleFindingSchema),
  calls: z.number().int(),
  invalidCalls: z.number().int(),
  isCut: z.boolean(),
  isTruncated: z.boolean(),
  use: z.object({ prompt: z.number(), reused: z.number(), generated: z.number() }),
  ms: z.number(),
});
export type RationaleDraft = z.infer<typeof rationaleDraftSchema>;

export const writingEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), shownFirst: z.enum(['a', 'b']), model: z.string() }),
  z.object({ type: z.literal('text'), delta: z.string() }),
  /** What was written so far is not usable; the text begins anew. */
  z.object({ type: z.literal('again'), reason: z.string() }),
  z.object({ type: z.literal('done'), draft: rationaleDraftSchema }),
]);
export type WritingEvent = z.infer<typeof writingEventSchema>;

const templateSchema = z.object({
  name: z.enum(['general', 'specific', 'check']),
  title: z.string(),
  text: z.string(),
  hash: z.string(),
  isShipped: z.boolean(),
  createdAt: z.string().nullable(),
});
export type RationaleTemplate = z.infer<typeof templateSchema>;

const runRef = z.object({ rationaleRunId: z.number().int() });
const datasetRef = z.object({ datasetId: z.number().int() });

export const rationaleContract = {
  rationale: {
    plan: oc
      .input(rationaleRequestSchema.extend({ calibrate: z.boolean().default(false) }))
      .output(judgePlanSchema),
    start: oc.input(rationaleRequestSchema).output(runRef.extend({ jobId: z.string() })),
    /** Goes on with a run that was cancelled or failed; what is written stays. */
    resume: oc.input(runRef).output(z.object({ jobId: z.string() })),
    remove: oc.input(runRef).output(z.object({ removed: z.boolean() })),
    runs: oc.input(datasetRef).output(z.array(runSchema)),
    /** One prompt as the model would read it, for a pair or the first of the rows; nothing is asked. */
    preview: oc
      .input(rationaleRequestSchema.extend({ comparisonId: z.number().int().optional() }))
      .output(z.object({ exampleId: z.string(), comparisonId: z.number().int(), text: z.string() })),
    templates: oc.output(z.array(templateSchema)),
    saveTemplate: oc
      .input(
        z.object({
          name: z.enum(['general', 'specific', 'check']),
          title: z.string().trim().min(1).max(120),
          text: z.string().min(1).max(100_000),
        }),
      )
      .output(templateSchema),
    /** What the lint has found so far, by who wrote. */
    lint: oc.input(datasetRef).output(lintSummarySchema),
    /** Reads every rationale that the current rules have not read. */
    startLint: oc.input(datasetRef).output(z.object({ jobId: z.string() })),
    report: oc.input(runRef).output(sufficiencyReportSchema),
    /** Rationales on a pair, imported and written. */
    ofRow: oc.input(z.object({ comparisonId: z.number().int() })).output(z.array(rowRationaleSchema)),
    /** Writes a rationale for one pair, token by token; ending the iterator cancels it. */
    write: oc
      .input(z.object({ ...writing, comparisonId: z.number().int() }))
      .output(eventIterator(writingEventSchema)),
    keep: oc.input(rationaleDraftSchema).output(runRef),
  },
};
