import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { candidateScore, scoreNote } from '../scores.ts';
import { defineStep } from '../step.ts';
import { changePairs, drawKey, dropPairs, pairsOf } from '../work.ts';

export const curriculumStep = defineStep({
  id: 'curriculum',
  family: 'order',
  title: 'Curriculum',
  description:
    'Puts the pairs in stages from easy to hard and gives each its place: all of stage 1 first, prompts shuffled by the seed inside a stage.',
  source: 'P. Pattnaik et al., Curry-DPO (2024)',
  unconfirmed: 'The recipe of the stages is not confirmed by the paper’s abstract.',
  params: {
    score: z
      .string()
      .min(1)
      .max(200)
      .default('margin')
      .describe(
        `What makes a pair easy, the higher the easier: one of ${scoreNote}. After pairs from ratings, margin is the gap.`,
      ),
    stages: z.number().int().min(1).max(100).default(3).describe('Number of stages.'),
    within: z
      .enum(['prompt', 'all'])
      .default('prompt')
      .describe(
        'prompt: the stage is the place among the pairs of one prompt; all: stages of equal size over all pairs.',
      ),
    order: z.enum(['easy-first', 'hard-first']).default('easy-first').describe('Which end comes first.'),
    dropUnscored: z
      .boolean()
      .default(false)
      .describe('Drops pairs without a score; they come last otherwise.'),
  },
  apply: async ({ work, params, session, signal, seed, scratch }) => {
    const binder = new Binder();
    const score = candidateScore(params.score, binder);
    const sign = params.order === 'easy-first' ? 'DESC' : 'ASC';
    const { stages } = params;
    const stage =
      params.within === 'all'
        ? `ntile(${stages}) OVER (ORDER BY score ${sign}, candidate_id)`
        : `CASE WHEN pairs >= ${stages} THEN ceil(rank * ${stages} / pairs) ELSE rank END`;
    const placed = scratch('placed');
    await session.run(
      `CREATE TABLE ${placed} AS
       WITH scored AS (SELECT c.candidate_id, c.prompt_id, c.pair_key, (${score})::DOUBLE AS score FROM ${pairsOf(work)} c),
         ranked AS (SELECT *, row_number() OVER (PARTITION BY prompt_id ORDER BY score ${sign}, candidate_id) AS rank,
           count(*) OVER (PARTITION BY prompt_id) AS pairs, min(pair_key) OVER (PARTITION BY prompt_id) AS prompt_key FROM scored WHERE score IS NOT NULL),
         staged AS (SELECT *, (${stage})::INTEGER AS stage FROM ranked)
       SELECT candidate_id, score, stage, row_number() OVER (ORDER BY stage, ${drawKey('prompt_key', seed, 'curriculum')}, rank, candidate_id) AS place FROM staged`,
      binder.parameters,
      { signal },
    );
    if (params.dropUnscored)
      await dropPairs(work, {
        sql: `SELECT candidate_id, 'no score' AS why FROM ${pairsOf(work)} WHERE candidate_id NOT IN (SELECT candidate_id FROM ${placed})`,
      });
    await changePairs(work, {
      sql: `SELECT candidate_id, concat('stage ', stage) AS why, stage, place FROM ${placed}`,
      set: ['stage', 'place'],
    });
    const means = await session.all<{ stage: number; mean: number; sd: number | null; n: number }>(
      `SELECT stage, avg(score) AS mean, stddev_samp(score) AS sd, count(*) AS n FROM ${placed} GROUP BY stage ORDER BY stage`,
    );
    return {
      figures: means.map(({ stage: no, mean, sd, n }) => {
        const half = sd === null ? null : (1.959964 * sd) / Math.sqrt(n);
        return {
          name: `mean score of stage ${no}`,
          value: mean,
          low: half === null ? null : mean - half,
          high: half === null ? null : mean + half,
          n,
        };
      }),
    };
  },
});
