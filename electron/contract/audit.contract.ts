import { oc } from '@orpc/contract';
import { z } from 'zod';
import { filterSchema } from './filter.contract.ts';

export const auditFamilySchema = z.enum([
  'surface',
  'raters',
  'rankings',
  'noise',
  'fairness',
  'selection',
  'documentation',
]);
export type AuditFamily = z.infer<typeof auditFamilySchema>;

/** One figure of an audit; never shown without `n_items` and its interval. */
export const auditFigureSchema = z.object({
  audit: z.string(),
  metric: z.string(),
  title: z.string(),
  slice_dim: z.string().nullable(),
  slice_value: z.string().nullable(),
  value: z.number().nullable(),
  ci_lo: z.number().nullable(),
  ci_hi: z.number().nullable(),
  p: z.number().nullable(),
  p_adj: z.number().nullable(),
  n_items: z.number().int(),
  n_clusters: z.number().int().nullable(),
  status: z.enum(['ok', 'too_small', 'undefined']),
  /** The value that means "no effect", for drawing. */
  neutral: z.number().nullable(),
});
export type AuditFigure = z.infer<typeof auditFigureSchema>;

/** How to open the rows behind a finding: a filter, or a set of row ids stored with the run; or both. */
export const findingRowsSchema = z.object({
  relation: z.enum(['pairs', 'responses']),
  filter: filterSchema.nullable(),
  /** Name of the stored set, for `audit.rows`. */
  set: z.string().nullable(),
  /** How many rows there are; a stored set holds 100,000 at most. Null where only the filter can tell. */
  count: z.number().int().nullable(),
});
export type FindingRows = z.infer<typeof findingRowsSchema>;

const severitySchema = z.enum(['none', 'notice', 'warning']);

export const findingSchema = z.object({
  /** Unique within its audit. */
  id: z.string(),
  /** One sentence with the number, its interval and n. */
  sentence: z.string(),
  severity: severitySchema,
  /** The figure it rests on. */
  figure: auditFigureSchema.nullable(),
  /** Size on the common scale 0..1: twice the distance of a win probability from one half, or what equals it. */
  effect: z.number().nullable(),
  /** The effect at the end of the interval that lies nearest to "no effect"; 0 where the interval covers it. */
  effect_low: z.number().nullable(),
  /** `clear`: survives the adjustment over all findings of the run. `descriptive`: a count, nothing was tested. */
  certainty: z.enum(['clear', 'unclear', 'too_few', 'descriptive']),
  /** Id of the series that draws it. */
  series: z.string().nullable(),
  rows: findingRowsSchema.nullable(),
});
export type Finding = z.infer<typeof findingSchema>;

const seriesSchema = z.object({
  id: z.string(),
  title: z.string(),
  x_title: z.string(),
  y_title: z.string(),
  points: z.array(
    z.object({
      label: z.string(),
      x: z.number(),
      y: z.number().nullable(),
      ci_lo: z.number().nullable(),
      ci_hi: z.number().nullable(),
      n: z.number().int(),
    }),
  ),
});

const tableSchema = z.object({
  id: z.string(),
  title: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))),
});
export type AuditTable = z.infer<typeof tableSchema>;

export const proposalKindSchema = z.enum(['flip', 'drop', 'weight', 'soft_label']);
export type ProposalKind = z.infer<typeof proposalKindSchema>;

const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);

export const auditRoleSchema = z.enum(['judge', 'embedder', 'scorer']);

/** A model that played a role in an audit. */
const auditModelSchema = z.object({ role: auditRoleSchema, name: z.string(), hash: z.string() });

export const auditResultSchema = z.object({
  audit: z.string(),
  family: auditFamilySchema.default('surface'),
  title: z.string(),
  is_applicable: z.boolean(),
  /** Why not, naming the missing column; or null. */
  reason: z.string().nullable(),
  /** What stopped an audit that should have run: a bug, told instead of losing the others. */
  failure: z.string().nullable().default(null),
  /** The sentences of the findings. */
  finding: z.string(),
  /** The gravest of the findings. */
  severity: severitySchema,
  findings: z.array(findingSchema).default([]),
  figures: z.array(auditFigureSchema),
  /** Points of the curve the audit draws, e.g. chosen rate by length-difference decile. */
  series: z.array(seriesSchema),
  tables: z.array(tableSchema).default([]),
  /** Proposals it stored for review, by kind. */
  proposals: z.array(z.object({ kind: proposalKindSchema, count: z.number().int() })).default([]),
  params: z.record(z.string(), scalarSchema),
  /** The models that answered, by role; empty for an audit that asks none. */
  models: z.array(auditModelSchema).default([]),
  milliseconds: z.number().default(0),
});
export type AuditResult = z.infer<typeof auditResultSchema>;

export const auditDocumentSchema = z.object({
  schema: z.literal('assay.audit/1'),
  audit_run_id: z.number().int().nullable().default(null),
  dataset: z.string(),
  dataset_id: z.number().int(),
  /** Changes with the rows and with every edit of them. */
  dataset_version: z.string().default(''),
  created_at: z.string(),
  seed: z.number().int(),
  /** The column the pairs were sliced by. */
  slice: z.string().nullable().default(null),
  /** The annotator whose votes stood for the label. */
  judge: z.string().nullable().default(null),
  /** The audits asked for; null = all. */
  only: z.array(z.string()).nullable().default(null),
  audits: z.array(auditResultSchema),
});
export type AuditDocument = z.infer<typeof auditDocumentSchema>;

const auditRunSchema = z.object({
  auditRunId: z.number().int(),
  datasetId: z.number().int(),
  dataset: z.string(),
  createdAt: z.string(),
  datasetVersion: z.string(),
  seed: z.number().int(),
  slice: z.string().nullable(),
  judge: z.string().nullable(),
  only: z.array(z.string()).nullable(),
});
export type AuditRun = z.infer<typeof auditRunSchema>;

export const proposalStatusSchema = z.enum(['open', 'accepted', 'dismissed']);
export type ProposalStatus = z.infer<typeof proposalStatusSchema>;

const proposalSchema = z.object({
  proposalId: z.number().int(),
  auditRunId: z.number().int(),
  audit: z.string(),
  comparisonId: z.number().int(),
  kind: proposalKindSchema,
  before: z.string().nullable(),
  after: z.string().nullable(),
  reason: z.string(),
  score: z.number().nullable(),
  status: proposalStatusSchema,
  prompt: z.string(),
});
export type Proposal = z.infer<typeof proposalSchema>;

/** Which proposals: all of a dataset, narrowed by what is given. */
const proposalChoice = {
  datasetId: z.number().int(),
  status: proposalStatusSchema.optional(),
  audit: z.string().optional(),
  kind: proposalKindSchema.optional(),
};

export const auditModelsSchema = z.partialRecord(auditRoleSchema, z.string().min(1));
export type AuditModels = z.infer<typeof auditModelsSchema>;

/** What the questions of model audits will cost. Tokens at four characters each, without what is shared between calls. */
const auditPlanSchema = z.object({
  audits: z.array(
    z.object({
      audit: z.string(),
      title: z.string(),
      calls: z.number().int(),
      /** Of these, answered in earlier runs: not asked again. */
      answered: z.number().int(),
      promptTokens: z.number().int(),
      generatedTokens: z.number().int(),
      /** Whether more questions follow that depend on the answers. */
      hasMore: z.boolean(),
    }),
  ),
  calls: z.number().int(),
  answered: z.number().int(),
  promptTokens: z.number().int(),
  generatedTokens: z.number().int(),
  /** From the benchmarks of the models; null where one was not measured. */
  minutes: z.number().nullable(),
});
export type AuditPlan = z.infer<typeof auditPlanSchema>;

export const auditSpecSchema = z.object({
  datasetId: z.number().int(),
  only: z.array(z.string()).optional(),
  seed: z.number().int().min(0).default(1),
  /** A column to slice by: one of `audit.choices`. */
  slice: z.string().optional(),
  /** Name of an annotator whose overall votes stand for the label. */
  judge: z.string().optional(),
  /** Models that audits may ask, by role: ids or names. */
  models: auditModelsSchema.optional(),
  /** Parameters of single audits, by audit id; what is left out keeps its default. */
  params: z.record(z.string(), z.record(z.string(), scalarSchema)).optional(),
});
export type AuditSpec = z.output<typeof auditSpecSchema>;

export const auditContract = {
  audit: {
    list: oc.output(
      z.array(
        z.object({
          audit: z.string(),
          family: auditFamilySchema,
          title: z.string(),
          description: z.string(),
          defaults: z.record(z.string(), scalarSchema),
          /** Models it needs. */
          models: z.array(auditRoleSchema),
        }),
      ),
    ),
    /** What the model audits of a run would ask, before it is started. */
    plan: oc.input(auditSpecSchema).output(auditPlanSchema),
    start: oc.input(auditSpecSchema).output(z.object({ jobId: z.string() })),
    /** The newest finished run of all audits of a dataset; without one, the newest run of some. */
    latest: oc
      .input(z.object({ datasetId: z.number().int() }))
      .output(z.object({ document: auditDocumentSchema.nullable() })),
    get: oc.input(z.object({ auditRunId: z.number().int() })).output(auditDocumentSchema),
    /** Finished runs of one or all datasets, the newest first. */
    runs: oc.input(z.object({ datasetId: z.number().int().optional() })).output(z.array(auditRunSchema)),
    /** What the pairs of a dataset can be sliced by, and the judges whose votes can stand for the label. */
    choices: oc.input(z.object({ datasetId: z.number().int() })).output(
      z.object({
        slices: z.array(z.object({ slice: z.string(), values: z.number().int() })),
        judges: z.array(z.object({ judge: z.string(), votes: z.number().int() })),
      }),
    ),
    /** The ids of a stored set, in its own order; 100,000 at most. */
    rows: oc
      .input(z.object({ auditRunId: z.number().int(), set: z.string() }))
      .output(z.object({ relation: z.enum(['pairs', 'responses']), ids: z.array(z.number().int()) })),
    proposals: oc
      .input(
        z.object({
          ...proposalChoice,
          offset: z.number().int().min(0).default(0),
          limit: z.number().int().min(1).max(500).default(100),
        }),
      )
      .output(
        z.object({
          total: z.number().int(),
          counts: z.array(
            z.object({
              audit: z.string(),
              kind: proposalKindSchema,
              status: proposalStatusSchema,
              count: z.number().int(),
            }),
          ),
          proposals: z.array(proposalSchema),
        }),
      ),
    /** Accepts, dismisses or opens again the named proposals, or without names all of the choice; answers how many. */
    decide: oc
      .input(
        z.object({
          ...proposalChoice,
          proposalIds: z.array(z.number().int()).max(100_000).optional(),
          decision: proposalStatusSchema,
        }),
      )
      .output(z.object({ changed: z.number().int() })),
  },
};
