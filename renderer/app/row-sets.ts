/** Rows another screen points at, e.g. the pairs a principle explains; `label` tells where they come from. */
export interface RowSet {
  readonly label: string;
  readonly ids: readonly number[];
}

const prefix = 'assay.rows.';
const kept = new Map<string, RowSet>();
let counter = 0;

/**
 * Keeps a set for this session and answers with its key for `browseLink(…, { set })`: an address cannot hold
 * 100,000 ids. Sets too large for the session storage are gone after a reload.
 */
export function keepRowSet(set: RowSet): string {
  counter += 1;
  const key = `${Date.now().toString(36)}-${counter}`;
  kept.set(key, set);
  try {
    sessionStorage.setItem(prefix + key, JSON.stringify(set));
  } catch {
    return key;
  }
  return key;
}

/** The set behind a key, undefined where this session does not hold it any more. */
export function findRowSet(key: string): RowSet | undefined {
  const inMemory = kept.get(key);
  if (inMemory) return inMemory;
  const stored = sessionStorage.getItem(prefix + key);
  if (!stored) return undefined;
  const set = JSON.parse(stored) as RowSet;
  kept.set(key, set);
  return set;
}
