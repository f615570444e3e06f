import { z } from 'zod';
import { clusterKey, splitSelect } from '../../export/splits.ts';
import { clusterTexts } from '../clusters.ts';
import { defineStep } from '../step.ts';
import { changePairs, dropPairs, liveOf, promptsOf } from '../work.ts';

export const splitStep = defineStep({
  id: 'split',
  family: 'split',
  title: 'Splits',
  description:
    'Deals the pairs out to train, validation and test by prompt clusters, so that no prompt, further turn or near-duplicate of it stands in two splits.',
  source: null,
  unconfirmed: null,
  params: {
    train: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe('Share of train; the shares are scaled to sum to 1.'),
    validation: z.number().min(0).max(1).default(0.05).describe('Share of validation.'),
    test: z.number().min(0).max(1).default(0.05).describe('Share of test.'),
    threshold: z
      .number()
      .min(0.5)
      .max(1)
      .default(0.8)
      .describe(
        'Jaccard similarity of 5-word shingles from which prompts are one cluster; 1 joins equal prompts only.',
      ),
  },
  findFault: ({ train, validation, test }) =>
    train + validation + test > 0 ? null : 'the shares add up to nothing',
  apply: async (context) => {
    const { work, params, session, signal, seed, scratch } = context;
    const texts = `SELECT k.candidate_id AS key, coalesce(list_filter(p.messages, lambda said: said."role" = 'user')[1].content, p.text) AS text
      FROM ${liveOf(work)} k JOIN ${promptsOf(work)} p USING (prompt_id)`;
    const clustered = await clusterTexts(context, { texts, threshold: params.threshold });
    const kept = scratch('kept');
    await session.run(
      `CREATE TABLE ${kept} AS SELECT candidate_id, is_relabelled, min(own) OVER (PARTITION BY t.cluster) AS cluster FROM (
         SELECT k.candidate_id, k.is_relabelled, ${clusterKey} AS own FROM ${liveOf(work)} k JOIN ${promptsOf(work)} p USING (prompt_id)) k
       JOIN ${clustered} t ON t.key = k.candidate_id`,
      [],
      { signal },
    );
    const dealt = scratch('dealt');
    await session.run(
      `CREATE TABLE ${dealt} AS ${splitSelect(`SELECT * FROM ${kept}`, { ...params, seed })}`,
      [],
      {
        signal,
      },
    );
    await dropPairs(work, {
      sql: `SELECT candidate_id, 'relabelled pairs never stand in validation or test' AS why FROM ${dealt} WHERE is_relabelled AND split <> 'train'`,
    });
    await changePairs(work, {
      sql: `SELECT candidate_id, split AS why, split FROM ${dealt}`,
      set: ['split'],
    });
    const { clusters, leaking } = await session.one<{ clusters: number; leaking: number }>(
      `SELECT count(*) AS clusters, count(*) FILTER (splits > 1) AS leaking FROM (
         SELECT t.cluster, count(DISTINCT k.split) AS splits FROM ${liveOf(work)} k JOIN ${clustered} t ON t.key = k.candidate_id GROUP BY t.cluster)`,
    );
    return {
      figures: [
        { name: 'prompt clusters', value: clusters, low: null, high: null, n: clusters },
        { name: 'clusters in two splits', value: leaking, low: null, high: null, n: clusters },
      ],
    };
  },
});
