import { createHash } from 'node:crypto';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

function escapeText(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** JSON as Python's `json.dumps(value, sort_keys=True)` writes it: `", "`, `": "`, and non-ASCII escaped. */
export function dumpLikePython(value: Json): string {
  if (typeof value === 'string') return escapeText(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(dumpLikePython).join(', ')}]`;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return `{${entries.map(([key, entry]) => `${escapeText(key)}: ${dumpLikePython(entry)}`).join(', ')}}`;
}

/** The first eight hexadecimal digits of the MD5 of a text: ICAI's ids. */
export function shortMd5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex').slice(0, 8);
}
