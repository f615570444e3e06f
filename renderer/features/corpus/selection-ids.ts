import type { RangeSet } from '../../grid/ranges.ts';
import { countPositions } from '../../grid/ranges.ts';
import type { RowSource } from '../../grid/row-source.ts';

/** Most rows one tag call takes. */
export const maxTaggedRows = 100_000;

const chunk = 1024;

/** Ids of the rows at the selected positions, read chunk by chunk; undefined above `maxTaggedRows`. */
export async function listSelectedIds(
  source: RowSource,
  selection: RangeSet,
  signal: AbortSignal,
): Promise<number[] | undefined> {
  if (countPositions(selection) > maxTaggedRows) return undefined;
  const ids: number[] = [];
  for (const range of selection) {
    for (let start = range.start; start <= range.end; start += chunk) {
      const limit = Math.min(chunk, range.end - start + 1);
      const rows = await source.page(start, limit, signal);
      for (const row of rows) ids.push(row.id);
    }
  }
  return ids;
}
