import { z } from 'zod';
import { chooseSubset } from '../../audit/selection/subset-selection.ts';
import { defineStep, type StepContext } from '../step.ts';
import { drawKey, dropPairs, liveOf, pairsOf } from '../work.ts';

const groups = ['language', 'topic', 'subset', 'source_file', 'model_a', 'model_b', 'label'] as const;

const params = {
  method: z
    .enum(['random', 'equal-groups', 'group-sizes', 'subset'])
    .default('random')
    .describe(
      'random: any pairs; equal-groups: as many of every group as the smallest has; group-sizes: a number of each group; subset: the pairs that represent all best.',
    ),
  size: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Pairs that stay (random, subset); at most this many for equal-groups.'),
  group: z.enum(groups).default('subset').describe('Column of the groups.'),
  sizes: z
    .record(z.string(), z.number().int().min(0))
    .default({})
    .describe('For group-sizes: pairs of each group, {name: number}.'),
  perPrompt: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Pairs of one prompt at most, drawn before anything else.'),
};
type Context = StepContext<z.infer<z.ZodObject<typeof params>>>;

async function capPrompts({ work, params: { perPrompt }, seed }: Context): Promise<void> {
  if (perPrompt === undefined) return;
  await dropPairs(work, {
    sql: `SELECT candidate_id, 'over the number of pairs of a prompt' AS why FROM ${liveOf(work)}
      QUALIFY row_number() OVER (PARTITION BY prompt_id ORDER BY ${drawKey('pair_key', seed, 'per-prompt')}, candidate_id) > ${perPrompt}`,
  });
}

async function drawGroups({ work, params: { method, group, size, sizes }, seed }: Context): Promise<void> {
  const wanted = Object.entries(sizes).map(([name, count]) => ({ name, count }));
  const drawn = `SELECT candidate_id, ${group}::VARCHAR AS slice,
      row_number() OVER (PARTITION BY ${group} ORDER BY ${drawKey('pair_key', seed, 'budget')}, candidate_id) AS place,
      count(*) OVER (PARTITION BY ${group}) AS n FROM ${pairsOf(work)}`;
  if (method === 'equal-groups')
    await dropPairs(work, {
      sql: `SELECT candidate_id, CASE WHEN slice IS NULL THEN 'no group' ELSE 'over the size of the smallest group' END AS why FROM (
          SELECT *, min(n) FILTER (slice IS NOT NULL) OVER () AS least, count(DISTINCT slice) OVER () AS slices FROM (${drawn}))
        WHERE slice IS NULL OR place > least ${size === undefined ? '' : `OR place > ${size} // slices`}`,
    });
  else
    await dropPairs(work, {
      sql: `SELECT candidate_id, CASE WHEN one.count IS NULL THEN 'group has no budget' ELSE 'over the budget of its group' END AS why
        FROM (${drawn}) LEFT JOIN (SELECT unnest(from_json(?::JSON, '[{"name":"VARCHAR","count":"BIGINT"}]')) AS one) ON one.name = slice
        WHERE one.count IS NULL OR place > one.count`,
      parameters: [JSON.stringify(wanted)],
    });
}

async function takeSubset({ work, params: { size = 1 }, session, seed, signal, scratch }: Context) {
  const into = scratch('chosen');
  const report = await chooseSubset(
    {
      session,
      datasetId: work.datasetId,
      rows: { sql: `SELECT comparison_id FROM ${liveOf(work)} WHERE comparison_id IS NOT NULL` },
      into,
      seed,
      signal,
    },
    { size },
  );
  await dropPairs(work, {
    sql: `SELECT candidate_id, 'represented by others' AS why FROM ${liveOf(work)}
      WHERE comparison_id IS NULL OR comparison_id NOT IN (SELECT comparison_id FROM ${into} WHERE keep)`,
  });
  return {
    figures: [
      { name: 'coverage', value: report.coverage, low: null, high: null, n: report.pool },
      {
        name: 'coverage of a random choice',
        value: report.randomCoverage,
        low: null,
        high: null,
        n: report.pool,
      },
    ],
    notes: ['Pairs that a step has built cannot be compared and are not chosen.'],
  };
}

export const budgetStep = defineStep({
  id: 'budget',
  family: 'remove',
  title: 'Budget',
  description:
    'Brings the number of pairs down to a budget: at random, by groups, or to the pairs that represent all best.',
  source: 'Equal groups: H. Ivison et al., Unpacking DPO and PPO (2024); subset: facility location, greedy',
  unconfirmed: 'Facility location in place of neural subset selection is our operationalisation.',
  params,
  findFault: ({ method, size, sizes, perPrompt }) => {
    if (method === 'group-sizes' && Object.keys(sizes).length === 0)
      return 'group-sizes needs the number of each group (key sizes)';
    if (method === 'subset' && size === undefined) return 'subset needs a number of pairs (key size)';
    return method === 'random' && size === undefined && perPrompt === undefined
      ? 'nothing would be cut: give size or perPrompt'
      : null;
  },
  apply: async (context) => {
    const { work, seed } = context;
    await capPrompts(context);
    if (context.params.method === 'subset') return takeSubset(context);
    if (context.params.method !== 'random') await drawGroups(context);
    else if (context.params.size !== undefined)
      await dropPairs(work, {
        sql: `SELECT candidate_id, 'over the budget' AS why FROM ${liveOf(work)}
          QUALIFY row_number() OVER (ORDER BY ${drawKey('pair_key', seed, 'budget')}, candidate_id) > ${context.params.size}`,
      });
    return {};
  },
});
