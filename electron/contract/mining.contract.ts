import { oc } from '@orpc/contract';
import { z } from 'zod';
import { curationSpecSchema } from './curation.contract.ts';

const stepPlanSchema = z.object({
  /** Place in the recipe. */
  index: z.number().int(),
  step: z.string(),
  title: z.string(),
  models: z.array(z.string()),
  /** User turns or prompts the step asks about, and those answered already. */
  items: z.number().int(),
  answered: z.number().int(),
  /** At most; a user turn without dissatisfaction takes one call. */
  calls: z.number().int(),
  promptTokens: z.number().int(),
  generatedTokens: z.number().int(),
});

export const miningPlanSchema = z.object({
  /** Steps of the recipe that ask models; none where no step names a model. */
  steps: z.array(stepPlanSchema),
  calls: z.number().int(),
  promptTokens: z.number().int(),
  generatedTokens: z.number().int(),
  /** By the writer’s benchmark; null where it has none. */
  minutes: z.number().nullable(),
});
export type MiningPlan = z.infer<typeof miningPlanSchema>;

const figureSchema = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  n: z.number().int(),
});

export const degreeReportSchema = z.object({
  /** Mean over originals of the Spearman correlation between the true order and the judge’s; 1 = every order right. */
  degreeSpearman: figureSchema,
  /** Share of pairs of neighbouring degrees in which the better one won. */
  adjacentAccuracy: figureSchema,
});
export type DegreeReport = z.infer<typeof degreeReportSchema>;

/** A recipe, and whether the dataset is made once everything has been asked; without, the preview shows what comes of it. */
export const mineSpecSchema = curationSpecSchema.extend({ makesDataset: z.boolean().default(true) });
export type MineSpec = z.infer<typeof mineSpecSchema>;

export const miningContract = {
  mining: {
    /** What the steps of a recipe would ask of models; nothing is asked. */
    plan: oc.input(curationSpecSchema.omit({ name: true })).output(miningPlanSchema),
    /** Asks what has no answer yet, then makes the new dataset (a job). */
    start: oc.input(mineSpecSchema).output(z.object({ jobId: z.string() })),
    /** How well a judge run has ordered responses that were made worse by degrees. */
    degrees: oc.input(z.object({ judgeRunId: z.number().int() })).output(degreeReportSchema),
  },
};
