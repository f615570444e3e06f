import { z } from 'zod';
import type { Sql } from '../corpus/reading/reader.ts';
import { addPairs, dropPairs, liveOf, type Work } from './work.ts';

/** Parameters of a step that builds pairs of rated responses. */
export const ratedShape = {
  aspect: z.string().min(1).max(200).default('overall').describe('Aspect of the ratings that is the score.'),
  rater: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Annotator whose ratings count; the mean of all without.'),
  better: z.enum(['higher', 'lower']).default('higher').describe('lower for ranks, where 1 is best.'),
  replace: z
    .boolean()
    .default(true)
    .describe('Drops the pairs there were before; otherwise the new ones come beside them.'),
};

/** Drops what was there before pairs are built. */
export async function dropFormer(work: Work, isReplaced: boolean): Promise<void> {
  if (isReplaced)
    await dropPairs(work, {
      sql: `SELECT candidate_id, 'replaced by built pairs' AS why FROM ${liveOf(work)}`,
    });
}

/**
 * Condition on the prompts pairs are built of: those that earlier steps have left, in a dataset that had pairs; all prompts of one that holds
 * responses alone. To be stored before `dropFormer`.
 */
export async function storePrompts(work: Work, table: string): Promise<Sql> {
  await work.session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT DISTINCT prompt_id FROM ${liveOf(work)}
     UNION SELECT prompt_id FROM prompt WHERE dataset_id = ? AND NOT EXISTS (SELECT 1 FROM ${work.candidates} WHERE added_by = -1)`,
    [work.datasetId],
  );
  return `prompt_id IN (SELECT prompt_id FROM ${table})`;
}

/** Adds pairs from a table of ord, prompt_id, best_id, worse_id, gap, why; the gap is the margin. */
export async function addRated(work: Work, table: string): Promise<number> {
  return addPairs(work, {
    sql: `SELECT ord, prompt_id, best_id AS preferred_id, worse_id AS other_id, 'preferred' AS label, gap AS margin, why, detail FROM ${table}`,
    with: ['margin', 'detail'],
  });
}
