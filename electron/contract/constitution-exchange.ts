import { oc } from '@orpc/contract';
import { z } from 'zod';
import { figureSchema } from './constitution-depth.ts';

export const constitutionTextFormatSchema = z.enum(['md', 'yaml']);
export type ConstitutionTextFormat = z.infer<typeof constitutionTextFormatSchema>;

export const constitutionFormatSchema = z.enum([
  'json',
  'md',
  'yaml',
  'list',
  'system-prompt',
  'annotated-pairs',
  'icai',
]);
export type ConstitutionFormat = z.infer<typeof constitutionFormatSchema>;

/** Wordings of the system prompt a constitution is exported as. */
export const systemPromptSchema = z.enum(['assistant', 'judge', 'critic']);
export type SystemPrompt = z.infer<typeof systemPromptSchema>;

/** A principle as a person writes it. */
export const writtenPrincipleSchema = z.object({
  text: z.string(),
  /** Log-odds in the weighted vote; null: fitted on the training pairs. */
  weight: z.number().nullable(),
  /** `against`: the response it applies to is the one to reject. */
  polarity: z.enum(['for', 'against']),
  isPinned: z.boolean(),
});
export type WrittenPrinciple = z.infer<typeof writtenPrincipleSchema>;

export const writtenConstitutionSchema = z.object({
  title: z.string().nullable(),
  principles: z.array(writtenPrincipleSchema),
});
export type WrittenConstitution = z.infer<typeof writtenConstitutionSchema>;

/** Where a text is not a constitution: 1-based line and column. */
export const textProblemSchema = z.object({
  line: z.number().int(),
  column: z.number().int(),
  message: z.string(),
});
export type TextProblem = z.infer<typeof textProblemSchema>;

/** Held-out accuracy of a list, no side counting one half; n pairs, interval clustered by prompt. */
const rebuiltSchema = z.object({
  majority: figureSchema,
  weighted: figureSchema,
  /** Held-out pairs on which no principle of the list speaks. */
  silent: figureSchema,
});
export type Rebuilt = z.infer<typeof rebuiltSchema>;

/** A text tested on the votes that are known; no model is asked. */
export const draftTestSchema = z.object({
  problems: z.array(textProblemSchema),
  /** Votes counted are this voter's (and those of code). */
  voter: z.string(),
  pairs: z.number().int(),
  principles: z.array(
    writtenPrincipleSchema.extend({
      line: z.number().int(),
      /** Of the run's pairs; 0: no votes yet. */
      voted: z.number().int(),
      byCode: z.boolean(),
      strength: figureSchema,
      /** The weight used: the written one, else the fitted one. */
      usedWeight: z.number(),
    }),
  ),
  edited: rebuiltSchema,
  former: rebuiltSchema,
  /** Weighted vote of the edited list minus that of the former one, on the same held-out pairs. */
  gain: figureSchema,
});
export type DraftTest = z.infer<typeof draftTestSchema>;

/** What came of an import: what was found, what was kept unread, and what was left out. */
export const constitutionImportSchema = z.object({
  constitutionId: z.number().int(),
  format: z.string(),
  principles: z.number().int(),
  others: z.number().int(),
  /** Rows of the source with votes, and those found among the dataset's pairs. */
  rows: z.number().int(),
  matched: z.number().int(),
  votes: z.number().int(),
  kept: z.array(z.string()),
  remarks: z.array(z.string()),
});
export type ConstitutionImport = z.infer<typeof constitutionImportSchema>;

const place = z.object({ constitutionId: z.number().int() });
const draft = place.extend({ format: constitutionTextFormatSchema, text: z.string().max(1_000_000) });

export const constitutionExchange = {
  /** A constitution as a text to edit. */
  openText: oc
    .input(place.extend({ format: constitutionTextFormatSchema }))
    .output(z.object({ text: z.string() })),
  /** The same list in the other format; the text unchanged and the faults where it has any. */
  convertText: oc
    .input(
      z.object({
        text: z.string().max(1_000_000),
        from: constitutionTextFormatSchema,
        to: constitutionTextFormatSchema,
      }),
    )
    .output(z.object({ text: z.string(), problems: z.array(textProblemSchema) })),
  testText: oc.input(draft).output(draftTestSchema),
  /** Votes on the principles of a text that lack them, as a job; those that have votes are not asked again. */
  startVotes: oc
    .input(draft.extend({ modelId: z.string().nullable() }))
    .output(z.object({ jobId: z.string() })),
  /** A new constitution; the edited one stays. */
  saveText: oc.input(draft).output(z.object({ constitutionId: z.number().int() })),
  /** Text formats as text to save; the two that are files or folders are written into the workspace's exports. */
  exportAs: oc
    .input(
      place.extend({
        format: constitutionFormatSchema,
        template: systemPromptSchema.default('assistant'),
      }),
    )
    .output(z.object({ name: z.string(), text: z.string().nullable(), path: z.string().nullable() })),
  /** Reads a file or folder of this machine, or a text that was handed over, into a new constitution. */
  importFrom: oc
    .input(
      z.object({
        datasetId: z.number().int(),
        path: z.string().min(1).optional(),
        file: z.object({ name: z.string(), text: z.string().max(50_000_000) }).optional(),
      }),
    )
    .output(constitutionImportSchema),
};
