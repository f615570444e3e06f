import { oc } from '@orpc/contract';
import { z } from 'zod';

export const datasheetEntrySchema = z.object({
  /** SECTION.NAME, as the command line names it. */
  question: z.string(),
  text: z.string(),
  hint: z.string(),
  /** What the data say, as text; null where they cannot answer it. */
  auto: z.string().nullable(),
  /** What a person typed; null where nobody has. */
  answer: z.string().nullable(),
  answeredAt: z.string().nullable(),
  /**
   * `unknown`: the typed answer says so, which is an answer but scores nothing. `stale`: the data have changed since
   * it was typed. `auto`: answered by the data alone.
   */
  status: z.enum(['answered', 'auto', 'stale', 'unknown', 'open']),
});
export type DatasheetEntry = z.infer<typeof datasheetEntrySchema>;

const completenessSchema = z.object({
  answered: z.number().int(),
  required: z.number().int(),
  /** answered / required, 0…1. */
  share: z.number(),
});
export type Completeness = z.infer<typeof completenessSchema>;

export const datasheetDocumentSchema = z.object({
  schema: z.literal('assay.datasheet/1'),
  dataset: z.string(),
  dataset_id: z.number().int(),
  created_at: z.string(),
  completeness: completenessSchema,
  sections: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      /** One of the four value tensions. */
      is_tension: z.boolean(),
      completeness: completenessSchema,
      entries: z.array(datasheetEntrySchema),
    }),
  ),
  /** Questions without a scoring answer. */
  gaps: z.array(z.string()),
});
export type DatasheetDocument = z.infer<typeof datasheetDocumentSchema>;

export const datasheetChangeSchema = z.object({
  question: z.string(),
  text: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
});
export type DatasheetChange = z.infer<typeof datasheetChangeSchema>;

export const datasheetContract = {
  datasheet: {
    get: oc.input(z.object({ datasetId: z.number().int() })).output(
      z.object({
        document: datasheetDocumentSchema,
        /** Exported versions, the newest first. */
        versions: z.array(z.object({ version: z.number().int(), createdAt: z.string() })),
        /** What differs from the newest exported version. */
        changes: z.array(datasheetChangeSchema),
      }),
    ),
    /** Stores a person's answer; null or an empty text takes it back. Answers the datasheet as it is then. */
    answer: oc
      .input(
        z.object({
          datasetId: z.number().int(),
          question: z.string().max(200),
          answer: z.string().max(20_000).nullable(),
        }),
      )
      .output(datasheetDocumentSchema),
    /** The datasheet as a file text; keeps it as a version where it differs from the last. */
    export: oc
      .input(z.object({ datasetId: z.number().int(), format: z.enum(['markdown', 'json']) }))
      .output(z.object({ name: z.string(), mime: z.string(), text: z.string(), version: z.number().int() })),
  },
};
