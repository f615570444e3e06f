import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { candidateScore, scoreNote } from '../scores.ts';
import { defineStep } from '../step.ts';
import { changePairs, pairsOf } from '../work.ts';

export const marginsStep = defineStep({
  id: 'margins',
  family: 'weigh',
  title: 'Margins',
  description:
    'Gives each pair the margin by which its chosen response is the better one, for the loss −ln σ(r_chosen − r_rejected − margin).',
  source: 'B. Wang et al., Secrets of RLHF II (2024); H. Touvron et al., Llama 2 (2023)',
  unconfirmed: 'Cutting margins at 0 is our operationalisation.',
  params: {
    score: z
      .string()
      .min(1)
      .max(200)
      .default('strength')
      .describe(`One of ${scoreNote}; gap.ASPECT is the usual one.`),
    scale: z.number().gt(0).default(1).describe('What the score is multiplied by.'),
    least: z.number().default(0).describe('Lowest margin that is written.'),
    most: z.number().default(1_000_000).describe('Highest margin that is written.'),
  },
  findFault: ({ least, most }) => (least > most ? 'least is larger than most' : null),
  apply: async ({ work, params, session }) => {
    const binder = new Binder();
    const score = candidateScore(params.score, binder);
    await changePairs(work, {
      sql: `SELECT candidate_id, 'margin by the score' AS why, least(greatest(score * ${params.scale}, ${params.least}), ${params.most}) AS margin
        FROM (SELECT c.candidate_id, (${score})::DOUBLE AS score FROM ${pairsOf(work)} c WHERE c.label IN ('a', 'b')) WHERE score IS NOT NULL`,
      parameters: binder.parameters,
      set: ['margin'],
    });
    const { cut } = await session.one<{ cut: number }>(
      `SELECT count(*) FILTER (margin = ${params.least}) AS cut FROM ${pairsOf(work)} WHERE touched_by = ${work.step}`,
    );
    return { notes: cut > 0 ? [`${cut} margins lie at or below ${params.least} and were set to it.`] : [] };
  },
});
