import { oc } from '@orpc/contract';
import { z } from 'zod';
import {
  constitutionCeilingSchema,
  constitutionSlicesSchema,
  contrastFactorSchema,
  type Figure,
  figureSchema,
  groupConstitutionSchema,
  intervalSchema as interval,
} from './constitution-depth.ts';
import { constitutionExchange } from './constitution-exchange.ts';

export type { Figure };

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

/** How ICAI drops, orders and shortens its principles; names and defaults are those of its configuration. */
export const icaiFilterSchema = z.object({
  /** The two orders stand for its seeds; of two, a majority and all are the same. */
  s3_voting_method_cross_seed: z.enum(['unanimous', 'majority']).default('unanimous'),
  s3_filter_majority_true: z.boolean().default(true),
  s3_filter_majority_relevant: z.boolean().default(false),
  s3_filter_majority_valid: z.boolean().default(true),
  s3_filter_min_relevance: z.number().min(0).max(1).default(0.1),
  s3_order_by: z.enum(['for_minus_against', 'for']).default('for_minus_against'),
  s3_max_principles: z.number().int().min(1).nullable().default(null),
  s3_ratio_of_max_principles_to_cluster_again: z.number().min(1).default(1.5),
});
export type IcaiFilter = z.infer<typeof icaiFilterSchema>;

export const executorSchema = z.enum(['majority', 'weighted', 'list', 'judge']);
export type Executor = z.infer<typeof executorSchema>;

export const principleOriginSchema = z.enum(['model', 'surface', 'rationale', 'list', 'hand', 'direction']);

/** What a constitution from principles is made of; without a model only principles that code computes can vote. */
export const principleRequestSchema = z.object({
  datasetId: z.number().int(),
  modelId: z.string().nullable().default(null),
  /** Embeds principles for merging; null: hashed word vectors. */
  embedModelId: z.string().nullable().default(null),
  /** Where candidates come from; `kept`: those of the dataset that are not dropped. */
  propose: z.enum(['model', 'rationales', 'surface', 'list', 'texts', 'kept', 'directions']).default('list'),
  /** For `texts`: one principle each. */
  texts: z.array(z.string().trim().min(3).max(500)).max(500).default([]),
  /** Labelled pairs to vote on, a random sample. */
  sample: z.number().int().min(10).max(1_000_000).default(200),
  /** Training pairs shown to the model that proposes, and principles it names for each template. */
  proposePairs: z.number().int().min(1).max(10_000).default(40),
  perPair: z.number().int().min(1).max(10).default(3),
  templates: z
    .array(z.enum(['neutral', 'rejected', 'topic']))
    .min(1)
    .default(['neutral', 'rejected']),
  clusters: z.number().int().min(1).max(500).default(20),
  /** For `directions`: how they are found, and how many are named. */
  directions: z.enum(['pca', 'kmeans']).default('pca'),
  factors: z.number().int().min(1).max(64).default(8),
  /**
   * Propose from those training pairs alone that this constitution of an earlier run gets wrong or leaves undecided; pairs
   * and split are that run's, and its principles stand for selection again.
   */
  fromUnexplained: z.number().int().nullable().default(null),
  selection: z.enum(['held_out', 'icai']).default('held_out'),
  icai: icaiFilterSchema.default(icaiFilterSchema.parse({})),
  executor: executorSchema.default('weighted'),
  /** Stop asking about a principle once it is clear that its strength is below 0.05. */
  stopEarly: z.boolean().default(false),
  top: z.number().int().min(1).max(30).default(7),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
});
export type PrincipleRequest = z.infer<typeof principleRequestSchema>;

export const principleRunSchema = z.object({
  run: z.number().int(),
  model: z.object({ name: z.string(), hash: z.string() }).nullable(),
  /** How principles were put into groups: `model NAME`, `hashed words`, or `none` where each stands for itself. */
  merged_by: z.string(),
  templates: z.record(z.string(), z.string()),
  propose: z.string(),
  proposed: z.number().int(),
  proposals_failed: z.number().int(),
  candidates: z.number().int(),
  votes: z.number().int(),
  votes_invalid: z.number().int(),
  /** Votes of both orders that contradict each other. */
  order_dependent: figureSchema,
  calls: z.number().int(),
  stopped: z.array(z.object({ id: z.string(), after: z.number().int() })),
  selection: z.enum(['held_out', 'icai']),
  icai: icaiFilterSchema.nullable(),
  /** Held-out accuracy by executor; `plain_judge` reads no constitution; `_flipped`: made from and scored on inverted labels. */
  executors: z.array(z.object({ executor: z.string(), accuracy: figureSchema, abstains: figureSchema })),
  agreement: z.array(z.object({ first: z.string(), second: z.string(), figure: figureSchema })),
  judge_gain: figureSchema.nullable(),
  flipped: z.array(z.string()),
});
export type PrincipleRunFigures = z.infer<typeof principleRunSchema>;

/** A principle of a dataset as the editor shows it, with its votes seen from the labels. */
export const principleSchema = z.object({
  principleId: z.number().int(),
  text: z.string(),
  origin: principleOriginSchema,
  traitId: z.string().nullable(),
  cluster: z.number().int().nullable(),
  isRepresentative: z.boolean(),
  isPinned: z.boolean(),
  isDropped: z.boolean(),
  members: z.array(z.object({ principleId: z.number().int(), text: z.string() })),
  for: z.number().int(),
  against: z.number().int(),
  neither: z.number().int(),
  invalid: z.number().int(),
  /** Votes whose two orders contradict each other. */
  orderDependent: z.number().int(),
  strength: figureSchema,
});
export type Principle = z.infer<typeof principleSchema>;

const principleChangeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('add'), text: z.string().trim().min(3).max(500) }),
  z.object({
    kind: z.literal('rename'),
    principleId: z.number().int(),
    text: z.string().trim().min(3).max(500),
  }),
  z.object({ kind: z.literal('merge'), into: z.number().int(), principleId: z.number().int() }),
  z.object({ kind: z.literal('split'), principleId: z.number().int() }),
  z.object({ kind: z.literal('pin'), principleId: z.number().int(), isPinned: z.boolean() }),
  z.object({ kind: z.literal('drop'), principleId: z.number().int(), isDropped: z.boolean() }),
]);
export type PrincipleChange = z.infer<typeof principleChangeSchema>;

export const constitutionDocumentSchema = z.object({
  schema: z.literal('assay.constitution/1'),
  executor: z.enum(['surface', ...executorSchema.options]),
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
  /** Of constitutions from principles (proposed, listed or written); absent for surface ones. */
  run: principleRunSchema.optional(),
  /** What a reader may and may not conclude, computed from the figures above. */
  remarks: z.array(z.string()),
});
export type ConstitutionDocument = z.infer<typeof constitutionDocumentSchema>;

const constitutionRunSchema = z.object({
  constitutionId: z.number().int(),
  createdAt: z.string(),
  top: z.number().int(),
  seed: z.number().int(),
});
export type ConstitutionRun = z.infer<typeof constitutionRunSchema>;

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
    /** A constitution from principles that a model, code or both vote on. */
    startRun: oc
      .input(principleRequestSchema)
      .output(z.object({ principleRunId: z.number().int(), jobId: z.string() })),
    principles: oc.input(z.object({ datasetId: z.number().int() })).output(z.array(principleSchema)),
    /** Adds, rewords, merges, splits, pins or drops one principle; a reworded one loses its votes, no other does. */
    changePrinciple: oc
      .input(z.object({ datasetId: z.number().int(), change: principleChangeSchema }))
      .output(z.object({ principleId: z.number().int() })),
    list: oc.input(z.object({ datasetId: z.number().int() })).output(z.array(constitutionRunSchema)),
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
    /** Strength of every principle in every group of a column, as a job; stored with the constitution. */
    startSlice: oc
      .input(z.object({ constitutionId: z.number().int(), column: z.string().min(1).max(300) }))
      .output(z.object({ jobId: z.string() })),
    slices: oc
      .input(z.object({ constitutionId: z.number().int() }))
      .output(z.array(constitutionSlicesSchema)),
    /** Ids of the pairs behind one cell of the slices. */
    sliceRows: oc
      .input(
        z.object({
          constitutionId: z.number().int(),
          column: z.string(),
          value: z.string(),
          principleId: z.string(),
          which: z.enum(['for', 'against', 'all']).default('all'),
          limit: z.number().int().min(1).max(100_000).default(100_000),
        }),
      )
      .output(z.object({ total: z.number().int(), ids: z.array(z.number().int()) })),
    /** The constitution of one group: the selection run again on its labels alone, as a job. */
    startGroup: oc
      .input(
        z.object({
          constitutionId: z.number().int(),
          column: z.string().min(1).max(300),
          value: z.string().max(10_000),
        }),
      )
      .output(z.object({ jobId: z.string() })),
    groups: oc.input(z.object({ constitutionId: z.number().int() })).output(z.array(groupConstitutionSchema)),
    /** Embeds the responses of a sample of pairs and fits a linear probe, as a job that goes on where it stopped. */
    startCeiling: oc
      .input(
        z.object({
          constitutionId: z.number().int(),
          embedModelId: z.string().nullable(),
          sample: z.number().int().min(50).max(20_000).default(2_000),
        }),
      )
      .output(z.object({ jobId: z.string() })),
    ceiling: oc
      .input(z.object({ constitutionId: z.number().int() }))
      .output(constitutionCeilingSchema.nullable()),
    /** The contrast directions a run proposed its principles from; empty where it did not. */
    factors: oc.input(z.object({ constitutionId: z.number().int() })).output(z.array(contrastFactorSchema)),
    ...constitutionExchange,
  },
};
