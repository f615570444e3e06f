import { oc } from '@orpc/contract';
import { z } from 'zod';

const interval = z.tuple([z.number(), z.number()]).nullable();

/** A share with what it rests on: the number of pairs, and a 95 % interval clustered by prompt. */
const figureSchema = z.object({ value: z.number().nullable(), ci: interval, n: z.number().int() });
export type Figure = z.infer<typeof figureSchema>;

/**
 * One principle tested on the labels of a dataset; formulas in docs/methods/principle-metrics.md.
 * `for`, `against` and `not_applicable` count labelled pairs (ties left out) and add up to `n`.
 */
export const principleResultSchema = z.object({
  id: z.string(),
  text: z.string(),
  family: z.string(),
  for: z.number().int(),
  against: z.number().int(),
  not_applicable: z.number().int(),
  n: z.number().int(),
  agreement: z.number().nullable(),
  relevance: z.number().nullable(),
  accuracy: z.number().nullable(),
  /** 2·(accuracy − ½): chance fixed at one half. */
  kappa_adjusted: z.number().nullable(),
  /** Cohen's kappa from the 2×2 table of sides; null where the source records no sides. */
  kappa_cohen: z.number().nullable(),
  /** (for − against) / n, −1..1. */
  strength: z.number().nullable(),
  strength_ci: interval,
  /** The same among pairs matched on length; see `length_control`. */
  strength_length_controlled: z.number().nullable(),
  strength_length_controlled_ci: interval,
  p: z.number().nullable(),
  p_adjusted: z.number().nullable(),
  /** Strength on the held-out prompts alone. */
  strength_test: z.number().nullable(),
  strength_test_ci: interval,
  status: z.enum(['ok', 'too_small', 'undefined']),
  is_selected: z.boolean(),
  /** 1-based place in the constitution, and its weight in the weighted vote (log-odds), where selected. */
  rank: z.number().int().nullable(),
  weight: z.number().nullable(),
});
export type PrincipleResult = z.infer<typeof principleResultSchema>;

export const constitutionDocumentSchema = z.object({
  schema: z.literal('assay.constitution/1'),
  executor: z.literal('surface'),
  dataset: z.string(),
  dataset_id: z.number().int(),
  created_at: z.string(),
  seed: z.number().int(),
  top: z.number().int(),
  /** Pairs with a label a or b; ties and unlabelled pairs are counted apart and not used. */
  pairs: z.object({
    total: z.number().int(),
    labelled: z.number().int(),
    ties: z.number().int(),
    unlabelled: z.number().int(),
    prompts: z.number().int(),
  }),
  length_control: z.string(),
  principles: z.array(principleResultSchema),
  /** The selected principles in order, as plain texts. */
  constitution: z.array(z.string()),
  reconstruction: z.object({
    /** Pairs the principles were selected and fitted on, and held-out pairs; no prompt is in both. */
    train: z.number().int(),
    test: z.number().int(),
    train_prompts: z.number().int(),
    test_prompts: z.number().int(),
    /** Held-out accuracy; a vote that abstains or ties counts one half. */
    baseline_longer: z.number().nullable(),
    baseline_longer_ci: interval,
    majority: z.number().nullable(),
    majority_ci: interval,
    weighted: z.number().nullable(),
    weighted_ci: interval,
    /** Weighted vote minus "longer wins" on the same held-out pairs. */
    gain_over_longer: z.number().nullable(),
    gain_over_longer_ci: interval,
    train_majority: z.number().nullable(),
    train_weighted: z.number().nullable(),
    /** Share of held-out pairs on which the two executors give the same side. */
    executor_agreement: figureSchema,
    /** Held-out pairs on which no selected principle speaks. */
    silent: figureSchema,
  }),
  /** What a reader may and may not conclude, computed from the figures above. */
  remarks: z.array(z.string()),
});
export type ConstitutionDocument = z.infer<typeof constitutionDocumentSchema>;

export const explanationSchema = z.object({
  constitutionId: z.number().int(),
  label: z.string().nullable(),
  /** Side of the weighted vote, its probability for that side, and whether it equals the label. */
  predicted: z.enum(['a', 'b']).nullable(),
  probability: z.number().nullable(),
  isExplained: z.boolean().nullable(),
  votes: z.array(
    z.object({
      principleId: z.string(),
      text: z.string(),
      valueA: z.number().nullable(),
      valueB: z.number().nullable(),
      /** Side the principle speaks for; null = not applicable. */
      side: z.enum(['a', 'b']).nullable(),
      weight: z.number().nullable(),
      isSelected: z.boolean(),
    }),
  ),
});
export type Explanation = z.infer<typeof explanationSchema>;

export const constitutionContract = {
  constitution: {
    start: oc
      .input(
        z.object({
          datasetId: z.number().int(),
          top: z.number().int().min(1).max(30).default(7),
          seed: z
            .number()
            .int()
            .min(0)
            .max(2 ** 31 - 1)
            .default(1),
        }),
      )
      .output(z.object({ jobId: z.string() })),
    list: oc.input(z.object({ datasetId: z.number().int() })).output(
      z.array(
        z.object({
          constitutionId: z.number().int(),
          createdAt: z.string(),
          top: z.number().int(),
          seed: z.number().int(),
        }),
      ),
    ),
    get: oc
      .input(z.object({ constitutionId: z.number().int() }))
      .output(z.object({ constitutionId: z.number().int(), document: constitutionDocumentSchema })),
    /** Which principles spoke for and against the label of one pair. */
    explain: oc
      .input(z.object({ constitutionId: z.number().int(), comparisonId: z.number().int() }))
      .output(explanationSchema),
    /** Ids of the pairs behind a figure, to open them in the grid. */
    rows: oc
      .input(
        z.object({
          constitutionId: z.number().int(),
          principleId: z.string().optional(),
          which: z.enum(['for', 'against', 'not_applicable', 'unexplained', 'silent']),
          limit: z.number().int().min(1).max(100_000).default(100_000),
        }),
      )
      .output(z.object({ total: z.number().int(), ids: z.array(z.number().int()) })),
  },
};
