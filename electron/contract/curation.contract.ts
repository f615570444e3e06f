import { oc } from '@orpc/contract';
import { z } from 'zod';

export const stepFamilySchema = z.enum(['remove', 'build', 'mine', 'weigh', 'order', 'split', 'label']);
export type StepFamily = z.infer<typeof stepFamilySchema>;

/** A figure of a step with its 95 % interval where it is an estimate, and the items it rests on. */
export const stepFigureSchema = z.object({
  name: z.string(),
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  n: z.number().int(),
});
export type StepFigure = z.infer<typeof stepFigureSchema>;

export const recipeStepSchema = z.strictObject({
  step: z.string().min(1).max(80),
  enabled: z.boolean().default(true),
  /** Checked by the step's own schema. */
  params: z.record(z.string(), z.unknown()).default({}),
});
export type RecipeStep = z.infer<typeof recipeStepSchema>;

export const curationSpecSchema = z.object({
  /** The dataset that is read; never changed. */
  datasetId: z.number().int(),
  /** Name of the new dataset; a number is added where there is one already. */
  name: z.string().trim().min(1).max(200),
  seed: z.number().int().min(0).max(4_294_967_295).default(1),
  steps: z.array(recipeStepSchema).min(1).max(60),
});
export type CurationSpec = z.infer<typeof curationSpecSchema>;

const reasonSchema = z.object({ reason: z.string(), count: z.number().int() });

export const stepReportSchema = z.object({
  /** Place in the recipe, from 0; steps that are switched off are not run and have no report. */
  index: z.number().int(),
  step: z.string(),
  title: z.string(),
  /** Pairs before and after; out = in + added − dropped. */
  in: z.number().int(),
  out: z.number().int(),
  dropped: z.number().int(),
  added: z.number().int(),
  /** Pairs that stay with another label, weight, soft label, margin, place, stage, split, route or text. */
  changed: z.number().int(),
  droppedWhy: z.array(reasonSchema),
  addedWhy: z.array(reasonSchema),
  changedWhy: z.array(reasonSchema),
  figures: z.array(stepFigureSchema),
  notes: z.array(z.string()),
  ms: z.number(),
});
export type StepReport = z.infer<typeof stepReportSchema>;

export const curationOutcomeSchema = z.object({
  /** Pairs of the source dataset. */
  source: z.number().int(),
  steps: z.array(stepReportSchema),
  pairs: z.number().int(),
  /** (Σw)² / Σw² of the weights. */
  effectiveSize: z.number(),
  splits: z.array(z.object({ split: z.string(), pairs: z.number().int() })),
  /** MD5 over all pairs and what was decided of them, in their order: equal for equal results in any workspace. */
  manifest: z.string(),
});
export type CurationOutcome = z.infer<typeof curationOutcomeSchema>;

const sampleRowSchema = z.object({
  comparisonId: z.number().int().nullable(),
  fate: z.enum(['kept', 'changed', 'added', 'dropped']),
  why: z.string().nullable(),
  /** Beginnings of the texts. */
  prompt: z.string(),
  chosen: z.string(),
  rejected: z.string(),
  label: z.string().nullable(),
  weight: z.number(),
  softLabel: z.number().nullable(),
  margin: z.number().nullable(),
  place: z.number().int().nullable(),
  stage: z.number().int().nullable(),
  split: z.string().nullable(),
  route: z.string().nullable(),
});
export type CurationSample = z.infer<typeof sampleRowSchema>;

const stepInfoSchema = z.object({
  step: z.string(),
  family: stepFamilySchema,
  title: z.string(),
  description: z.string(),
  source: z.string().nullable(),
  unconfirmed: z.string().nullable(),
  /** JSON Schema of the parameters, with defaults and descriptions. */
  params: z.record(z.string(), z.unknown()),
});
export type StepInfo = z.infer<typeof stepInfoSchema>;

/** A saved list of steps. */
const savedRecipeSchema = z.object({
  recipeId: z.number().int(),
  name: z.string(),
  seed: z.number().int(),
  steps: z.array(recipeStepSchema),
  changedAt: z.string(),
});
export type SavedRecipe = z.infer<typeof savedRecipeSchema>;

const curationRunSchema = z.object({
  curationRunId: z.number().int(),
  datasetId: z.number().int(),
  dataset: z.string(),
  sourceDatasetId: z.number().int(),
  source: z.string().nullable(),
  seed: z.number().int(),
  recipeHash: z.string(),
  steps: z.array(recipeStepSchema),
  outcome: curationOutcomeSchema,
  createdAt: z.string(),
});
export type CurationRun = z.infer<typeof curationRunSchema>;

export const curationContract = {
  curation: {
    /** The catalogue of steps. */
    steps: oc.output(z.array(stepInfoSchema)),
    /** Counts of every step and rows of one, without writing anything. */
    preview: oc
      .input(
        curationSpecSchema.omit({ name: true }).extend({
          /** Place of the step whose rows are wanted; the last that is run without. */
          at: z.number().int().min(0).optional(),
          /** Which rows of it; those it touched first without. */
          fate: z.enum(['kept', 'changed', 'added', 'dropped']).optional(),
          rows: z.number().int().min(0).max(50).default(12),
        }),
      )
      .output(z.object({ outcome: curationOutcomeSchema, rows: z.array(sampleRowSchema) })),
    /** Makes the new dataset (a job). */
    start: oc.input(curationSpecSchema).output(z.object({ jobId: z.string() })),
    runs: oc.output(z.array(curationRunSchema)),
    recipes: oc.output(z.array(savedRecipeSchema)),
    /** Keeps a list of steps under its name; one of the same name is replaced. */
    saveRecipe: oc
      .input(savedRecipeSchema.omit({ recipeId: true, changedAt: true }))
      .output(z.object({ recipeId: z.number().int() })),
    removeRecipe: oc
      .input(z.object({ recipeId: z.number().int() }))
      .output(z.object({ removed: z.boolean() })),
    /** The steps as a recipe file. */
    toYaml: oc
      .input(
        z.object({
          dataset: z.string(),
          name: z.string(),
          seed: z.number().int(),
          steps: z.array(recipeStepSchema),
        }),
      )
      .output(z.object({ text: z.string() })),
    /** The steps of a recipe file; throws RECIPE_INVALID with line and key. */
    fromYaml: oc
      .input(z.object({ text: z.string().max(1_000_000) }))
      .output(
        z.object({ name: z.string().nullable(), seed: z.number().int(), steps: z.array(recipeStepSchema) }),
      ),
  },
};
