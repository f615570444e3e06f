import type { GridSort } from './row-source.ts';

/** Longest sort the contract takes. */
const maxSortFields = 4;

/**
 * What a press on a column head makes of the sort: ascending, descending, none. Without `isAdding` the column
 * becomes the only one; with it the others stay and a new one goes last.
 */
export function nextSort(sort: readonly GridSort[], field: string, isAdding: boolean): GridSort[] {
  const current = sort.find((s) => s.field === field);
  const next: GridSort | undefined = !current
    ? { field, direction: 'asc' }
    : current.direction === 'asc'
      ? { field, direction: 'desc' }
      : undefined;
  if (!isAdding) return next ? [next] : [];
  if (!current) return next ? [...sort, next].slice(-maxSortFields) : [...sort];
  return sort.flatMap((s) => (s.field !== field ? [s] : next ? [next] : []));
}
