import { oc } from '@orpc/contract';
import { z } from 'zod';
import { filterSchema } from './filter.contract.ts';

const figureSchema = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  n: z.number().int(),
});
/** A number with its 95 % interval and the items it rests on. */
export type JudgeFigure = z.infer<typeof figureSchema>;

export const orderPolicySchema = z.enum(['average', 'consistent_only', 'random_single']);

const protocolSchema = z.object({
  protocol: z.string(),
  title: z.string(),
  description: z.string(),
  section: z.string(),
  evidence: z.enum(['confirmed', 'partly', 'ours']),
  subject: z.enum(['pair', 'response']),
  /** JSON Schema of the parameters, with defaults and descriptions. */
  params: z.record(z.string(), z.unknown()),
  roles: z.array(
    z.object({ role: z.string(), title: z.string(), needs: z.array(z.string()), isMany: z.boolean() }),
  ),
  templates: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      text: z.string(),
      hash: z.string(),
      known: z.array(z.string()),
      needed: z.array(z.string()),
    }),
  ),
  outputs: z.array(z.object({ name: z.string(), type: z.string(), description: z.string() })),
});
export type ProtocolInfo = z.infer<typeof protocolSchema>;

/** Everything that decides what a run does. */
export const judgeRequestSchema = z.object({
  datasetId: z.number().int(),
  protocol: z.string(),
  params: z.record(z.string(), z.unknown()).default({}),
  /** Model ids by role; several for a role that takes many. */
  models: z.record(z.string(), z.array(z.string()).min(1)),
  /** Hashes of edited templates by name; the shipped one where absent. */
  templates: z.record(z.string(), z.string()).default({}),
  order: orderPolicySchema.default('average'),
  tieEpsilon: z.number().min(0).max(0.5).default(0.05),
  filter: filterSchema.optional(),
  /** A random sample of this size, drawn by `seed`; all items without. */
  limit: z.number().int().min(1).optional(),
  seed: z.number().int().min(0).default(1),
  /** Name of the annotator the labels are stored under; made from protocol and model without. */
  name: z.string().trim().min(1).max(120).optional(),
});
export type JudgeRequest = z.infer<typeof judgeRequestSchema>;

export const judgePlanSchema = z.object({
  items: z.number().int(),
  calls: z.number(),
  promptTokens: z.number(),
  reusedTokens: z.number(),
  generatedTokens: z.number(),
  embeddings: z.number(),
  /** Expected time, from judging `calibratedOn` items now; null without a calibration. */
  minutes: z.number().nullable(),
  calibratedOn: z.number().int(),
  warnings: z.array(z.string()),
});
export type JudgePlan = z.infer<typeof judgePlanSchema>;

export const modelRefSchema = z.object({
  role: z.string(),
  modelId: z.string(),
  name: z.string(),
  hash: z.string(),
  kind: z.enum(['gguf', 'endpoint']),
  quantisation: z.string().nullable(),
  contextSize: z.number().int(),
});

/** What a run must name to be run again with the same result. */
export const judgeRecordSchema = z.object({
  schema: z.literal('assay.judge-run/1'),
  request: judgeRequestSchema,
  models: z.array(modelRefSchema),
  templates: z.record(z.string(), z.string()),
  appVersion: z.string(),
});
export type JudgeRecord = z.infer<typeof judgeRecordSchema>;

const runSchema = z.object({
  judgeRunId: z.number().int(),
  datasetId: z.number().int(),
  annotatorId: z.number().int(),
  /** The job that works or last worked on it; null where there is none. */
  jobId: z.string().nullable(),
  name: z.string(),
  protocol: z.string(),
  subject: z.enum(['pair', 'response']),
  planned: z.number().int(),
  done: z.number().int(),
  invalid: z.number().int(),
  isFinished: z.boolean(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
  /** Agreement with the dataset's labels so far, over pairs that both decide. */
  accuracy: figureSchema,
  record: judgeRecordSchema,
});
export type JudgeRun = z.infer<typeof runSchema>;

const previewSchema = z.object({
  exampleId: z.string(),
  /** What each role is sent, as text, in the order of the calls; later calls may depend on earlier answers. */
  prompts: z.array(z.object({ template: z.string(), text: z.string() })),
  /** The protocol's answer for this row; null where no model was asked. */
  result: z.record(z.string(), z.unknown()).nullable(),
});

const rateSchema = z.object({
  label: z.string(),
  x: z.number(),
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  n: z.number().int(),
});

export const judgeReportSchema = z.object({
  schema: z.literal('assay.judge-report/1'),
  dataset: z.string(),
  datasetId: z.number().int(),
  judge: z.object({ annotatorId: z.number().int(), name: z.string(), kind: z.string() }),
  /** What the judge is compared with: the dataset's labels, or one annotator. */
  reference: z.object({ annotatorId: z.number().int().nullable(), name: z.string() }),
  items: z.object({ judged: z.number().int(), invalid: z.number().int(), compared: z.number().int() }),
  agreement: z.object({
    /** Share of equal labels where both prefer a side. */
    accuracy: figureSchema,
    /** Share of equal labels, ties counted as a third label. */
    accuracyWithTies: figureSchema,
    kappa: figureSchema,
    kappaWithTies: figureSchema,
  }),
  position: z.object({
    /** Pairs asked in both orders that kept their choice. */
    consistent: figureSchema,
    firstBiased: figureSchema,
    secondBiased: figureSchema,
    consistentAndCorrect: figureSchema,
    /** Exact two-sided p over the inconsistent pairs. */
    p: z.number().nullable(),
    /** Mean probability of the first slot minus one half. */
    meanLean: figureSchema,
  }),
  length: z.object({
    /** Pearson correlation of the preference for a with the length of a minus that of b, in characters. */
    correlation: figureSchema,
    longerWins: figureSchema,
    referenceLongerWins: figureSchema,
  }),
  /** Accuracy by the probability the judge gave its choice; empty where it gives none. */
  calibration: z.object({ bins: z.array(rateSchema), expectedError: figureSchema }),
  /** Counts by reference label, then by the judge's. */
  confusion: z.array(z.object({ reference: z.string(), judge: z.string(), count: z.number().int() })),
  slices: z.array(
    z.object({
      field: z.string(),
      value: z.string().nullable(),
      accuracy: figureSchema,
      kappa: figureSchema,
      isSmall: z.boolean(),
    }),
  ),
  warnings: z.array(z.string()),
});
export type JudgeReport = z.infer<typeof judgeReportSchema>;

export const jurySchema = z.object({
  jury: z.array(z.string()),
  size: z.number().int(),
  kappa: figureSchema,
  accuracy: figureSchema,
  tied: z.number().int(),
});
export type JuryFigure = z.infer<typeof jurySchema>;

export const featureWeightsSchema = z.object({
  schema: z.literal('assay.feature-weights/1'),
  judgeRunId: z.number().int(),
  /** The features predict the labels perfectly: only the ridge keeps the weights finite, and they have no interval. */
  isSeparated: z.boolean(),
  /** Change in log-odds of being chosen per unit of the feature; 95 % intervals clustered by prompt. */
  features: z.array(z.object({ name: z.string(), weight: figureSchema })),
  /** Share of pairs of other prompts whose label the weights give, with Wilson’s interval. */
  heldOut: figureSchema,
  trained: z.number().int(),
  tested: z.number().int(),
  trainedPrompts: z.number().int(),
  /** Labelled pairs with a missing feature. */
  leftOut: z.number().int(),
  /** Accuracy on the same held-out pairs by the pairs fitted on. */
  curve: z.array(z.object({ pairs: z.number().int(), accuracy: figureSchema })),
});
export type FeatureWeights = z.infer<typeof featureWeightsSchema>;

const raterSchema = z.object({
  annotatorId: z.number().int(),
  name: z.string(),
  kind: z.string(),
  votes: z.number().int(),
  judgeRunId: z.number().int().nullable(),
});
export type RaterInfo = z.infer<typeof raterSchema>;

export const verdictImportSchema = z.object({
  datasetId: z.number().int(),
  /** A JSON, JSONL, CSV or Parquet file. */
  file: z.string().min(1),
  /** Name of the judge. */
  name: z.string().trim().min(1).max(120),
  /** Holds the example id of the pair. */
  idColumn: z.string().min(1),
  /** Holds a word for a, b, a tie, or both bad: `1`, `2`, `A`, `B`, `tie`, `output_1` … */
  verdictColumn: z.string().min(1),
  rationaleColumn: z.string().min(1).optional(),
  /** Says which response was shown first, in the same words. */
  firstColumn: z.string().min(1).optional(),
});
export type VerdictImport = z.infer<typeof verdictImportSchema>;

export const verdictSummarySchema = z.object({
  annotatorId: z.number().int(),
  /** rows = imported + unmatched. */
  rows: z.number().int(),
  imported: z.number().int(),
  /** Imported rows whose word is no verdict. */
  unreadable: z.number().int(),
  unmatched: z.number().int(),
  unknownIds: z.array(z.string()),
  unknownWords: z.array(z.string()),
});
export type VerdictSummary = z.infer<typeof verdictSummarySchema>;

const runRef = z.object({ judgeRunId: z.number().int() });
const templateVersion = z.object({
  hash: z.string(),
  name: z.string(),
  title: z.string(),
  text: z.string(),
  createdAt: z.string(),
});

export const judgingContract = {
  judge: {
    protocols: oc.output(z.array(protocolSchema)),
    /** Counts and cost before anything is started; with `calibrate` a few items are judged to time them. */
    plan: oc
      .input(judgeRequestSchema.extend({ calibrate: z.boolean().default(false) }))
      .output(judgePlanSchema),
    start: oc.input(judgeRequestSchema).output(runRef.extend({ jobId: z.string() })),
    /** Goes on with a run that was cancelled or failed; what is judged stays judged. */
    resume: oc.input(runRef).output(z.object({ jobId: z.string() })),
    remove: oc.input(runRef).output(z.object({ removed: z.boolean() })),
    runs: oc.input(z.object({ datasetId: z.number().int() })).output(z.array(runSchema)),
    run: oc.input(runRef).output(runSchema),
    /** Weights of a run’s domain features, fitted on the labels of the dataset. */
    featureWeights: oc
      .input(
        runRef.extend({
          trainShare: z.number().min(0.1).max(0.95).default(0.8),
          seed: z.number().int().min(0).default(1),
        }),
      )
      .output(featureWeightsSchema),
    /** One row through a protocol, with the prompts as the model reads them; nothing is stored. */
    preview: oc
      .input(
        judgeRequestSchema.extend({
          itemId: z.number().int().optional(),
          ask: z.boolean().default(false),
          /** Templates that are not saved, by name, instead of the versions the request names. */
          texts: z.record(z.string(), z.string().max(100_000)).default({}),
        }),
      )
      .output(previewSchema),
    templates: oc.input(z.object({ protocol: z.string() })).output(z.array(templateVersion)),
    saveTemplate: oc
      .input(
        z.object({
          protocol: z.string(),
          name: z.string(),
          title: z.string().trim().min(1).max(120),
          text: z.string().min(1).max(100_000),
        }),
      )
      .output(templateVersion),
    /** Annotators of a dataset that gave labels: judges, imported verdicts, people. */
    raters: oc.input(z.object({ datasetId: z.number().int() })).output(z.array(raterSchema)),
    /** Another judge's verdicts on pairs that are here already. */
    importVerdicts: oc.input(verdictImportSchema).output(verdictSummarySchema),
    report: oc
      .input(
        z.object({
          datasetId: z.number().int(),
          annotatorId: z.number().int(),
          referenceId: z.number().int().nullable().default(null),
        }),
      )
      .output(judgeReportSchema),
    /** Every jury of at least two of the given judges, by the majority of their labels, against the reference. */
    juries: oc
      .input(
        z.object({
          datasetId: z.number().int(),
          annotatorIds: z.array(z.number().int()).min(2).max(8),
          referenceId: z.number().int().nullable().default(null),
          tiePolicy: z.enum(['tie', 'non_tie_wins']).default('tie'),
          seed: z.number().int().min(0).default(1),
        }),
      )
      .output(z.array(jurySchema)),
  },
};
