import { oc } from '@orpc/contract';
import { z } from 'zod';

/** One figure of an audit; never shown without `n_items` and its interval. */
export const auditFigureSchema = z.object({
  audit: z.string(),
  metric: z.string(),
  title: z.string(),
  slice_dim: z.string().nullable(),
  slice_value: z.string().nullable(),
  value: z.number().nullable(),
  ci_lo: z.number().nullable(),
  ci_hi: z.number().nullable(),
  p: z.number().nullable(),
  p_adj: z.number().nullable(),
  n_items: z.number().int(),
  n_clusters: z.number().int().nullable(),
  status: z.enum(['ok', 'too_small', 'undefined']),
  /** The value that means "no effect", for drawing. */
  neutral: z.number().nullable(),
});
export type AuditFigure = z.infer<typeof auditFigureSchema>;

export const auditResultSchema = z.object({
  audit: z.string(),
  title: z.string(),
  is_applicable: z.boolean(),
  /** Why not, naming the missing column; or null. */
  reason: z.string().nullable(),
  /** One sentence with the number, its interval and n. */
  finding: z.string(),
  severity: z.enum(['none', 'notice', 'warning']),
  figures: z.array(auditFigureSchema),
  /** Points of the curve the audit draws, e.g. chosen rate by length-difference decile. */
  series: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      x_title: z.string(),
      y_title: z.string(),
      points: z.array(
        z.object({
          label: z.string(),
          x: z.number(),
          y: z.number().nullable(),
          ci_lo: z.number().nullable(),
          ci_hi: z.number().nullable(),
          n: z.number().int(),
        }),
      ),
    }),
  ),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type AuditResult = z.infer<typeof auditResultSchema>;

export const auditDocumentSchema = z.object({
  schema: z.literal('assay.audit/1'),
  dataset: z.string(),
  dataset_id: z.number().int(),
  created_at: z.string(),
  seed: z.number().int(),
  audits: z.array(auditResultSchema),
});
export type AuditDocument = z.infer<typeof auditDocumentSchema>;

export const auditContract = {
  audit: {
    list: oc.output(z.array(z.object({ audit: z.string(), title: z.string(), description: z.string() }))),
    start: oc
      .input(
        z.object({
          datasetId: z.number().int(),
          only: z.array(z.string()).optional(),
          seed: z.number().int().min(0).default(1),
        }),
      )
      .output(z.object({ jobId: z.string() })),
    /** The newest finished run of a dataset. */
    latest: oc
      .input(z.object({ datasetId: z.number().int() }))
      .output(z.object({ document: auditDocumentSchema.nullable() })),
  },
};
