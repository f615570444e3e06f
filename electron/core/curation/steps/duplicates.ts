import { z } from 'zod';
import { normaliseText } from '../../audit/audits/shingles.ts';
import { defineStep } from '../step.ts';
import { dropPairs, pairsOf, promptsOf, responsesOf } from '../work.ts';

export const duplicatesStep = defineStep({
  id: 'duplicates',
  family: 'remove',
  title: 'Duplicates and conflicts',
  description:
    'Of pairs with the same prompt and sides (case and punctuation aside) the first stays; all copies go where their labels contradict each other, and pairs whose sides are equal.',
  source: null,
  unconfirmed: null,
  params: {
    conflicts: z
      .enum(['drop', 'majority', 'keep'])
      .default('drop')
      .describe(
        'Copies with opposite labels: drop all, keep the first with the label of most of them (all go where none has most), or leave them.',
      ),
    identicalSides: z.boolean().default(true).describe('Drops pairs whose two responses say the same.'),
  },
  apply: async ({ work, params }) => {
    const keyed = `SELECT x.candidate_id, x.label, md5(${normaliseText('p.text')}) AS prompt_key, md5(${normaliseText('ra.text')}) AS a_key, md5(${normaliseText('rb.text')}) AS b_key
      FROM ${pairsOf(work)} x JOIN ${promptsOf(work)} p ON p.prompt_id = x.prompt_id
      JOIN ${responsesOf(work)} ra ON ra.response_id = x.response_a_id JOIN ${responsesOf(work)} rb ON rb.response_id = x.response_b_id`;
    const sides = `SELECT *, least(a_key, b_key) AS low, greatest(a_key, b_key) AS high,
      CASE label WHEN 'a' THEN a_key WHEN 'b' THEN b_key END AS winner FROM (${keyed})`;
    const counted = `SELECT *, count(*) FILTER (winner = low) OVER same AS for_low, count(*) FILTER (winner = high) OVER same AS for_high
      FROM (${sides}) WINDOW same AS (PARTITION BY prompt_key, low, high)`;
    const isConflict = 'low <> high AND for_low > 0 AND for_high > 0';
    const loses = `(for_low = for_high OR winner IS NULL OR winner <> CASE WHEN for_low > for_high THEN low ELSE high END)`;
    const conflict = {
      drop: `WHEN ${isConflict} THEN 'copies with opposite labels'`,
      majority: `WHEN ${isConflict} AND ${loses} THEN 'copies with opposite labels'`,
      keep: '',
    }[params.conflicts];
    const sameAs = params.conflicts === 'keep' ? 'prompt_key, low, high, winner' : 'prompt_key, low, high';
    await dropPairs(work, {
      sql: `SELECT candidate_id, why FROM (
          SELECT candidate_id, first_why, CASE WHEN first_why IS NOT NULL THEN first_why
            WHEN row_number() OVER (PARTITION BY ${sameAs}, first_why IS NULL ORDER BY candidate_id) > 1 THEN 'copy of an earlier pair' END AS why
          FROM (SELECT *, CASE ${params.identicalSides ? `WHEN low = high THEN 'both sides are equal'` : ''} ${conflict} WHEN false THEN '' END AS first_why FROM (${counted})))
        WHERE why IS NOT NULL`,
    });
    return {};
  },
});
