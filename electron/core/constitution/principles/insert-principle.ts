import type { Session } from '../../../../native/duckdb/session.ts';

/** Puts a principle among those of a dataset; answers its number. */
export async function insertPrinciple(
  session: Session,
  datasetId: number,
  principle: {
    readonly text: string;
    readonly origin: string;
    /** The trait by which code votes on it, and which side it speaks for; none where a model votes. */
    readonly traitId?: string | null;
    readonly direction?: number;
    /** How often it was proposed. */
    readonly proposed?: number;
    readonly isPinned?: boolean;
  },
): Promise<number> {
  const { text, origin, traitId = null, direction = 1, proposed = 1, isPinned = false } = principle;
  const { id } = await session.one<{ id: number }>(
    `INSERT INTO principle (principle_id, dataset_id, text, origin, trait_id, direction, n_proposed, is_pinned)
     SELECT coalesce(max(principle_id), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM principle RETURNING principle_id AS id`,
    [datasetId, text, origin, traitId, direction, proposed, isPinned],
  );
  return id;
}
