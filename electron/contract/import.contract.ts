import { oc } from '@orpc/contract';
import { z } from 'zod';

/** Where each part of a record comes from: the part's name to the source column's name. */
export const mappingSchema = z.record(z.string(), z.string());
export type Mapping = z.infer<typeof mappingSchema>;

export const sourceColumnSchema = z.object({ name: z.string(), type: z.string() });
export type SourceColumn = z.infer<typeof sourceColumnSchema>;

export const formatGuessSchema = z.object({
  format: z.string(),
  title: z.string(),
  /** 0..1; 1 = the columns can hardly be anything else. */
  confidence: z.number(),
  why: z.string(),
});
export type FormatGuess = z.infer<typeof formatGuessSchema>;

export const previewSchema = z.object({
  files: z.array(
    z.object({
      path: z.string(),
      name: z.string(),
      bytes: z.number(),
      container: z.string(),
      problem: z.string().nullable(),
    }),
  ),
  columns: z.array(sourceColumnSchema),
  guesses: z.array(formatGuessSchema),
  /** The source as it is: first rows, long cells cut. */
  sourceRows: z.array(z.array(z.string().nullable())),
  /** The records the chosen format makes of those rows. */
  records: z.array(
    z.object({
      prompt: z.string(),
      responses: z.array(z.object({ text: z.string(), model: z.string().nullable() })),
      labels: z.array(z.object({ aspect: z.string().nullable(), label: z.string().nullable() })),
      problem: z.string().nullable(),
    }),
  ),
  /** Parts that the format takes from columns, with the mapping in force; editable for mapped formats. */
  parts: z.array(
    z.object({
      part: z.string(),
      title: z.string(),
      isRequired: z.boolean(),
      column: z.string().nullable(),
    }),
  ),
  mapping: mappingSchema,
  suggestedName: z.string(),
});
export type ImportPreview = z.infer<typeof previewSchema>;

export const importSummarySchema = z.object({
  dataset: z.string(),
  datasetId: z.number().int(),
  format: z.string(),
  /** Source rows loaded; source rows = rows + rejected + duplicates. */
  rows: z.number().int(),
  rejected: z.number().int(),
  duplicates: z.number().int(),
  pairs: z.number().int(),
  seconds: z.number(),
});
export type ImportSummary = z.infer<typeof importSummarySchema>;

export const importSpecSchema = z.object({
  files: z.array(z.string().min(1)).min(1).max(10_000),
  dataset: z.string().trim().min(1).max(200).optional(),
  format: z.string().optional(),
  mapping: mappingSchema.optional(),
  /** Load exact repetitions of a source row too. */
  keepDuplicates: z.boolean().default(false),
});
export type ImportSpec = z.infer<typeof importSpecSchema>;

export const importContract = {
  import: {
    formats: oc.output(z.array(z.object({ format: z.string(), title: z.string(), description: z.string() }))),
    preview: oc.input(importSpecSchema).output(previewSchema),
    start: oc.input(importSpecSchema).output(z.object({ jobId: z.string() })),
  },
};
