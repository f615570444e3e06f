import type { Session } from '../../../../native/duckdb/session.ts';

/** Documents worked on at a time: bounds the memory that their words take. */
const batchSize = 20_000;

/**
 * SQL that normalises a text for comparing: lower case, NFC, everything but letters and digits collapsed to one space.
 * (The specification says NFKC, which DuckDB does not have: full-width and ligature forms stay distinct.)
 */
export function normaliseText(column: string): string {
  const ascii = `regexp_replace(lower(${column}), '[^a-z0-9]+', ' ', 'g')`;
  const other = `regexp_replace(nfc_normalize(lower(${column})), '[^\\pL\\pM\\pN]+', ' ', 'g')`;
  return `trim(CASE WHEN strlen(${column}) = length(${column}) THEN ${ascii} ELSE ${other} END)`;
}

/** The words of a normalised text as 32-bit numbers: the low half of their md5, the same on every machine. */
export function hashWords(norm: string): string {
  return `list_transform(string_split(${norm}, ' '), lambda word: md5_number_lower(word) & 4294967295)`;
}

const prime = '4294967291::UBIGINT';

/**
 * A query id, h: one row per run of `size` words (the whole text where it is shorter), from a relation with id and
 * `hashes`. h is a polynomial of the word hashes modulo a 32-bit prime. Unlike slices of lists this takes linear time.
 */
export function selectShingles(relation: string, size: number): string {
  const parts = Array.from({ length: size }, (_, index) =>
    index === 0 ? 'unnest(hashes) AS w0' : `unnest(hashes[${index + 1}:]) AS w${index}`,
  );
  const combined = parts.reduce(
    (sql, _, index) =>
      index === 0 ? 'w0' : `((${sql}) * 1000003::UBIGINT + coalesce(w${index}, 0)) % ${prime}`,
    '',
  );
  return `SELECT id, place, (${combined})::UINTEGER AS h FROM (
      SELECT id, len(hashes) AS words, unnest(range(1, len(hashes) + 1)) AS place, ${parts.join(', ')} FROM ${relation})
    WHERE place <= greatest(1, words - ${size - 1})`;
}

/** Calls `work` with the first and last id of runs of documents of `table` (id, norm), in order. */
export async function forBatches(
  session: Session,
  table: string,
  work: (first: number, last: number) => Promise<void>,
): Promise<void> {
  const edges = await session.all<{ first: number; last: number }>(
    `SELECT min(id) AS first, max(id) AS last FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) // ${batchSize} AS batch FROM ${table})
     GROUP BY batch ORDER BY batch`,
  );
  for (const { first, last } of edges) await work(first, last);
}
