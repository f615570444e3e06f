import { oc } from '@orpc/contract';
import { z } from 'zod';
import { figureSchema } from './constitution-depth.ts';

/** The corpora that come with Assay: people's labels of real answers, and labels that reward three known principles. */
export const sampleNameSchema = z.enum(['pandalm', 'planted']);
export type SampleName = z.infer<typeof sampleNameSchema>;

/** Steps of the first-run tour that are jobs. `reward` needs no model, the others the starter model. */
export const tourJobStepSchema = z.enum(['reward', 'principles', 'judge', 'rationale']);
export type TourJobStep = z.infer<typeof tourJobStepSchema>;

export const tourSchema = z.object({
  /** False where the installation has no sample files. */
  hasFiles: z.boolean(),
  /** Dataset ids; null for a corpus that is not in the workspace. */
  pandalm: z.number().int().nullable(),
  planted: z.number().int().nullable(),
  /** The starter model; null where it is switched off or not installed. */
  starter: z.object({ modelId: z.string(), name: z.string() }).nullable(),
  /** Imports of the two corpora and steps at work, the oldest first. */
  imports: z.array(z.object({ name: sampleNameSchema, jobId: z.string() })),
  jobs: z.array(z.object({ step: tourJobStepSchema, jobId: z.string() })),
  /** The newest surface constitution of the sample. */
  reward: z.object({ constitutionId: z.number().int(), texts: z.array(z.string()) }).nullable(),
  /** The newest constitution that the starter model's votes gave on the planted corpus, strongest first. */
  principles: z
    .object({
      constitutionId: z.number().int(),
      candidates: z.number().int(),
      found: z.array(z.object({ text: z.string(), strength: figureSchema })),
      /** Principles that the labels reward by construction and that were not found. */
      missed: z.array(z.string()),
    })
    .nullable(),
  /** The starter model's newest finished verdicts on the planted corpus; `agreement` with its labels. */
  judged: z.object({ judgeRunId: z.number().int(), agreement: figureSchema }).nullable(),
  /** The newest text the starter model wrote on a pair of the sample. */
  rationale: z.object({ comparisonId: z.number().int(), text: z.string() }).nullable(),
  /** Whether there is a model that did not come with Assay. */
  hasRealModel: z.boolean(),
});
export type Tour = z.infer<typeof tourSchema>;

export const tourContract = {
  tour: {
    /** What the tour can show and what it has led to so far, read from the workspace. */
    get: oc.output(tourSchema),
    /** Imports the corpora that are not there, each as an import of its own; names those at work. Throws IMPORT_FILE_MISSING. */
    open: oc.output(z.array(z.object({ name: sampleNameSchema, jobId: z.string() }))),
    /** Starts a step, or names its job that has not ended. Throws DATASET_MISSING, MODEL_MISSING. */
    start: oc.input(z.object({ step: tourJobStepSchema })).output(z.object({ jobId: z.string() })),
  },
};
