import { oc } from '@orpc/contract';
import { z } from 'zod';

export const exportFormatSchema = z.enum(['trl', 'jsonl', 'csv', 'parquet', 'annotated-pairs']);
export type ExportFormat = z.infer<typeof exportFormatSchema>;

export const exportSpecSchema = z.object({ datasetId: z.number().int(), format: exportFormatSchema });
export type ExportSpec = z.infer<typeof exportSpecSchema>;

export const exportSummarySchema = z.object({
  file: z.string(),
  rows: z.number().int(),
  /** Pairs the format cannot carry, and why. */
  skipped: z.number().int(),
  skippedWhy: z.string().nullable(),
});
export type ExportSummary = z.infer<typeof exportSummarySchema>;

export const exportContract = {
  export: {
    formats: oc.output(
      z.array(z.object({ format: exportFormatSchema, title: z.string(), description: z.string() })),
    ),
    /** Writes a file into the workspace's `exports` folder (a job). */
    start: oc.input(exportSpecSchema).output(z.object({ jobId: z.string() })),
  },
};
