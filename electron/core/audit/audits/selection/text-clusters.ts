import type { Parameter, Session } from '../../../../../native/duckdb/session.ts';
import {
  clusterVectors,
  hashWords,
  meanDirection,
  nearestCentre,
} from '../../../constitution/principles/merge-principles.ts';
import { createPause } from '../../../statistics/pause.ts';

/** Different texts the clusters are found on; all others fall to the nearest centre. */
const fitted = 400;

export interface TextClusterOptions {
  /** SQL answering id and text. */
  readonly texts: string;
  readonly parameters?: readonly Parameter[];
  /** Name of the table to create, quoted. */
  readonly into: string;
  readonly clusters: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Creates a table id, cluster (from 0): spherical k-means over the hashed words of the different texts (their first 4,000
 * characters), found on 400 of them drawn by md5 of text and seed. Equal texts lie in one cluster, and with as many
 * clusters as different texts each has its own. Answers how many clusters there are.
 */
export async function storeTextClusters(session: Session, options: TextClusterOptions): Promise<number> {
  const { texts, parameters = [], into, clusters, seed, signal } = options;
  const rows = await session.all<{ key: string; text: string }>(
    `SELECT md5(text) AS key, left(any_value(text), 4000) AS text FROM (${texts}) GROUP BY key ORDER BY md5(key || '/${Math.trunc(seed)}')`,
    parameters,
    { signal },
  );
  const pause = createPause(signal);
  const vectors: Float32Array[] = [];
  for (const { text } of rows) {
    vectors.push(hashWords(text));
    await pause();
  }
  const found = clusterVectors(vectors.slice(0, fitted), clusters, seed);
  const centres = found.map(({ members }) => meanDirection(members.flatMap((index) => vectors[index] ?? [])));
  const own = new Map(found.flatMap(({ members }, cluster) => members.map((index) => [index, cluster])));
  const assigned: { key: string; cluster: number }[] = [];
  for (const [index, vector] of vectors.entries()) {
    const cluster = own.get(index) ?? nearestCentre(vector, centres);
    assigned.push({ key: rows[index]?.key ?? '', cluster });
    await pause();
  }
  await session.run(
    `CREATE OR REPLACE TABLE ${into} AS SELECT t.id, k.cluster FROM (${texts}) t
     JOIN (SELECT unnest(from_json(?::JSON, '[{"key":"VARCHAR","cluster":"BIGINT"}]'), recursive := true)) k ON k.key = md5(t.text)`,
    [...parameters, JSON.stringify(assigned)],
    { signal },
  );
  return found.length;
}
