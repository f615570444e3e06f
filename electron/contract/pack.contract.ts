import { oc } from '@orpc/contract';
import { z } from 'zod';

const id = z.number().int();
const count = z.number().int();

/** Who made a pack: the SHA-256 of the public key, to be read out and compared. */
export const signerSchema = z.object({
  /** 64 hexadecimal digits. */
  hex: z.string(),
  /** The first 128 bits as eight words that can be spoken. */
  words: z.string(),
});
export type Signer = z.infer<typeof signerSchema>;

/** Shortest passphrase a pack is closed with. */
export const passphraseLength = 8;

const passphrase = z.string().min(1).max(1_000);
const newPassphrase = z.string().min(passphraseLength).max(1_000);

const destination = {
  /** Absent: the workspace's own folder for exports. */
  folder: z.string().nullable().default(null),
  /** File name without a folder; absent: from the name of the project. */
  name: z.string().nullable().default(null),
  overwrite: z.boolean().default(false),
};

export const handOffRequestSchema = z.object({
  projectId: id,
  /** Whom the items are for. */
  raterIds: z.array(id).min(1).max(50),
  /** Raters per item on the other machine; absent: all of them. */
  overlap: z.number().int().min(1).max(50).nullable().default(null),
  /** `open`: items that lack answers. `all`: every item of the project. */
  which: z.enum(['open', 'all']).default('open'),
  /** At most so many, in the order of the queue; absent: all of them. */
  count: z.number().int().min(1).max(1_000_000).nullable().default(null),
  /** Also the gold items, without their answers and not told apart. */
  withGold: z.boolean().default(false),
  passphrase: newPassphrase.nullable().default(null),
  ...destination,
});
export type HandOffRequest = z.infer<typeof handOffRequestSchema>;

export const giveBackRequestSchema = z.object({
  projectId: id,
  passphrase: newPassphrase.nullable().default(null),
  ...destination,
});
export type GiveBackRequest = z.infer<typeof giveBackRequestSchema>;

const written = { file: z.string(), bytes: count, signer: signerSchema };

export const handOffSchema = z.object({
  handOffId: id,
  handOffKey: z.string(),
  file: z.string(),
  createdAt: z.string(),
  /** While open, its items count as held by the other machine. */
  isOpen: z.boolean(),
  overlap: count,
  items: count,
  raters: z.array(z.string()),
  /** Answers that have come back. */
  answers: count,
});
export type HandOff = z.infer<typeof handOffSchema>;

export const packFileSchema = z.object({
  file: z.string().min(1),
  passphrase: passphrase.nullable().default(null),
});
export type PackFile = z.infer<typeof packFileSchema>;

export const packSummarySchema = z.object({
  /** Null while the passphrase is missing. */
  kind: z.enum(['items', 'answers']).nullable(),
  isEncrypted: z.boolean(),
  bytes: count,
  signer: signerSchema,
  /** Made in this workspace. */
  isOwn: z.boolean(),
  /** Null while the passphrase is missing. */
  content: z
    .object({
      project: z.string(),
      from: z.string(),
      createdAt: z.string(),
      items: count,
      answers: count,
      raters: z.array(z.string()),
      questions: z.array(z.string()),
    })
    .nullable(),
});
export type PackSummary = z.infer<typeof packSummarySchema>;

export const openedPackSchema = z.object({
  projectId: id,
  datasetId: id,
  dataset: z.string(),
  items: count,
  raters: z.array(z.object({ raterId: id, name: z.string(), isRenamed: z.boolean() })),
  signer: signerSchema,
  /** The pack had been opened before; nothing was made. */
  wasOpen: z.boolean(),
});
export type OpenedPack = z.infer<typeof openedPackSchema>;

/** `ours`: leave it out. `theirs`: take it. `both`: keep theirs under a rater of its own. */
export const resolutionSchema = z.enum(['ours', 'theirs', 'both']);
export type Resolution = z.infer<typeof resolutionSchema>;

export const conflictKinds = ['answer', 'text', 'item', 'rater', 'questions', 'invalid'] as const;
export type MergeConflictKind = (typeof conflictKinds)[number];

/** What can be chosen for each kind; the first is what happens without a choice. */
export const resolutionsOf: Readonly<Record<MergeConflictKind, readonly Resolution[]>> = {
  answer: ['ours', 'theirs', 'both'],
  text: ['ours', 'theirs', 'both'],
  item: ['ours'],
  rater: ['ours', 'theirs', 'both'],
  questions: ['ours', 'theirs'],
  invalid: ['ours'],
};

export const mergeConflictSchema = z.object({
  /** Stable over repeated merges of the same answers. */
  conflictId: z.string(),
  kind: z.enum(conflictKinds),
  resolution: resolutionSchema,
  isChosen: z.boolean(),
  rater: z.string().nullable(),
  comparisonId: id.nullable(),
  /** Beginning of the prompt, for a person to know the item by. */
  prompt: z.string().nullable(),
  ours: z.string().nullable(),
  theirs: z.string().nullable(),
  /** Answers the conflict holds back while it is left at “ours”. */
  answers: count,
});
export type MergeConflict = z.infer<typeof mergeConflictSchema>;

export const mergeReportSchema = z.object({
  /** Null for a look beforehand, and where nothing was taken. */
  mergeId: id.nullable(),
  projectId: id,
  project: z.string(),
  handOffId: id,
  signer: signerSchema,
  /** An earlier merge of the same hand-off was signed by another key. */
  isOtherSigner: z.boolean(),
  /** The guidelines there were not those the pack left with. */
  areGuidelinesChanged: z.boolean(),
  received: count,
  /** New answers that are, or would be, taken. */
  taken: count,
  /** Here already, by an earlier merge or because they are the same. */
  known: count,
  /** Held back by a conflict. */
  leftOut: count,
  byRater: z.array(z.object({ rater: z.string(), taken: count, known: count, leftOut: count })),
  counts: z.record(z.enum(conflictKinds), count),
  /** The first thousand; `counts` has all of them. */
  conflicts: z.array(mergeConflictSchema),
});
export type MergeReport = z.infer<typeof mergeReportSchema>;

export const mergeRequestSchema = packFileSchema.extend({
  /** The project the answers must belong to; absent: the one the pack names. */
  projectId: id.nullable().default(null),
  /** Per kind, for what has no choice of its own. */
  defaults: z.partialRecord(z.enum(conflictKinds), resolutionSchema).default({}),
  /** Per conflict. */
  choices: z.record(z.string().max(200), resolutionSchema).default({}),
});
export type MergeRequest = z.infer<typeof mergeRequestSchema>;

export const mergeSchema = z.object({
  mergeId: id,
  mergedAt: z.string(),
  undoneAt: z.string().nullable(),
  report: mergeReportSchema,
});
export type Merge = z.infer<typeof mergeSchema>;

const projectInput = z.object({ projectId: id });

export const packContract = {
  pack: {
    identity: oc.output(signerSchema),
    handOff: oc
      .input(handOffRequestSchema)
      .output(z.object({ ...written, handOffId: id, items: count, raters: z.array(z.string()) })),
    handOffs: oc.input(projectInput).output(z.array(handOffSchema)),
    /** Gives the items of a hand-off back to the raters here; answers that still come are merged all the same. */
    closeHandOff: oc.input(z.object({ handOffId: id })).output(handOffSchema),
    inspect: oc.input(packFileSchema).output(packSummarySchema),
    open: oc.input(packFileSchema).output(openedPackSchema),
    giveBack: oc
      .input(giveBackRequestSchema)
      .output(z.object({ ...written, answers: count, raters: z.array(z.string()) })),
    /** True for a project that came in a pack. */
    isBorrowed: oc.input(projectInput).output(z.boolean()),
    plan: oc.input(mergeRequestSchema).output(mergeReportSchema),
    merge: oc.input(mergeRequestSchema).output(mergeReportSchema),
    merges: oc.input(projectInput).output(z.array(mergeSchema)),
    /** Takes the answers of a merge away again, but those that were changed since. */
    undoMerge: oc.input(z.object({ mergeId: id })).output(z.object({ removed: count, kept: count })),
  },
};
