import { oc } from '@orpc/contract';
import { z } from 'zod';
import { messageSchema } from './corpus.contract.ts';
import { filterSchema } from './filter.contract.ts';

const id = z.number().int();
const questionId = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/);
const title = z.string().trim().min(1).max(300);

/** Shown only where an earlier question has one of these answers, as `answerKeys` names them. */
const conditionSchema = z.object({
  question: questionId,
  is: z.array(z.string().min(1).max(100)).min(1).max(20),
});

const base = {
  id: questionId,
  title,
  isRequired: z.boolean().default(true),
  when: conditionSchema.nullable().default(null),
};

/** Name of what is rated, as it stands in votes and ratings; null is the overall preference. */
const aspect = z.string().trim().min(1).max(60);

export const questionSchema = z.discriminatedUnion('kind', [
  z.object({
    ...base,
    kind: z.literal('pairwise'),
    aspect: aspect.nullable().default(null),
    /** 2: left or right. 5 and 7: grades from much better left to much better right; the middle is the tie. */
    points: z.union([z.literal(2), z.literal(5), z.literal(7)]),
    hasTie: z.boolean(),
    hasBothBad: z.boolean(),
  }),
  z.object({
    ...base,
    kind: z.literal('rating'),
    aspect,
    min: z.number().int().min(0).max(1),
    max: z.number().int().min(2).max(9),
  }),
  z.object({
    ...base,
    kind: z.literal('multi_label'),
    options: z.array(z.string().trim().min(1).max(100)).min(1).max(9),
  }),
  z.object({ ...base, kind: z.literal('rationale') }),
  z.object({
    ...base,
    kind: z.literal('span'),
    labels: z.array(z.string().trim().min(1).max(60)).min(1).max(9),
  }),
  z.object({ ...base, kind: z.literal('confidence'), points: z.number().int().min(2).max(9) }),
]);
export type Question = z.infer<typeof questionSchema>;
export type PairwiseQuestion = Extract<Question, { kind: 'pairwise' }>;

export const preferenceSchema = z.object({
  label: z.enum(['a', 'b', 'tie', 'both_bad']),
  /** Share of the strongest grade, 0…1; null where the question has no grades or neither is better. */
  strength: z.number().min(0).max(1).nullable(),
});
export type Preference = z.infer<typeof preferenceSchema>;

/** A marked part of a response: offsets in UTF-16 code units of its raw text, `end` behind the last one. */
export const spanSchema = z.object({
  side: z.enum(['a', 'b']),
  start: z.number().int().min(0),
  end: z.number().int().min(1),
  label: z.string().min(1).max(60),
});
export type Span = z.infer<typeof spanSchema>;

/** One answer; `a` and `b` are the sides of the dataset, whichever was shown on the left. */
export const answerSchema = z.discriminatedUnion('kind', [
  preferenceSchema.extend({ kind: z.literal('pairwise') }),
  z.object({
    kind: z.literal('rating'),
    a: z.number().int().nullable(),
    b: z.number().int().nullable(),
  }),
  z.object({ kind: z.literal('multi_label'), labels: z.array(z.string().max(100)).max(9) }),
  z.object({ kind: z.literal('rationale'), text: z.string().max(20_000) }),
  z.object({ kind: z.literal('confidence'), value: z.number().int() }),
  z.object({ kind: z.literal('span'), spans: z.array(spanSchema).max(200) }),
]);
export type Answer = z.infer<typeof answerSchema>;
export const answersSchema = z.record(questionId, answerSchema);
export type Answers = z.infer<typeof answersSchema>;

export const projectSettingsSchema = z.object({
  name: z.string().trim().min(1).max(200),
  /** Markdown. */
  guidelines: z.string().max(100_000).default(''),
  questions: z.array(questionSchema).min(1).max(20),
  filter: filterSchema.default({ clauses: [] }),
  /** Highest number of items; absent: every pair of the filter. */
  limit: z.number().int().min(1).max(1_000_000).nullable().default(null),
  /** `disagreement`: raters and judges differ most first. `uncertainty`: a judge's probability nearest one half first. */
  order: z.enum(['random', 'disagreement', 'uncertainty']).default('random'),
  seed: z.number().int().min(0).max(2_147_483_647).default(1),
  /** Raters per item. */
  overlap: z.number().int().min(1).max(50).default(1),
  gold: z
    .object({
      count: z.number().int().min(1).max(10_000),
      /** `labels`: the dataset's label is the known answer. `unanimous`: only where two or more raters all gave it. */
      source: z.enum(['labels', 'unanimous']),
    })
    .nullable()
    .default(null),
  /** Annotator of the dataset whose label is shown once the person has answered; null: none. */
  suggestionsFrom: id.nullable().default(null),
});
export type ProjectSettings = z.infer<typeof projectSettingsSchema>;

export const projectSchema = z.object({
  projectId: id,
  datasetId: id,
  createdAt: z.string(),
  settings: projectSettingsSchema,
  items: z.number().int(),
  goldItems: z.number().int(),
  /** Items with answers of as many raters as the overlap asks for. */
  complete: z.number().int(),
  /** Current answers, skips among them. */
  answers: z.number().int(),
  raters: z.number().int(),
});
export type Project = z.infer<typeof projectSchema>;

export const raterSchema = z.object({ raterId: id, name: z.string(), createdAt: z.string() });
export type Rater = z.infer<typeof raterSchema>;

/** An image of a response, read by `row.media`; its path is not told, since it can name the model. */
export const shownImageSchema = z.object({ mediaId: id, isLocal: z.boolean() });
export type ShownImage = z.infer<typeof shownImageSchema>;

const textSchema = z.object({
  /** Empty where it is only the path of an image. */
  text: z.string(),
  messages: z.array(messageSchema).nullable(),
  images: z.array(shownImageSchema),
});

export const draftSchema = z.object({
  /** Grows with every change; a lower one never replaces a higher. */
  serial: z.number().int().min(0),
  answers: answersSchema,
  ms: z.number().min(0),
});
export type Draft = z.infer<typeof draftSchema>;

export const annotationItemSchema = z.object({
  comparisonId: id,
  /** Place among this rater's items, from 1. */
  turn: z.number().int(),
  shownFirst: z.enum(['a', 'b']),
  prompt: z.object({ text: z.string(), messages: z.array(messageSchema) }),
  /** In the order of the sides a and b. */
  responses: z.tuple([textSchema, textSchema]),
  draft: draftSchema.nullable(),
  /** The current answer where there is one. */
  answer: z
    .object({
      revision: z.number().int(),
      status: z.enum(['submitted', 'skipped']),
      answers: answersSchema,
      skipReason: z.string().nullable(),
      ms: z.number(),
    })
    .nullable(),
});
export type AnnotationItem = z.infer<typeof annotationItemSchema>;

export const progressSchema = z.object({
  submitted: z.number().int(),
  skipped: z.number().int(),
  /** Items this rater can still answer. */
  remaining: z.number().int(),
  /** Items an hour at the mean working time of the last 20 answers; null before the first. */
  itemsPerHour: z.number().nullable(),
});
export type Progress = z.infer<typeof progressSchema>;

export const deskSchema = z.object({
  project: z.object({ projectId: id, datasetId: id, settings: projectSettingsSchema }),
  /** Null where nothing is left for this rater. */
  item: annotationItemSchema.nullable(),
  upcoming: annotationItemSchema.nullable(),
  previousId: id.nullable(),
  progress: progressSchema,
});
export type Desk = z.infer<typeof deskSchema>;

const seat = { projectId: id, raterId: id };

export const submissionSchema = z.object({
  ...seat,
  comparisonId: id,
  status: z.enum(['submitted', 'skipped']),
  answers: answersSchema,
  skipReason: z.string().trim().min(1).max(2_000).nullable().default(null),
  ms: z.number().min(0).max(86_400_000),
});
export type Submission = z.infer<typeof submissionSchema>;

export const receiptSchema = z.object({
  revision: z.number().int(),
  /** Present for an item whose answer is known. */
  gold: z.object({ label: z.string(), isRight: z.boolean() }).nullable(),
  suggestion: z
    .object({
      name: z.string(),
      label: z.string(),
      pA: z.number().nullable(),
      rationale: z.string().nullable(),
    })
    .nullable(),
});
export type Receipt = z.infer<typeof receiptSchema>;

const figureSchema = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  n: z.number().int(),
});
export type AgreementFigure = z.infer<typeof figureSchema>;

export const agreementSchema = z.object({
  questions: z.array(
    z.object({
      question: z.string(),
      title: z.string(),
      /** How far apart answers are: not graded, or by their order. */
      scale: z.enum(['nominal', 'ordinal']),
      /** Krippendorff's alpha over items with two answers or more. */
      alpha: figureSchema,
      /** Fleiss' kappa over the items with exactly as many answers as the overlap asks for. */
      fleiss: figureSchema,
      pairs: z.array(
        z.object({
          first: z.string(),
          second: z.string(),
          observed: z.number().nullable(),
          kappa: figureSchema,
        }),
      ),
    }),
  ),
  /** Marked spans: per pair of raters, F1 over labelled characters of the items both answered and one marked. */
  spans: z.array(
    z.object({
      question: z.string(),
      title: z.string(),
      pairs: z.array(z.object({ first: z.string(), second: z.string(), f1: figureSchema })),
    }),
  ),
  raters: z.array(
    z.object({
      raterId: id,
      name: z.string(),
      submitted: z.number().int(),
      skipped: z.number().int(),
      medianMs: z.number().nullable(),
      gold: figureSchema,
      /** Share of answers that chose the response shown first, among those that chose one. */
      choseFirst: figureSchema,
    }),
  ),
});
export type AgreementReport = z.infer<typeof agreementSchema>;

export const conflictSchema = z.object({
  comparisonId: id,
  prompt: z.string(),
  responseA: z.string(),
  responseB: z.string(),
  imagesA: z.array(shownImageSchema),
  imagesB: z.array(shownImageSchema),
  datasetLabel: z.string().nullable(),
  answers: z.array(
    z.object({
      rater: z.string(),
      label: z.string(),
      strength: z.number().nullable(),
      rationale: z.string().nullable(),
      ms: z.number(),
      /** Of all questions about spans. */
      spans: z.array(spanSchema),
    }),
  ),
  decision: z
    .object({ label: z.string(), note: z.string().nullable(), by: z.string(), isApplied: z.boolean() })
    .nullable(),
});
export type Conflict = z.infer<typeof conflictSchema>;

const projectInput = z.object({ projectId: id });

export const annotationContract = {
  annotation: {
    projects: oc.input(z.object({ datasetId: id })).output(z.array(projectSchema)),
    project: oc.input(projectInput).output(projectSchema),
    templates: oc.output(
      z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          guidelines: z.string(),
          questions: z.array(questionSchema),
        }),
      ),
    ),
    create: oc
      .input(z.object({ datasetId: id, settings: projectSettingsSchema }))
      .output(z.object({ projectId: id, items: z.number().int(), goldItems: z.number().int() })),
    /** Name and guidelines of a project; questions and queue are frozen. */
    revise: oc
      .input(
        z.object({
          projectId: id,
          name: z.string().trim().min(1).max(200),
          guidelines: z.string().max(100_000),
        }),
      )
      .output(projectSchema),
    /** Removes the project with its queue and history; the votes already given stay in the dataset. */
    remove: oc.input(projectInput).output(z.object({ removed: z.boolean() })),
    raters: oc.output(z.array(raterSchema)),
    addRater: oc.input(z.object({ name: z.string().trim().min(1).max(100) })).output(raterSchema),
    /** What the rater works on: a given item, or the first one open, with the one after it. */
    desk: oc.input(z.object({ ...seat, comparisonId: id.nullable().default(null) })).output(deskSchema),
    saveDraft: oc
      .input(z.object({ ...seat, comparisonId: id, draft: draftSchema }))
      .output(z.object({ serial: z.number().int() })),
    /** Answers when the answer and its votes are on disk. */
    submit: oc.input(submissionSchema).output(receiptSchema),
    agreement: oc.input(projectInput).output(agreementSchema),
    conflicts: oc
      .input(
        z.object({
          projectId: id,
          question: questionId,
          offset: z.number().int().min(0),
          limit: z.number().int().min(1).max(100),
        }),
      )
      .output(z.object({ count: z.number().int(), rows: z.array(conflictSchema) })),
    decide: oc
      .input(
        z.object({
          ...seat,
          comparisonId: id,
          question: questionId,
          label: z.enum(['a', 'b', 'tie', 'both_bad']),
          note: z.string().trim().max(5_000).nullable().default(null),
          /** Also makes it the label of the pair, as an edit that can be undone. */
          applyToLabel: z.boolean().default(false),
        }),
      )
      .output(z.object({ revision: z.number().int(), operationId: z.string().nullable() })),
  },
};
