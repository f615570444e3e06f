import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { addRated, dropFormer, ratedShape, storePrompts } from '../rated-pairs.ts';
import { drawOrder, ratedResponses } from '../scores.ts';
import { defineStep } from '../step.ts';

const others = {
  worst: 'score, key DESC',
  random: 'drawn, key',
} as const;

export const bestOfKStep = defineStep({
  id: 'best-of-k',
  family: 'build',
  title: 'Best of k',
  description:
    'Draws k scored candidates of each prompt by the seed; the best is chosen, and the worst or a random other one of the k is rejected.',
  source:
    'C. Zhang et al., Policy filtration (PF-PPO, 2024): best-worst and best-random; scores in the middle are the least trustworthy',
  unconfirmed: null,
  params: {
    ...ratedShape,
    k: z
      .number()
      .int()
      .min(2)
      .default(4)
      .describe('Candidates drawn of each prompt; all where there are fewer.'),
    rejected: z.enum(['worst', 'random']).default('worst').describe('Which of the others is rejected.'),
    least: z.number().optional().describe('Lowest score of the chosen response.'),
  },
  apply: async ({ work, params, session, signal, seed, scratch }) => {
    const eligible = await storePrompts(work, scratch('prompts'));
    const binder = new Binder();
    const built = scratch('built');
    const least = params.least === undefined ? 'true' : `best.score >= ${params.least}`;
    await session.run(
      `CREATE TABLE ${built} AS
       WITH candidates AS (SELECT *, ${drawOrder(seed, 'best-of-k')} AS drawn FROM (${ratedResponses(work, params, binder)}) WHERE ${eligible}),
         picked AS (SELECT * FROM candidates QUALIFY row_number() OVER (PARTITION BY prompt_id ORDER BY drawn, key) <= ${params.k}),
         best AS (SELECT * FROM picked QUALIFY row_number() OVER (PARTITION BY prompt_id ORDER BY score DESC, key) = 1),
         other AS (SELECT p.* FROM picked p JOIN best USING (prompt_id) WHERE p.score < best.score
           QUALIFY row_number() OVER (PARTITION BY p.prompt_id ORDER BY ${others[params.rejected].replaceAll(/\b(score|key|drawn)\b/g, 'p.$1')}) = 1)
       SELECT row_number() OVER (ORDER BY best.prompt_id) AS ord, best.prompt_id, best.response_id AS best_id, other.response_id AS worse_id,
         best.score - other.score AS gap, 'best of ${params.k}, ${params.rejected} rejected' AS why, to_json({'gap': best.score - other.score, 'score': best.score}) AS detail
       FROM best JOIN other USING (prompt_id) WHERE ${least}`,
      binder.parameters,
      { signal },
    );
    await dropFormer(work, params.replace);
    await addRated(work, built);
    return {};
  },
});
