import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { clusterTexts } from '../clusters.ts';
import { candidateScore, scoreNote } from '../scores.ts';
import { defineStep } from '../step.ts';
import { dropPairs, liveOf, pairsOf, promptsOf, responsesOf } from '../work.ts';

export const nearDuplicatesStep = defineStep({
  id: 'near-duplicates',
  family: 'remove',
  title: 'Near-duplicates',
  description:
    'Of pairs whose texts nearly repeat one another a number stays: the first, or the best by a score. MinHash of 5-word shingles proposes, exact Jaccard similarity decides.',
  source: null,
  unconfirmed: null,
  params: {
    of: z
      .enum(['prompt', 'pair', 'chosen'])
      .default('prompt')
      .describe('What is compared: the prompt, prompt and both responses, or the chosen response.'),
    threshold: z.number().min(0.5).max(1).default(0.8).describe('Least Jaccard similarity.'),
    keep: z.number().int().min(1).default(1).describe('Pairs of a cluster that stay.'),
    by: z
      .string()
      .max(200)
      .default('')
      .describe(`Score by which the best stay (${scoreNote}); the first pairs without.`),
  },
  apply: async (context) => {
    const { work, params, session, signal, scratch } = context;
    const compared =
      params.of === 'prompt'
        ? 'p.text'
        : params.of === 'pair'
          ? `concat_ws(chr(10), p.text, ra.text, rb.text)`
          : `CASE x.label WHEN 'b' THEN rb.text ELSE ra.text END`;
    const joins =
      params.of === 'prompt'
        ? ''
        : `JOIN ${responsesOf(work)} ra ON ra.response_id = x.response_a_id JOIN ${responsesOf(work)} rb ON rb.response_id = x.response_b_id`;
    const clustered = await clusterTexts(context, {
      texts: `SELECT x.candidate_id AS key, ${compared} AS text FROM ${liveOf(work)} x JOIN ${promptsOf(work)} p USING (prompt_id) ${joins}`,
      threshold: params.threshold,
    });
    const binder = new Binder();
    const score = params.by === '' ? 'NULL' : candidateScore(params.by, binder);
    const ranked = scratch('ranked');
    await session.run(
      `CREATE TABLE ${ranked} AS SELECT candidate_id, cluster, row_number() OVER (PARTITION BY cluster ORDER BY score DESC NULLS LAST, candidate_id) AS rank
       FROM (SELECT c.candidate_id, t.cluster, (${score})::DOUBLE AS score FROM ${pairsOf(work)} c JOIN ${clustered} t ON t.key = c.candidate_id)`,
      binder.parameters,
      { signal },
    );
    await dropPairs(work, {
      sql: `SELECT candidate_id, 'nearly repeats another pair' AS why FROM ${ranked} WHERE rank > ${params.keep}`,
    });
    const { clusters, largest } = await session.one<{ clusters: number; largest: number }>(
      `SELECT count(*) FILTER (n > 1) AS clusters, coalesce(max(n), 0) AS largest FROM (SELECT count(*) AS n FROM ${ranked} GROUP BY cluster)`,
    );
    const { n } = await session.one<{ n: number }>(`SELECT count(*) AS n FROM ${ranked}`);
    return {
      figures: [
        { name: 'clusters of more than one pair', value: clusters, low: null, high: null, n },
        { name: 'pairs of the largest cluster', value: largest, low: null, high: null, n },
      ],
    };
  },
});
