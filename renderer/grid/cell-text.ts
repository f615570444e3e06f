import type { ColumnKind, GridValue } from './row-source.ts';

const maxCellCharacters = 400;
const integers = new Intl.NumberFormat('en');
const decimals = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });

/** One line of text for a cell: line breaks become spaces, long texts are cut, numbers are grouped. */
export function cellText(value: GridValue | undefined, kind: ColumnKind): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'number' && kind === 'id') return String(value);
  if (typeof value === 'number')
    return Number.isInteger(value) ? integers.format(value) : decimals.format(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  const text = typeof value === 'string' ? value : value.preview;
  if (kind === 'time') return text.replace('T', ' ').replace(/\.\d+Z?$/, '');
  const line = text.slice(0, maxCellCharacters).replace(/\s+/g, ' ').trim();
  const isCut = typeof value === 'object' ? value.length > line.length : text.length > maxCellCharacters;
  return isCut ? `${line}…` : line;
}
