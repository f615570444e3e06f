import type { Cell } from '../../../electron/contract/corpus.contract.ts';

export type TableFormat = 'csv' | 'tsv';

const formulaStart = /^[=+\-@\t\r]/;

/**
 * A result as text for a spreadsheet. A text that a spreadsheet would take for a formula (it begins with = + - @, a tab
 * or a carriage return) gets an apostrophe in front; numbers stay as they are. Lines end with CR LF (RFC 4180).
 */
export function formatTable(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  format: TableFormat,
): string {
  const separator = format === 'csv' ? ',' : '\t';
  const line = (cells: readonly Cell[]) => cells.map((cell) => field(cell, separator)).join(separator);
  return [columns, ...rows].map((cells) => `${line(cells)}\r\n`).join('');
}

function field(cell: Cell, separator: string): string {
  if (cell === null) return '';
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  const text = typeof cell === 'string' ? cell : Array.isArray(cell) ? cell.join('; ') : `${cell.preview}…`;
  const safe = formulaStart.test(text) ? `'${text}` : text;
  const needsQuotes = safe.includes(separator) || /["\r\n\t]/.test(safe);
  return needsQuotes ? `"${safe.replaceAll('"', '""')}"` : safe;
}
