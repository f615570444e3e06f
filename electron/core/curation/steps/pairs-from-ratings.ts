import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { addRated, dropFormer, ratedShape, storePrompts } from '../rated-pairs.ts';
import { ratedResponses } from '../scores.ts';
import { defineStep } from '../step.ts';

/** Which places of the ranking of a prompt make a pair; `w` is the better one. */
const strategies = {
  'best-worst': 'w.rank = 1 AND l.rank = l.n',
  adjacent: 'l.rank = w.rank + 1',
  'best-each': 'w.rank = 1 AND l.rank > 1',
  all: 'l.rank > w.rank',
} as const;

export const pairsFromRatingsStep = defineStep({
  id: 'pairs-from-ratings',
  family: 'build',
  title: 'Pairs from ratings or rankings',
  description:
    'Ranks the rated responses of each prompt and pairs them: best against worst, neighbours, the best against each, or all. Equal scores make no pair.',
  source:
    'best-worst: G. Cui et al., UltraFeedback (2023); best-each: Curry-DPO (2024); all: L. Ouyang et al., InstructGPT (2022)',
  unconfirmed: null,
  params: {
    ...ratedShape,
    strategy: z
      .enum(['best-worst', 'adjacent', 'best-each', 'all'])
      .default('best-worst')
      .describe('Which places of the ranking are paired.'),
    minGap: z
      .number()
      .min(0)
      .default(0)
      .describe('Least difference of the scores; equal scores never make a pair.'),
    maxPerPrompt: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('Pairs of a prompt at most, the largest gaps first.'),
  },
  apply: async ({ work, params, session, signal, scratch }) => {
    const eligible = await storePrompts(work, scratch('prompts'));
    const binder = new Binder();
    const built = scratch('built');
    await session.run(
      `CREATE TABLE ${built} AS
       WITH rated AS (SELECT *, row_number() OVER (PARTITION BY prompt_id ORDER BY score DESC, key) AS rank, count(*) OVER (PARTITION BY prompt_id) AS n
           FROM (${ratedResponses(work, params, binder)}) WHERE ${eligible}),
         paired AS (SELECT w.prompt_id, w.response_id AS best_id, l.response_id AS worse_id, w.score - l.score AS gap, w.rank AS wr, l.rank AS lr
           FROM rated w JOIN rated l ON l.prompt_id = w.prompt_id AND w.score > l.score AND ${strategies[params.strategy]})
       SELECT row_number() OVER (ORDER BY prompt_id, gap DESC, wr, lr) AS ord, *, '${params.strategy}' AS why, to_json({'gap': gap, 'ranks': [wr, lr]}) AS detail FROM paired
       WHERE gap >= ${params.minGap} QUALIFY row_number() OVER (PARTITION BY prompt_id ORDER BY gap DESC, wr, lr) <= ${params.maxPerPrompt ?? 1_000_000}`,
      binder.parameters,
      { signal },
    );
    await dropFormer(work, params.replace);
    await addRated(work, built);
    const { prompts, all } = await session.one<{ prompts: number; all: number }>(
      `SELECT (SELECT count(DISTINCT prompt_id) FROM ${built}) AS prompts, (SELECT count(*) FROM ${scratch('prompts')}) AS all`,
    );
    const without = all - prompts;
    return {
      notes: [
        `Pairs of ${prompts} prompts.${without > 0 ? ` ${without} prompts have no two responses with different scores.` : ''}`,
      ],
    };
  },
});
