import type { AuditContext } from './audit.ts';
import { createRandom } from '../../statistics/random.ts';
import { forBatches, hashWords, selectShingles } from './shingles.ts';

const shingleSize = 5;
const bands = 20;
const rowsPerBand = 5;

/** Candidate pairs verified at a time. */
const pairBatch = 20_000;

export interface NearOptions {
  /** Table of different texts: id BIGINT, norm VARCHAR. */
  readonly documents: string;
  /** Least Jaccard similarity of the 5-word shingles. */
  readonly threshold: number;
}

/** Chance that MinHash with bands of rows proposes two texts of a similarity: 1 − (1 − s^rows)^bands. */
export function catchProbability(
  similarity: number,
  [b, r]: readonly [number, number] = [bands, rowsPerBand],
): number {
  return 1 - (1 - similarity ** r) ** b;
}

/**
 * Near-duplicates among different texts: MinHash of 5-word shingles, 100 hashes in 20 bands of 5, every candidate
 * verified by its exact Jaccard similarity. Writes the table `near` (id_a, id_b, similarity) and answers its name.
 *
 * The five hashes of a band come from five different mixings of the shingle, and each of the 20 bands takes the
 * minimum under another XOR mask: as selective as 100 separate hashes at a fraction of their cost. In a bucket every
 * text is compared with the one of the smallest id, so a bucket of n texts makes n − 1 candidates, not n².
 */
export async function findNearDuplicates(
  context: Pick<AuditContext<unknown>, 'session' | 'signal' | 'seed' | 'scratch'>,
  { documents, threshold }: NearOptions,
): Promise<string> {
  const { session, signal } = context;
  const [bandTable, candidates, near] = ['bands', 'candidates', 'near'].map((name) => context.scratch(name));
  await session.run(`CREATE OR REPLACE TABLE ${bandTable} (id BIGINT, band UTINYINT, bucket UBIGINT)`);
  const columns = signatureColumns(context.seed);
  const bucket = (band: number) =>
    Array.from({ length: rowsPerBand }, (_, row) => `m${band}_${row}`).reduce(
      (sql, name, row) => (row === 0 ? `${name}::UBIGINT` : `((${sql}) % 4294967291 * 1000003 + ${name}) `),
      '',
    );
  await forBatches(session, documents, async (first, last) => {
    await session.run(
      `INSERT INTO ${bandTable}
       WITH hashed AS (SELECT id, ${hashWords('norm')} AS hashes FROM ${documents} WHERE id BETWEEN ${first} AND ${last} AND norm <> ''),
         mixed AS (SELECT id, ${mixings().join(', ')} FROM (${selectShingles('hashed', shingleSize)})),
         signed AS (SELECT id, ${columns.join(', ')} FROM mixed GROUP BY id)
       SELECT id, unnest([${Array.from({ length: bands }, (_, band) => `${band}::UTINYINT`).join(', ')}]) AS band,
         unnest([${Array.from({ length: bands }, (_, band) => bucket(band)).join(', ')}]) AS bucket FROM signed`,
      [],
      { signal },
    );
  });
  await session.run(
    `CREATE OR REPLACE TABLE ${candidates} AS SELECT row_number() OVER (ORDER BY id_a, id_b) AS pair_id, id_a, id_b FROM (
       SELECT DISTINCT least_id AS id_a, id AS id_b FROM (SELECT id, min(id) OVER (PARTITION BY band, bucket) AS least_id FROM ${bandTable}) WHERE id <> least_id)`,
    [],
    { signal },
  );
  await verify(context, { documents, candidates: candidates ?? '', near: near ?? '', threshold });
  await session.run(`DROP TABLE ${bandTable}`);
  return near ?? '';
}

/** Five mixings of the 32-bit shingle number; odd multipliers, so that each is one to one. */
function mixings(): string[] {
  return [2654435761, 2246822519, 3266489917, 668265263, 374761393].map(
    (factor, row) => `((h::UBIGINT * ${factor}::UBIGINT + ${row * 40503}) % 4294967291)::UINTEGER AS x${row}`,
  );
}

function signatureColumns(seed: number): string[] {
  const random = createRandom(seed);
  return Array.from({ length: bands }, (_, band) =>
    Array.from({ length: rowsPerBand }, (__, row) => {
      const mask = random.nextUint32();
      return `min(xor(x${row}, ${mask}::UINTEGER)) AS m${band}_${row}`;
    }),
  ).flat();
}

async function verify(
  { session, signal }: Pick<AuditContext<unknown>, 'session' | 'signal'>,
  step: { documents: string; candidates: string; near: string; threshold: number },
): Promise<void> {
  const { documents, candidates, near, threshold } = step;
  await session.run(`CREATE OR REPLACE TABLE ${near} (id_a BIGINT, id_b BIGINT, similarity DOUBLE)`);
  const { n } = await session.one<{ n: number }>(`SELECT count(*) AS n FROM ${candidates}`);
  for (let from = 1; from <= n; from += pairBatch) {
    await session.run(
      `INSERT INTO ${near}
       WITH pair AS MATERIALIZED (SELECT id_a, id_b FROM ${candidates} WHERE pair_id >= ${from} AND pair_id < ${from + pairBatch}),
         hashed AS (SELECT id, ${hashWords('norm')} AS hashes FROM ${documents} WHERE id IN (SELECT id_a FROM pair UNION SELECT id_b FROM pair)),
         shingle AS MATERIALIZED (SELECT id, list(DISTINCT h) AS hs FROM (${selectShingles('hashed', shingleSize)}) GROUP BY id),
         compared AS (SELECT id_a, id_b, len(list_intersect(a.hs, b.hs)) AS shared, len(a.hs) + len(b.hs) AS total
           FROM pair JOIN shingle a ON a.id = id_a JOIN shingle b ON b.id = id_b)
       SELECT id_a, id_b, shared / (total - shared) AS similarity FROM compared WHERE shared / (total - shared) >= ?::DOUBLE`,
      [threshold],
      { signal },
    );
  }
}

/** The smallest id of the cluster of each node, from edges given as two columns. */
export function findClusters(left: ArrayLike<number>, right: ArrayLike<number>): Map<number, number> {
  const parent = new Map<number, number>();
  const rootOf = (node: number): number => {
    let root = node;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    for (let at = node; at !== root;) {
      const next = parent.get(at) ?? root;
      parent.set(at, root);
      at = next;
    }
    return root;
  };
  for (let index = 0; index < left.length; index++) {
    const [a, b] = [rootOf(left[index] ?? 0), rootOf(right[index] ?? 0)];
    parent.set(a, Math.min(a, b));
    parent.set(b, Math.min(a, b));
  }
  return new Map([...parent.keys()].map((node) => [node, rootOf(node)]));
}
