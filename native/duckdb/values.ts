import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBArrayValue,
  type DuckDBValue,
} from '@duckdb/node-api';

/** What a query answers with: plain values only, safe to copy between processes and to write as JSON. */
export type PlainValue =
  string | number | boolean | null | readonly PlainValue[] | { readonly [key: string]: PlainValue };

function plainFromBigInt(value: bigint): number | string {
  const isSafe = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
  return isSafe ? Number(value) : value.toString();
}

/** `2026-11-23 08:00:00+00` to ISO 8601 with a T; other texts stay. */
function isoFromTimestamp(text: string): string {
  return /^\d{4,}-\d\d-\d\d \d\d:/.test(text) ? text.replace(' ', 'T').replace(/\+00$/, 'Z') : text;
}

function keyText(key: PlainValue): string {
  return typeof key === 'string' ? key : JSON.stringify(key);
}

/**
 * Copies a driver value to a plain one. 64-bit and larger integers become numbers where that is exact, else text;
 * times become ISO text; decimals become numbers; blobs become base64 text; maps become objects.
 */
export function toPlain(value: DuckDBValue): PlainValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return plainFromBigInt(value);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(toPlain);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([key, entry]) => [key, toPlain(entry)]));
  }
  if (value instanceof DuckDBMapValue) {
    return Object.fromEntries(
      value.entries.map(({ key, value: entry }) => [keyText(toPlain(key)), toPlain(entry)]),
    );
  }
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (value instanceof DuckDBDateValue) return value.toString();
  return isoFromTimestamp(String(value));
}
