import { z } from 'zod';
import { miningFamily } from '../mining/family.ts';
import { nearStepsOf } from '../mining/near-steps.ts';
import { createTreeTable, noTrees, rootsOf } from '../mining/tree-nodes.ts';
import { dropFormer } from '../rated-pairs.ts';
import { defineStep } from '../step.ts';
import { addPairs } from '../work.ts';

/** Which child the chosen path goes on with; the search's own rule is Q + w·p·√N(parent) / (1 + N). */
const criteria = {
  q: 'q',
  visits: 'visits',
  selection: 'q + ? * coalesce(prior, 0) * sqrt(parent_visits) / (1 + coalesce(visits, 0))',
  everywhere: 'q',
} as const;

export const treeStepPairsStep = defineStep({
  id: 'tree-step-pairs',
  family: miningFamily,
  title: 'Step pairs from search trees',
  description:
    'Pairs of imported search trees with values: at each level of the chosen path, the child with the highest Q against the one with the lowest, with the steps before them as the prompt. Children of equal Q make no pair.',
  source: 'Y. Xie et al., Monte Carlo tree search boosts reasoning via iterative preference learning (2024)',
  unconfirmed:
    'Which steps are near-duplicates is our operationalisation: words, word pairs and numbers in place of embeddings.',
  params: {
    path: z
      .enum(['q', 'visits', 'selection', 'everywhere'])
      .default('q')
      .describe(
        'Child the path goes on with: the highest Q, the most visits, or the highest Q + weight · prior · √N(parent) / (1 + N); everywhere takes a pair of every node.',
      ),
    weight: z
      .number()
      .min(0)
      .default(1)
      .describe('Weight of the prior in the selection; counts for “selection” only.'),
    minGap: z
      .number()
      .min(0)
      .default(0)
      .describe('Least difference of Q; a pair with no difference is never made.'),
    nearDuplicate: z
      .number()
      .min(0.5)
      .max(1)
      .default(0.95)
      .describe(
        'Similarity from which a step repeats a sibling with the same numbers and is left out; the more visited one stays. 1 leaves out equal ones only.',
      ),
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
    const near = scratch('near');
    await session.run(
      `CREATE TABLE ${near} AS SELECT response_id FROM ${nearStepsOf(table, params.nearDuplicate)}`,
      [],
      { signal },
    );
    const built = scratch('built');
    const onPath = params.path === 'everywhere' ? '' : 'JOIN line ON line.parent_key = best.parent_key';
    await session.run(
      `CREATE TABLE ${built} AS WITH RECURSIVE scored AS MATERIALIZED (
         SELECT n.*, coalesce(p.visits, sum(n.visits) OVER (PARTITION BY n.parent_key), 0) AS parent_visits FROM ${table} n LEFT JOIN ${table} p ON p.node_key = n.parent_key
         WHERE n.response_id NOT IN (SELECT response_id FROM ${near})),
       gone AS MATERIALIZED (SELECT * FROM scored QUALIFY row_number() OVER (PARTITION BY parent_key ORDER BY ${criteria[params.path]} DESC NULLS LAST, position, response_id) = 1),
       line AS (SELECT parent_key FROM ${rootsOf(table)} UNION ALL SELECT gone.node_key FROM line JOIN gone ON gone.parent_key = line.parent_key),
       best AS (SELECT * FROM scored WHERE q IS NOT NULL QUALIFY row_number() OVER (PARTITION BY parent_key ORDER BY q DESC, visits DESC NULLS LAST, position, response_id) = 1),
       worst AS (SELECT * FROM scored WHERE q IS NOT NULL QUALIFY row_number() OVER (PARTITION BY parent_key ORDER BY q, visits DESC NULLS LAST, position DESC, response_id DESC) = 1)
       SELECT row_number() OVER (ORDER BY best.parent_key) AS ord, best.prompt_id, best.response_id AS preferred_id, worst.response_id AS other_id,
         best.q - worst.q AS gap, 'level ' || best.depth AS why, best.depth, best.q AS q_w, worst.q AS q_l, best.visits AS visits_w, worst.visits AS visits_l,
         CASE WHEN worst.visits IS NOT NULL AND best.visits IS NOT NULL THEN least(1 - 1 / (1 + worst.visits / greatest(1, best.visits)), 0.5) END AS smoothing
       FROM best JOIN worst USING (parent_key) ${onPath} WHERE best.q > worst.q AND best.q - worst.q >= ${params.minGap} AND best.said <> worst.said`,
      params.path === 'selection' ? [params.weight] : [],
      { signal },
    );
    const { valued, repeated } = await session.one<{ valued: number; repeated: number }>(
      `SELECT count(q) AS valued, (SELECT count(*) FROM ${near}) AS repeated FROM ${table}`,
    );
    if (valued === 0)
      return {
        notes: [
          'No node of the trees has a Q, and none can be worked out: that needs q, reward, value or confidence of every node.',
        ],
      };
    await dropFormer(work, params.replace);
    await addPairs(work, {
      sql: `SELECT ord, prompt_id, preferred_id, other_id, 'preferred' AS label, why, gap AS margin, 1 - smoothing AS soft_label,
          to_json({'depth': depth, 'q_w': q_w, 'q_l': q_l, 'visits_w': visits_w, 'visits_l': visits_l, 'label_smoothing': smoothing}) AS detail FROM ${built}`,
      with: ['margin', 'soft_label', 'detail'],
    });
    return {
      notes: [
        ...(valued < nodes ? [`${nodes - valued} of ${nodes} nodes have no Q and stand in no pair.`] : []),
        ...(repeated > 0 ? [`${repeated} steps nearly repeat a sibling and stand in no pair.`] : []),
      ],
    };
  },
});
