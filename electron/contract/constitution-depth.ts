import { z } from 'zod';

export const intervalSchema = z.tuple([z.number(), z.number()]).nullable();

/** A share with what it rests on: the number of pairs, and a 95 % interval clustered by prompt. */
export const figureSchema = z.object({
  value: z.number().nullable(),
  ci: intervalSchema,
  n: z.number().int(),
});
export type Figure = z.infer<typeof figureSchema>;

export const sliceCellSchema = z.object({
  for: z.number().int(),
  against: z.number().int(),
  n: z.number().int(),
  /** (for − against) / n within the group. */
  strength: z.number().nullable(),
  strength_ci: intervalSchema,
  /** `too_small`: a tiny group, or fewer than 20 votes. */
  status: z.enum(['ok', 'too_small', 'undefined']),
});
export type SliceCell = z.infer<typeof sliceCellSchema>;

/** Strength of every principle of a constitution in every group of a column. */
export const constitutionSlicesSchema = z.object({
  schema: z.literal('assay.constitution-slices/1'),
  constitution_id: z.number().int(),
  dataset_id: z.number().int(),
  /** The column, as audits name it: language, topic, model, annotator, annotator.ATTRIBUTE, extra.KEY … */
  column: z.string(),
  /** Whose labels count in a group: the pair's, or those of the raters in it. */
  labels: z.enum(['pair', 'rater']),
  created_at: z.string(),
  groups: z.array(
    z.object({
      value: z.string(),
      n: z.number().int(),
      prompts: z.number().int(),
      /** Fewer than 20 labels or 10 prompts: computed, but no part of the test. */
      is_tiny: z.boolean(),
      /** Held-out accuracy of the weighted vote of the whole constitution on the labels of the group. */
      accuracy: figureSchema,
    }),
  ),
  /** Groups beyond the largest ones, which are not computed. */
  groups_left_out: z.number().int(),
  principles: z.array(
    z.object({
      id: z.string(),
      text: z.string(),
      is_selected: z.boolean(),
      rank: z.number().int().nullable(),
      whole: sliceCellSchema,
      /** In the order of `groups`. */
      cells: z.array(sliceCellSchema),
      /** Largest minus smallest strength of the groups in the test. */
      spread: z.number().nullable(),
      /** Equal strength in all groups; null where fewer than two groups can be tested. */
      test: z
        .object({
          groups: z.number().int(),
          f: z.number(),
          df1: z.number(),
          df2: z.number(),
          p: z.number(),
          /** Benjamini-Hochberg over the principles of the run. */
          p_adjusted: z.number(),
        })
        .nullable(),
    }),
  ),
  remarks: z.array(z.string()),
});
export type ConstitutionSlices = z.infer<typeof constitutionSlicesSchema>;

/** The selection run again on the labels of one group alone. */
export const groupConstitutionSchema = z.object({
  schema: z.literal('assay.constitution-group/1'),
  constitution_id: z.number().int(),
  dataset_id: z.number().int(),
  column: z.string(),
  value: z.string(),
  labels: z.enum(['pair', 'rater']),
  created_at: z.string(),
  train: z.number().int(),
  test: z.number().int(),
  test_prompts: z.number().int(),
  principles: z.array(
    z.object({
      id: z.string(),
      text: z.string(),
      rank: z.number().int(),
      weight: z.number(),
      /** On all labels of the group. */
      strength: figureSchema,
      is_in_whole: z.boolean(),
    }),
  ),
  /** Principles of the whole constitution that this group's selection leaves out. */
  left_out: z.array(z.string()),
  /** Held-out accuracy on the labels of the group: its own constitution, the whole one, and the difference. */
  own: figureSchema,
  whole: figureSchema,
  gain: figureSchema,
  is_supported: z.boolean(),
  remarks: z.array(z.string()),
});
export type GroupConstitution = z.infer<typeof groupConstitutionSchema>;

/** How much of the labels a linear probe on embeddings can tell, and what share of it the constitution explains. */
export const constitutionCeilingSchema = z.object({
  schema: z.literal('assay.constitution-ceiling/1'),
  constitution_id: z.number().int(),
  dataset_id: z.number().int(),
  created_at: z.string(),
  model: z.object({ name: z.string(), hash: z.string() }),
  dimensions: z.number().int(),
  /** λ of ½·λ·‖w‖² on the summed log-likelihood, by cross-validation within the training part. */
  penalty: z.number(),
  train: z.number().int(),
  test: z.number().int(),
  test_prompts: z.number().int(),
  /** Pairs with a response that could not be embedded. */
  left_out: z.number().int(),
  probe: figureSchema,
  probe_train: z.number().nullable(),
  executors: z.array(
    z.object({
      executor: z.string(),
      auc: figureSchema,
      /** (AUC − ½) of the executor over (AUC − ½) of the probe; null where the probe finds nothing to explain. */
      share: figureSchema,
    }),
  ),
  remarks: z.array(z.string()),
});
export type ConstitutionCeiling = z.infer<typeof constitutionCeilingSchema>;

/** One direction along which embeddings of chosen and rejected responses differ. */
export const contrastFactorSchema = z.object({
  factor: z.number().int(),
  method: z.enum(['pca', 'kmeans']),
  /** Share of the squared length of all differences that lies along it (k-means: of the pairs in the cluster). */
  variance: z.number(),
  /** Share of training pairs in which the chosen response has more of it. */
  chosen_has_more: figureSchema,
  /** Pairs most along it; `more` is the side that has more of it. */
  extremes: z.array(
    z.object({ comparison_id: z.number().int(), more: z.enum(['a', 'b']), score: z.number() }),
  ),
  name: z.string().nullable(),
  fail_reason: z.string().nullable(),
  template: z.string(),
});
export type ContrastFactor = z.infer<typeof contrastFactorSchema>;
