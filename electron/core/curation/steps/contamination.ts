import { z } from 'zod';
import { findSharedRuns, measureCoverage } from '../../audit/audits/surface/contamination.ts';
import { normaliseText } from '../../audit/audits/shingles.ts';
import { wilsonInterval } from '../../statistics/wilson.ts';
import { AppError } from '../../../contract/app-error.ts';
import { defineStep } from '../step.ts';
import { dropPairs, liveOf, promptsOf } from '../work.ts';

export const contaminationStep = defineStep({
  id: 'contamination',
  family: 'remove',
  title: 'Contamination',
  description:
    'Drops pairs whose prompt shares 13 words in a row with a prompt of other datasets (test sets), or that 8-word runs of one such prompt cover to a share.',
  source: 'GPT-3 13-gram rule as used by lm-evaluation-harness; token coverage after open-instruct',
  unconfirmed: 'The 8-word runs and the cut of one half are not confirmed by their source.',
  params: {
    against: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(50)
      .default([''])
      .describe('Names of the datasets of this workspace that must stay unseen.'),
    coverage: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe('Share of the words in 8-word runs from which on a pair goes.'),
    mostDocuments: z
      .number()
      .int()
      .min(1)
      .default(1000)
      .describe('Runs of words in more prompts than this are boilerplate and do not count.'),
  },
  findFault: ({ against }) =>
    against.some((name) => name.trim() === '') ? 'name the datasets to compare with (key against)' : null,
  apply: async ({ work, params, session, signal, scratch }) => {
    const others = await session.all<{ id: number; name: string }>(
      `SELECT dataset_id AS id, name FROM dataset WHERE is_ready AND dataset_id <> ${work.datasetId} AND name IN (${params.against.map(() => '?').join(', ')})`,
      params.against,
    );
    const missing = params.against.find((name) => !others.some((one) => one.name === name));
    if (missing !== undefined)
      throw new AppError(
        'DATASET_MISSING',
        `The step “contamination” was not run: there is no other dataset named ${missing} in this workspace. Import it first.`,
      );
    const [own, other] = [scratch('own_texts'), scratch('other_texts')];
    const store = (table: string, source: string) =>
      session.run(
        `CREATE OR REPLACE TABLE ${table} AS SELECT row_number() OVER (ORDER BY first) AS id, norm, ids FROM (
           SELECT norm, min(key) AS first, list(key) AS ids FROM (SELECT key, ${normaliseText('text')} AS norm FROM (${source})) WHERE norm <> '' GROUP BY norm)`,
        [],
        { signal },
      );
    await store(
      own,
      `SELECT candidate_id AS key, p.text FROM ${liveOf(work)} k JOIN ${promptsOf(work)} p USING (prompt_id)`,
    );
    await store(
      other,
      `SELECT prompt_id AS key, text FROM prompt WHERE dataset_id IN (${others.map((one) => one.id).join(', ')})`,
    );
    const context = { session, signal, scratch, params: { most_documents: params.mostDocuments } };
    const sides = { test: own, train: other };
    const shared = await findSharedRuns(context, sides);
    const covered = await measureCoverage(context, sides);
    await dropPairs(work, {
      sql: `SELECT unnest(ids) AS candidate_id, why FROM ${own} JOIN (
          SELECT id, min(why) AS why FROM (SELECT id, '13 words in a row of a test prompt' AS why FROM ${shared}
            UNION ALL SELECT id, 'covered by runs of a test prompt' FROM ${covered} WHERE coverage >= ?::DOUBLE) GROUP BY id) USING (id)`,
      parameters: [params.coverage],
    });
    const { hits, n } = await session.one<{ hits: number; n: number }>(
      `SELECT (SELECT count(*) FROM ${shared}) AS hits, (SELECT count(*) FROM ${own}) AS n`,
    );
    const wilson = wilsonInterval(hits, n);
    return {
      figures:
        wilson.status === 'undefined'
          ? []
          : [
              {
                name: 'share of prompts with 13 shared words',
                value: wilson.estimate,
                low: wilson.lower,
                high: wilson.upper,
                n,
              },
            ],
    };
  },
});
