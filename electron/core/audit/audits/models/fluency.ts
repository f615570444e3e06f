import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { adjustFigures, type AuditContext as Context, defineAudit } from '../audit.ts';
import { describeFeatures, fitFeatures, measureFeatures, type SideFeature } from '../discordance.ts';
import { measureShares } from '../slices.ts';
import { scoreResponse } from './likelihood-call.ts';
import { samplePairs, listResponses } from './sampled-pairs.ts';

type AuditContext = Context<{ sample: number; min_cosine: number; warn_above: number }>;

const features: readonly SideFeature[] = [
  {
    id: 'fluency',
    title: 'higher likelihood per token (lower perplexity)',
    chosen: 'chosen_mean',
    rejected: 'rejected_mean',
  },
  { id: 'tokens', title: 'more tokens', chosen: 'chosen_tokens', rejected: 'rejected_tokens' },
];

export const fluencyAudit = defineAudit({
  id: 'fluency',
  family: 'surface',
  title: 'Fluency under a model',
  description:
    'Whether the response with the lower perplexity under a model is the chosen one, beside its length; with an embedding model, also among near-paraphrases alone.',
  inputs: ['label', 'text'],
  models: ['scorer'],
  parameters: {
    sample: z.number().int().min(10).max(100_000).default(200),
    /** Cosine of the two responses from which a pair counts as a paraphrase. */
    min_cosine: z.number().min(-1).max(1).default(0.9),
    warn_above: z.number().min(0.5).max(1).default(0.65),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  passes: [
    {
      role: 'scorer',
      columns: { response_id: 'BIGINT' },
      list: async (context) =>
        (await listSample(context)).map(({ responseId, prompt, text }) => ({
          call: scoreResponse(prompt, text),
          row: { response_id: responseId },
        })),
    },
    {
      role: 'embedder',
      columns: { response_id: 'BIGINT' },
      list: async (context) =>
        (await listSample(context)).map(({ responseId, text }) => ({
          call: { operation: 'embed', text },
          row: { response_id: responseId },
        })),
    },
  ],
  run: async (context: AuditContext) => {
    const from = await storeScored(context);
    const relation = { audit: 'fluency', from, features };
    const figures = adjustFigures([
      ...(await measureFeatures(context, relation)),
      ...(await fitFeatures(context, relation)),
      ...(await measureParaphrases(context, from)),
    ]);
    return {
      figures,
      findings: await describeFeatures(
        context,
        { ...relation, features: features.slice(0, 1) },
        {
          figures: figures.filter(({ slice_value: name }) => name !== features[1]?.title),
          most: 1,
          warnFrom: 2 * (context.params.warn_above - 0.5),
          noticeFrom: 0.02,
        },
      ),
      params: { nouns: 'not counted: there is no tagger' },
    };
  },
});

async function listSample(context: AuditContext) {
  return listResponses(await samplePairs(context, context.params.sample, { where: `x.label IN ('a', 'b')` }));
}

async function storeScored({ session, pairs, answers, scratch, signal }: AuditContext): Promise<string> {
  const table = scratch('scored');
  const scored = `(SELECT response_id, any_value(numbers) AS n FROM ${answers(0)} WHERE is_answered AND numbers[2] > 0 GROUP BY response_id)`;
  const vectors = `(SELECT response_id, any_value(numbers) AS v FROM ${answers(1)} WHERE is_answered GROUP BY response_id)`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     SELECT x.*, c.n[1] / c.n[2] AS chosen_mean, r.n[1] / r.n[2] AS rejected_mean, c.n[2] AS chosen_tokens, r.n[2] AS rejected_tokens,
       list_cosine_similarity(cv.v, rv.v) AS cosine
     FROM ${pairs} x JOIN ${scored} c ON c.response_id = x.chosen_id JOIN ${scored} r ON r.response_id = x.rejected_id
     LEFT JOIN ${vectors} cv ON cv.response_id = x.chosen_id LEFT JOIN ${vectors} rv ON rv.response_id = x.rejected_id WHERE x.label IN ('a', 'b')`,
    [],
    { signal },
  );
  return table;
}

async function measureParaphrases(context: AuditContext, from: string): Promise<AuditFigure[]> {
  if (!context.models.has('embedder')) return [];
  return measureShares(context, {
    head: {
      audit: 'fluency',
      metric: 'fluent_wins_paraphrases',
      title: `The likelier side wins, among near-paraphrases (cosine at least ${context.params.min_cosine})`,
    },
    from,
    outcome: `CASE WHEN cosine >= ${context.params.min_cosine} AND chosen_mean <> rejected_mean THEN (chosen_mean > rejected_mean)::INTEGER END`,
  });
}
