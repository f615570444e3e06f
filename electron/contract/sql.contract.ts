import { oc } from '@orpc/contract';
import { z } from 'zod';
import { cellSchema } from './corpus.contract.ts';

export const sqlResultSchema = z.object({
  /** Handle for further pages; results are kept until replaced. */
  resultId: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string(), isNumeric: z.boolean() })),
  count: z.number().int(),
  /** True when the result was cut at the row limit. */
  isCut: z.boolean(),
  milliseconds: z.number(),
});
export type SqlResult = z.infer<typeof sqlResultSchema>;

export const sqlContract = {
  sql: {
    /** One read-only statement, unless `allowWrite` was turned on by the person. */
    run: oc
      .input(
        z.object({
          sql: z.string().min(1).max(200_000),
          limit: z.number().int().min(1).max(1_000_000).default(100_000),
          allowWrite: z.boolean().default(false),
        }),
      )
      .output(sqlResultSchema),
    page: oc
      .input(
        z.object({
          resultId: z.string(),
          offset: z.number().int().min(0),
          limit: z.number().int().min(1).max(1024),
        }),
      )
      .output(z.object({ offset: z.number().int(), rows: z.array(z.array(cellSchema)) })),
    schema: oc.output(
      z.array(
        z.object({
          name: z.string(),
          isView: z.boolean(),
          columns: z.array(z.object({ name: z.string(), type: z.string() })),
        }),
      ),
    ),
    history: oc.output(
      z.array(
        z.object({
          sql: z.string(),
          ranAt: z.string(),
          milliseconds: z.number().nullable(),
          error: z.string().nullable(),
        }),
      ),
    ),
  },
};
