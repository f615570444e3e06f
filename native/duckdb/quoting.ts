/** Quotes a name for SQL. Names come from files, so they may hold anything but NUL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('\0', '').replaceAll('"', '""')}"`;
}

/**
 * Quotes a text for SQL, for the few places that take no bound parameter (file lists, struct keys, settings).
 * Never for filter values: those are bound.
 */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll('\0', '').replaceAll("'", "''")}'`;
}
