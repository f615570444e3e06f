import type { Sql } from '../../corpus/reading/reader.ts';
import { liveOf, type Work } from '../work.ts';

/**
 * Condition on `prompt`: those that earlier steps have left, in a dataset that had pairs; all of one that holds responses
 * alone. To be used before the former pairs are dropped.
 */
export const eligiblePrompts = (work: Work): Sql =>
  `dataset_id = ${work.datasetId} AND (prompt_id IN (SELECT prompt_id FROM ${liveOf(work)})
    OR NOT EXISTS (SELECT 1 FROM ${work.candidates} WHERE added_by = -1))`;
