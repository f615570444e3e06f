import type { Work } from '../work.ts';
import { storePrompts } from '../rated-pairs.ts';

/** Said by a step that finds no node of a tree. */
export const noTrees =
  'The dataset holds no search trees. Import some (format “search-trees”): each node with children becomes a record there.';

export interface TreeTable {
  readonly table: string;
  readonly nodes: number;
}

/**
 * Creates the table of the tree nodes that are children: node_key, parent_key (of the record they answer; that of a node
 * with children is its node_key), response_id, prompt_id, said, position, depth, q, visits, prior, wins (1 where the node
 * leads to success, 0 where not, NULL where unknown), error. Only prompts that earlier steps have left count.
 */
export async function createTreeTable(
  work: Work,
  { table, prompts }: { table: string; prompts: string },
): Promise<TreeTable> {
  const eligible = await storePrompts(work, prompts);
  const text = (aspect: string) => `max(g.value_text) FILTER (g.aspect = '${aspect}')`;
  const number = (aspect: string) => `max(g."value") FILTER (g.aspect = '${aspect}')`;
  await work.session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT * FROM (
       SELECT r.response_id, r.prompt_id, r.example_id AS parent_key, r.text AS said, r.position, ${text('node')} AS node_key, ${text('error')} AS error,
         ${number('depth')}::INTEGER AS depth, ${number('q')} AS q, ${number('visits')} AS visits, ${number('prior')} AS prior, ${number('leads to success')}::INTEGER AS wins
       FROM response r JOIN rating g USING (response_id) WHERE r.dataset_id = ? AND ${eligible} GROUP BY ALL) WHERE node_key IS NOT NULL`,
    [work.datasetId],
    { signal: work.signal },
  );
  const { nodes } = await work.session.one<{ nodes: number }>(`SELECT count(*) AS nodes FROM ${table}`);
  return { table, nodes };
}

/** SQL of the keys of the roots: records that no node of the table has made. */
export const rootsOf = (table: string): string =>
  `(SELECT DISTINCT parent_key FROM ${table} WHERE parent_key NOT IN (SELECT node_key FROM ${table}))`;
