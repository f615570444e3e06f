import { findClusters, findNearDuplicates } from '../audit/audits/near-duplicates.ts';
import { normaliseText } from '../audit/audits/shingles.ts';
import type { Sql } from '../corpus/reading/reader.ts';
import type { StepContext } from './step.ts';

type Context = Pick<StepContext<unknown>, 'session' | 'signal' | 'seed' | 'scratch'>;

/**
 * Clusters of near-duplicate texts (Jaccard similarity of 5-word shingles at least `threshold`, links are followed). `texts` is SQL of
 * key BIGINT and text; writes a table of key, cluster for every key with a text, and answers its name. Texts equal after
 * normalising share a cluster; a cluster is named by the smallest place of its texts.
 */
export async function clusterTexts(
  context: Context,
  { texts, threshold }: { texts: Sql; threshold: number },
): Promise<string> {
  const { session, signal, scratch } = context;
  const [documents, linked, clustered] = [scratch('documents'), scratch('linked'), scratch('clustered')];
  await session.run(
    `CREATE OR REPLACE TABLE ${documents} AS SELECT row_number() OVER (ORDER BY first) AS id, norm, keys FROM (
       SELECT norm, min(key) AS first, list(key) AS keys FROM (SELECT key, ${normaliseText('text')} AS norm FROM (${texts})) GROUP BY norm)`,
    [],
    { signal },
  );
  const near = await findNearDuplicates(context, { documents, threshold });
  const edges = await session.columns(`SELECT id_a, id_b FROM ${near} ORDER BY ALL`, [], { signal });
  const clusters = findClusters(edges['id_a'] ?? [], edges['id_b'] ?? []);
  await session.run(
    `CREATE OR REPLACE TABLE ${linked} AS SELECT pair[1] AS id, pair[2] AS cluster FROM (SELECT unnest(from_json(?::JSON, '[["BIGINT"]]')) AS pair)`,
    [JSON.stringify([...clusters])],
  );
  await session.run(
    `CREATE OR REPLACE TABLE ${clustered} AS SELECT unnest(keys) AS key, coalesce(l.cluster, d.id) AS cluster FROM ${documents} d LEFT JOIN ${linked} l USING (id)`,
    [],
    { signal },
  );
  return clustered;
}
