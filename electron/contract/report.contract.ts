import { oc } from '@orpc/contract';
import { z } from 'zod';
import { auditDocumentSchema } from './audit.contract.ts';
import { constitutionDocumentSchema } from './constitution.contract.ts';
import {
  constitutionCeilingSchema,
  constitutionSlicesSchema,
  contrastFactorSchema,
  groupConstitutionSchema,
} from './constitution-depth.ts';

/** Everything a report shows; the three files are written from this one object. */
export const reportDocumentSchema = z.object({
  schema: z.literal('assay.report/1'),
  title: z.string(),
  product_version: z.string(),
  created_at: z.string(),
  dataset: z.object({
    name: z.string(),
    format: z.string(),
    sources: z.array(z.string()),
    pairs: z.number().int(),
    prompts: z.number().int(),
    rejected: z.number().int(),
    duplicates: z.number().int(),
  }),
  constitution: constitutionDocumentSchema,
  /** What was found out about the constitution after it was made. */
  depth: z
    .object({
      slices: z.array(constitutionSlicesSchema),
      groups: z.array(groupConstitutionSchema),
      ceiling: constitutionCeilingSchema.nullable(),
      factors: z.array(contrastFactorSchema),
    })
    .optional(),
  /** For each selected principle a pair or two it speaks for the label of, and against. */
  principle_examples: z
    .array(
      z.object({
        principle: z.string(),
        which: z.enum(['for', 'against']),
        example_id: z.string(),
        prompt: z.string(),
        chosen: z.string(),
        rejected: z.string(),
      }),
    )
    .optional(),
  audits: auditDocumentSchema,
  /** A few pairs the selected principles explain and fail to explain, texts cut. */
  examples: z.array(
    z.object({
      kind: z.enum(['explained', 'unexplained']),
      example_id: z.string(),
      source_file: z.string(),
      source_row: z.number().int(),
      prompt: z.string(),
      chosen: z.string(),
      rejected: z.string(),
      spoke_for: z.array(z.string()),
      spoke_against: z.array(z.string()),
    }),
  ),
});
export type ReportDocument = z.infer<typeof reportDocumentSchema>;

export const reportContract = {
  report: {
    list: oc.output(
      z.array(
        z.object({ reportId: z.string(), dataset: z.string(), createdAt: z.string(), directory: z.string() }),
      ),
    ),
    /** Writes the three files of a constitution's report, with the newest audits of its dataset, into the workspace. */
    build: oc
      .input(z.object({ constitutionId: z.number().int() }))
      .output(z.object({ reportId: z.string(), directory: z.string() })),
    /** One of the three files of a report, as text. */
    file: oc
      .input(
        z.object({ reportId: z.string(), file: z.enum(['report.html', 'report.md', 'constitution.json']) }),
      )
      .output(z.object({ name: z.string(), mime: z.string(), text: z.string() })),
  },
};
