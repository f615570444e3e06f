import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { candidateScore, scoreNote } from '../scores.ts';
import { defineStep } from '../step.ts';
import { dropPairs, pairsOf } from '../work.ts';

export const scoreCutStep = defineStep({
  id: 'score-cut',
  family: 'remove',
  title: 'Cut by score',
  description:
    'Keeps the best share of the pairs by a score, or those between two limits. Equal scores at the cut go by the order of the pairs.',
  source: 'S. Gadre et al., DataComp (2023)',
  unconfirmed: null,
  params: {
    score: z.string().min(1).max(200).default('strength').describe(`One of ${scoreNote}.`),
    top: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe('Share of the pairs that stays, the highest scores first.'),
    least: z.number().optional().describe('Lowest score that stays.'),
    most: z.number().optional().describe('Highest score that stays.'),
    keepNull: z.boolean().default(false).describe('Keeps pairs without a score.'),
  },
  findFault: ({ top, least, most }) =>
    top === undefined && least === undefined && most === undefined
      ? 'nothing would be cut: give top, least or most'
      : null,
  apply: async ({ work, params, session, signal, scratch }) => {
    const binder = new Binder();
    const ranked = scratch('ranked');
    const score = candidateScore(params.score, binder);
    await session.run(
      `CREATE TABLE ${ranked} AS SELECT *, row_number() OVER (ORDER BY score IS NULL, score DESC, candidate_id) AS rank
       FROM (SELECT c.candidate_id, (${score})::DOUBLE AS score FROM ${pairsOf(work)} c)`,
      binder.parameters,
      { signal },
    );
    const { n } = await session.one<{ n: number }>(`SELECT count(*) AS n FROM ${ranked}`);
    const last = Math.round((params.top ?? 1) * n);
    const noScore = params.keepNull ? 'NULL' : `'no score'`;
    await dropPairs(work, {
      sql: `SELECT * FROM (SELECT candidate_id, CASE WHEN score IS NULL THEN ${noScore} WHEN score < ?::DOUBLE OR score > ?::DOUBLE THEN 'score outside the limits'
          WHEN rank > ${last} THEN 'below the best share' END AS why FROM ${ranked}) WHERE why IS NOT NULL`,
      parameters: [params.least ?? null, params.most ?? null],
    });
    const { ties } = await session.one<{ ties: number }>(
      `SELECT count(*) AS ties FROM ${ranked} WHERE rank > ${last} AND score = (SELECT score FROM ${ranked} WHERE rank = ${last})`,
    );
    return ties > 0
      ? {
          notes: [
            `${ties} dropped pairs have the very score of the last one kept; the order of the pairs decided.`,
          ],
        }
      : {};
  },
});
