import { chooseFacilities } from '../../statistics/facility-location.ts';
import { createRandom, sampleIndices } from '../../statistics/random.ts';
import {
  Binder,
  createSelection,
  type SelectionInput,
  type SelectionSummary,
  wholeNumber,
} from './selection-table.ts';

/** Length of the vectors made from words. */
const hashedLength = 256;

/** Rows among which a subset is chosen at most; beyond that a sample by md5 is taken first (every row is compared with all). */
export const largestPool = 4000;

export interface SubsetOptions {
  readonly size: number;
  /**
   * SQL answering comparison_id and vec (a list of numbers of one length), such as embeddings. Without it the words of the
   * prompt and both responses are hashed into 256 numbers, weighted by inverse frequency.
   */
  readonly vectors?: string;
  readonly poolSize?: number;
}

export interface SubsetReport extends SelectionSummary {
  /** Rows the choice was made from. */
  readonly pool: number;
  /** Mean over the pool of the cosine similarity to the nearest chosen row, in [0, 1]. */
  readonly coverage: number;
  /** The same for as many rows drawn at random. */
  readonly randomCoverage: number;
}

/**
 * Vectors of texts by hashing words into a fixed number of places with inverse document frequency, of length 1. `texts` is
 * SQL answering id and text; the answer has id and vec.
 */
export function hashedVectors(texts: string): string {
  return `WITH words AS (SELECT id, unnest(regexp_extract_all(lower(text), '[\\p{L}\\p{N}]+')) AS word FROM (${texts})),
    counted AS (SELECT id, word, count(*) AS tf FROM words GROUP BY ALL),
    rarity AS (SELECT word, ln((1 + (SELECT count(DISTINCT id) FROM words)) / (1 + count(*))) + 1 AS idf FROM counted GROUP BY word),
    places AS (SELECT id, (md5_number(word) % ${hashedLength})::INTEGER AS place, sum((1 + ln(tf)) * idf) AS mass
      FROM counted JOIN rarity USING (word) GROUP BY ALL),
    lengths AS (SELECT id, sqrt(sum(mass * mass)) AS length, map_from_entries(list((place, mass))) AS masses FROM places GROUP BY id)
    SELECT id, list_transform(range(${hashedLength}), lambda place: (coalesce(masses[place::INTEGER], 0) / length)::DOUBLE) AS vec FROM lengths`;
}

/**
 * The subset of pairs that represents all of them best (facility location, greedy). Of more than `poolSize` rows a sample
 * by md5 is taken first; rows outside it are not kept.
 */
export async function chooseSubset(
  input: SelectionInput,
  { size, vectors, poolSize = largestPool }: SubsetOptions,
): Promise<SubsetReport> {
  const binder = new Binder();
  const pool = `SELECT comparison_id FROM ${binder.rows(input)} ORDER BY md5(comparison_id || '.' || ${wholeNumber(input.seed)}) LIMIT ${wholeNumber(poolSize)}`;
  const texts = `SELECT c.comparison_id AS id, concat_ws(' ', p.text, a.text, b.text) AS text FROM comparison c JOIN prompt p USING (prompt_id)
    JOIN response a ON a.response_id = c.response_a_id JOIN response b ON b.response_id = c.response_b_id WHERE c.comparison_id IN (SELECT comparison_id FROM pool)`;
  const source =
    vectors === undefined
      ? `SELECT * FROM (${hashedVectors(texts)})`
      : `SELECT comparison_id AS id, vec::DOUBLE[] AS vec FROM (${vectors}) WHERE comparison_id IN (SELECT comparison_id FROM pool)`;
  const cells = await input.session.columns(
    `WITH pool AS (${pool}),
       vectors AS (SELECT id, vec FROM (${source}) ORDER BY id)
     SELECT id, unnest(vec) AS cell, len(vec) AS width FROM vectors`,
    binder.parameters,
    { signal: input.signal },
  );
  const { ids, rows } = toUnitRows(cells);
  const similarity = (i: number, j: number) => Math.max(0, dot(rows[i], rows[j]));
  const wanted = Math.min(size, ids.length);
  const choice = await chooseFacilities(ids.length, wanted, { similarity, signal: input.signal });
  const written = new Binder();
  const list = choice.chosen.map((index, place) => ({
    id: ids[index] ?? 0,
    place: place + 1,
    gain: choice.gains[place] ?? 0,
  }));
  const summary = await createSelection(
    input,
    `WITH chosen AS (SELECT one.id AS comparison_id, one.place, one.gain
       FROM (SELECT unnest(from_json(${written.bind(JSON.stringify(list), 'JSON')}, '[{"id":"BIGINT","place":"BIGINT","gain":"DOUBLE"}]')) AS one))
     SELECT r.comparison_id, NULL::BIGINT AS response_id, c.place IS NOT NULL AS keep, 1::DOUBLE AS weight, c.place,
       CASE WHEN c.place IS NULL THEN 'represented by others' END AS reason, c.gain
     FROM ${written.rows(input)} r LEFT JOIN chosen c USING (comparison_id) ORDER BY r.comparison_id`,
    written.parameters,
  );
  const random = sampleIndices(rows.length, wanted, createRandom(input.seed));
  return {
    ...summary,
    pool: ids.length,
    coverage: ids.length === 0 ? 0 : choice.value / ids.length,
    randomCoverage: coverageOf([...random], rows),
  };
}

function toUnitRows(cells: Record<string, Float64Array>): { ids: number[]; rows: Float64Array[] } {
  const {
    id: owners = new Float64Array(0),
    cell: values = new Float64Array(0),
    width = new Float64Array(0),
  } = cells;
  const ids: number[] = [];
  const rows: Float64Array[] = [];
  for (let from = 0; from < owners.length;) {
    const row = values.slice(from, from + (width[from] ?? 1));
    const length = Math.sqrt(dot(row, row));
    ids.push(owners[from] ?? 0);
    rows.push(length > 0 ? row.map((value) => value / length) : row);
    from += Math.max(1, width[from] ?? 1);
  }
  return { ids, rows };
}

function dot(left: Float64Array | undefined, right: Float64Array | undefined): number {
  if (!left || !right) return 0;
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += (left[i] ?? 0) * (right[i] ?? 0);
  return sum;
}

function coverageOf(chosen: readonly number[], rows: readonly Float64Array[]): number {
  if (rows.length === 0) return 0;
  const best = rows.map((row) => chosen.reduce((most, j) => Math.max(most, dot(row, rows[j])), 0));
  return best.reduce((sum, value) => sum + value, 0) / rows.length;
}
