import type { AuditContext } from '../audit.ts';

export interface RaterGroup {
  /** The attribute, or two of them joined by “×”. */
  axis: string;
  value: string;
  /** Codes of its members in the answer table. */
  raters: number[];
}

/**
 * Groups of annotators by one attribute, then by two, with at least `min_raters` members and not everybody; the largest
 * first, single attributes before intersections.
 *
 * @param table Relation with annotator_id and rater (a code per annotator).
 */
export async function listRaterGroups(
  { session, dataset, signal }: Pick<AuditContext<unknown>, 'session' | 'dataset' | 'signal'>,
  table: string,
  { min_raters, max_groups }: { min_raters: number; max_groups: number },
): Promise<RaterGroup[]> {
  const rows = await session.all<{ axis: string; value: string; raters: number[] }>(
    `WITH rater AS (SELECT DISTINCT rater, annotator_id FROM ${table}),
       attribute AS (SELECT r.rater, e.key AS axis, e.value FROM rater r JOIN annotator n USING (annotator_id),
         LATERAL (SELECT unnest(map_entries(n.attributes)) AS e) WHERE n.dataset_id = ? AND e.value IS NOT NULL AND trim(e.value) <> ''),
       named AS (
         SELECT axis, "value", rater, 1 AS depth FROM attribute
         UNION ALL SELECT x.axis || ' × ' || y.axis, x.value || ' × ' || y.value, x.rater, 2 FROM attribute x JOIN attribute y ON x.rater = y.rater AND x.axis < y.axis)
     SELECT axis, "value", list(rater ORDER BY rater) AS raters FROM named GROUP BY axis, "value", depth
     HAVING count(*) >= ? AND count(*) < (SELECT count(*) FROM rater)
     ORDER BY depth, count(*) DESC, axis, "value" LIMIT ?`,
    [dataset.datasetId, min_raters, max_groups],
    { signal },
  );
  return rows.map(({ axis, value, raters }) => ({ axis, value, raters }));
}
