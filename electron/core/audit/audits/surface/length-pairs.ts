import type { AuditContext } from '../audit.ts';

/** The pairs of a run with a preferred side and their lengths in characters: row_id, label, models, delta_ab, delta, cluster. */
export function lengthPairs({ pairs }: Pick<AuditContext<unknown>, 'pairs'>): string {
  return `(SELECT row_id, label, model_a, model_b, delta_ab, delta, cluster FROM ${pairs} WHERE label IN ('a', 'b'))`;
}
