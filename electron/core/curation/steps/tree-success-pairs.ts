import { z } from 'zod';
import { measureShareOf } from '../../judging/figure.ts';
import { miningFamily } from '../mining/family.ts';
import { createTreeTable, noTrees, rootsOf } from '../mining/tree-nodes.ts';
import { dropFormer } from '../rated-pairs.ts';
import { defineStep } from '../step.ts';
import { addPairs, makeTexts, type Work } from '../work.ts';

/** The successful children of a node against those that do not lead to success. */
const stepwise = (nodes: string, cap: number) => `
  SELECT w.prompt_id, w.response_id AS preferred_id, l.response_id AS other_id, w.parent_key AS place, w.position AS first, l.position AS second,
    'step towards success against one that fails' AS why, to_json({'depth': w.depth, 'reject_reason': l.error}) AS detail
  FROM ${nodes} w JOIN (SELECT * FROM ${nodes} WHERE wins = 0 QUALIFY row_number() OVER (PARTITION BY parent_key ORDER BY position, response_id) <= ${cap}) l
  ON l.parent_key = w.parent_key AND l.said <> w.said WHERE w.wins = 1`;

/** Creates the table of the ways from a root to the ends of its tree: root_key, prompt_id, node_key, said (whole way), steps, wins, error, made_key. */
async function createWays(work: Work, nodes: string, table: string): Promise<void> {
  await work.session.run(
    `CREATE OR REPLACE TABLE ${table} AS WITH RECURSIVE way AS (
       SELECT parent_key AS root_key, prompt_id, node_key, said, 1 AS steps, [position] AS places, wins, error FROM ${nodes} WHERE parent_key IN ${rootsOf(nodes)}
       UNION ALL
       SELECT way.root_key, way.prompt_id, n.node_key, way.said || chr(10) || n.said, way.steps + 1, list_append(way.places, n.position), n.wins, coalesce(n.error, way.error)
       FROM way JOIN ${nodes} n ON n.parent_key = way.node_key)
     SELECT *, concat(?::VARCHAR, '.', node_key) AS made_key FROM way WHERE node_key NOT IN (SELECT parent_key FROM ${nodes})`,
    [`${work.method}.${work.step}`],
    { signal: work.signal },
  );
}

const pathwise = (ways: string, made: string, cap: number) => `
  SELECT w.prompt_id, a.response_id AS preferred_id, b.response_id AS other_id, w.root_key AS place, 0 AS first, l.rank AS second,
    'path to success against one that fails' AS why, to_json({'depth': w.steps, 'reject_reason': l.error}) AS detail
  FROM (SELECT * FROM ${ways} WHERE wins = 1 QUALIFY row_number() OVER (PARTITION BY root_key ORDER BY steps, places) = 1) w
  JOIN (SELECT *, row_number() OVER (PARTITION BY root_key ORDER BY places) AS rank FROM ${ways} WHERE wins = 0 QUALIFY rank <= ${cap}) l
    ON l.root_key = w.root_key AND l.said <> w.said
  JOIN ${made} a ON a.made_key = w.made_key JOIN ${made} b ON b.made_key = l.made_key`;

export const treeSuccessPairsStep = defineStep({
  id: 'tree-success-pairs',
  family: miningFamily,
  title: 'Pairs from decision trees',
  description:
    'Pairs of imported search trees with known success: at each node on a way to success, the child that leads there is chosen and siblings that do not are rejected. Two successful children make no pair.',
  source:
    'S. Chen et al., Advancing tool-augmented LLMs: TP-LLaMA (2024), step-wise and path-wise extraction',
  unconfirmed: null,
  params: {
    level: z
      .enum(['step', 'path'])
      .default('step')
      .describe(
        'step: children of one node, with the way to it as the prompt; path: the shortest way to success against whole ways that fail, with their texts joined by new lines.',
      ),
    cap: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(3)
      .describe('Rejected children of a node (or failed ways of a tree) at most.'),
    replace: z
      .boolean()
      .default(true)
      .describe('Drops the pairs there were before; otherwise the new ones come beside them.'),
  },
  apply: async ({ work, params, session, signal, scratch }) => {
    const { table, nodes } = await createTreeTable(work, {
      table: scratch('nodes'),
      prompts: scratch('prompts'),
    });
    if (nodes === 0) return { notes: [noTrees] };
    const { known, roots, won } = await session.one<{ known: number; roots: number; won: number }>(
      `SELECT count(wins) AS known, count(DISTINCT parent_key) FILTER (parent_key IN ${rootsOf(table)}) AS roots,
         count(DISTINCT parent_key) FILTER (parent_key IN ${rootsOf(table)} AND wins = 1) AS won FROM ${table}`,
    );
    if (known === 0)
      return { notes: ['No tree says which of its ends are a success; the step needs “success” of nodes.'] };
    const built = scratch('built');
    const ways = scratch('ways');
    if (params.level === 'path') {
      await createWays(work, table, ways);
      await makeTexts(work, 'response', {
        sql: `SELECT made_key, said AS text, NULL AS messages, NULL AS model FROM ${ways}`,
      });
    }
    const pairs =
      params.level === 'step' ? stepwise(table, params.cap) : pathwise(ways, work.madeResponses, params.cap);
    await session.run(
      `CREATE TABLE ${built} AS SELECT *, row_number() OVER (ORDER BY place, first, second) AS ord FROM (${pairs})`,
      [],
      { signal },
    );
    await dropFormer(work, params.replace);
    await addPairs(work, {
      sql: `SELECT ord, prompt_id, preferred_id, other_id, 'preferred' AS label, why, detail FROM ${built}`,
      with: ['detail'],
    });
    return {
      figures: [{ name: 'trees with a success', ...measureShareOf(won, roots) }],
    };
  },
});
