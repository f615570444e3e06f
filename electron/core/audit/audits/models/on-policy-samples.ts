import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { measureMean, measureShare, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import type { ModelQuestion } from '../model-question.ts';
import { sayMany, sayShare } from '../wording.ts';
import { scoreResponse, writeResponse } from './likelihood-call.ts';
import { nameModel } from './model-figures.ts';
import { listResponses, samplePairs, type SampledPair } from './sampled-pairs.ts';

type AuditContext = Context<{
  sample: number;
  samples: number;
  max_tokens: number;
  temperature: number;
  z_below: number;
  min_cosine: number;
}>;

const headOf = (metric: string, title: string) => ({ audit: 'on_policy_samples', metric, title });
/** Own samples below which no z is taken. */
const minimumSamples = 4;
const columns = { kind: 'VARCHAR', item: 'BIGINT', response_id: 'BIGINT', sample: 'BIGINT' } as const;

export const onPolicySamplesAudit = defineAudit({
  id: 'on_policy_samples',
  family: 'noise',
  title: 'On-policy check with a model’s own samples',
  description:
    'Lets a model answer prompts of the dataset and compares: whether the stored responses are as likely under it as its own, and, with an embedding model, whether its own answers have a like among the stored ones.',
  inputs: ['text'],
  models: ['scorer'],
  parameters: {
    /** Prompts taken. */
    sample: z.number().int().min(5).max(10_000).default(40),
    /** Own answers for each prompt. */
    samples: z.number().int().min(2).max(64).default(8),
    max_tokens: z.number().int().min(8).max(2048).default(128),
    temperature: z.number().min(0.1).max(2).default(1),
    z_below: z.number().lt(0).default(-2),
    min_cosine: z.number().min(0).max(1).default(0.85),
  },
  findObstacle: (dataset) => (dataset.pairs === 0 ? 'The dataset has no pairs.' : null),
  passes: [
    { role: 'scorer', columns, list: async (context) => listFirst(context, await listPrompts(context)) },
    { role: 'scorer', columns, list: async (context) => listOwn(context, await listPrompts(context)) },
    { role: 'embedder', columns, list: async (context) => listVectors(context, await listPrompts(context)) },
  ],
  run: async (context: AuditContext) => {
    const table = await storeScores(context);
    const figures = [...(await measureScores(context, table)), ...(await measureSupport(context))];
    const [off] = figures;
    return {
      figures,
      findings: off
        ? [
            makeFinding({
              id: 'off_policy',
              sentence: `${sayShare(off)} of ${sayMany(off.n_items, 'response')} lie more than ${-context.params.z_below} SDs below the own answers of ${nameModel(context, 'scorer')} in likelihood per token.`,
              figure: { ...off, neutral: 0 },
              scale: 'amount',
              isDescriptive: true,
              noticeFrom: 0.2,
              rows: await context.keepRows({
                set: 'off_policy',
                relation: 'responses',
                sql: `SELECT response_id AS row_id FROM ${table} WHERE z < ? ORDER BY z, response_id`,
                parameters: [context.params.z_below],
              }),
            }),
          ]
        : [],
      params: { cut: 'our operationalisation' },
    };
  },
});

/** One sampled pair for each prompt. */
async function listPrompts(context: AuditContext): Promise<SampledPair[]> {
  const pairs = await samplePairs(context, 4 * context.params.sample, { where: `trim(p.text) <> ''` });
  return [...new Map(pairs.toReversed().map((pair) => [pair.prompt, pair])).values()]
    .toReversed()
    .slice(0, context.params.sample);
}

function listFirst({ params, seed }: AuditContext, pairs: readonly SampledPair[]): ModelQuestion[] {
  return pairs.flatMap((pair): ModelQuestion[] => {
    const item = pair.comparisonId;
    const { max_tokens: maxTokens, temperature } = params;
    const own = Array.from({ length: params.samples }, (_, sample) => ({
      call: writeResponse(pair.prompt, { maxTokens, temperature, seed: seed * 1000 + sample }),
      row: { kind: 'own', item, response_id: null, sample },
    }));
    const stored = listResponses([pair]).map(({ responseId, prompt, text }) => ({
      call: scoreResponse(prompt, text),
      row: { kind: 'stored', item, response_id: responseId, sample: null },
    }));
    return [...own, ...stored];
  });
}

async function listWritten({ session, answers }: AuditContext) {
  return session.all<{ item: number; sample: number; text: string }>(
    `SELECT item, sample, text FROM ${answers(0)} WHERE kind = 'own' AND text IS NOT NULL AND trim(text) <> '' ORDER BY item, sample`,
  );
}

async function listOwn(context: AuditContext, pairs: readonly SampledPair[]): Promise<ModelQuestion[]> {
  const prompts = new Map(pairs.map(({ comparisonId, prompt }) => [comparisonId, prompt]));
  return (await listWritten(context)).map(({ item, sample, text }) => ({
    call: scoreResponse(prompts.get(item) ?? '', text),
    row: { kind: 'own', item, response_id: null, sample },
  }));
}

async function listVectors(context: AuditContext, pairs: readonly SampledPair[]): Promise<ModelQuestion[]> {
  const own = (await listWritten(context)).map(({ item, sample, text }) => ({
    call: { operation: 'embed' as const, text },
    row: { kind: 'own', item, response_id: null, sample },
  }));
  const stored = pairs.flatMap((pair) =>
    listResponses([pair]).map(({ responseId, text }) => ({
      call: { operation: 'embed' as const, text },
      row: { kind: 'stored', item: pair.comparisonId, response_id: responseId, sample: null },
    })),
  );
  return [...own, ...stored];
}

/** z = (s − mean)/SD of every stored response among the model's own samples of its prompt, s per token, SD with n − 1; NULL below four samples or without spread. */
async function storeScores({ session, answers, scratch, signal }: AuditContext): Promise<string> {
  const table = scratch('scores');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH own AS (SELECT item, avg(numbers[1] / numbers[2]) AS mean, stddev(numbers[1] / numbers[2]) AS sd, count(*) AS k FROM ${answers(1)} WHERE is_answered AND numbers[2] > 0 GROUP BY item)
     SELECT q.response_id, q.item AS cluster, CASE WHEN o.sd > 0 AND o.k >= ${minimumSamples} THEN (q.numbers[1] / q.numbers[2] - o.mean) / o.sd END AS z
     FROM ${answers(0)} q JOIN own o USING (item) WHERE q.kind = 'stored' AND q.is_answered AND q.numbers[2] > 0 ORDER BY q.response_id`,
    [],
    { signal },
  );
  return table;
}

async function measureScores(
  { session, params, signal }: AuditContext,
  table: string,
): Promise<AuditFigure[]> {
  const moments = async (outcome: string) => {
    const relation = `(SELECT NULL AS slice, cluster, ${outcome} AS outcome FROM ${table})`;
    return (await sumClusterMoments(session, relation, { parameters: [], signal }))[0];
  };
  const off = await moments(`(z < ${params.z_below})::INTEGER`);
  return [
    makeFigure(headOf('off_policy_share', 'Responses the model would hardly give (our operationalisation)'), {
      ...measureShare(off),
      p: null,
    }),
    makeFigure(headOf('mean_z', 'Mean z of a response among the model’s own'), {
      ...measureMean(await moments('z')),
      neutral: 0,
    }),
  ];
}

/** Of the model's own samples, those with a stored response of the prompt at the cosine or above. */
async function measureSupport({
  session,
  answers,
  models,
  params,
  signal,
}: AuditContext): Promise<AuditFigure[]> {
  if (!models.has('embedder')) return [];
  const [moments] = await sumClusterMoments(
    session,
    `(SELECT NULL AS slice, o.item AS cluster, (max(list_cosine_similarity(o.numbers, s.numbers)) >= ${params.min_cosine})::INTEGER AS outcome
      FROM ${answers(2)} o JOIN ${answers(2)} s ON s.item = o.item AND s.kind = 'stored' AND s.is_answered WHERE o.kind = 'own' AND o.is_answered GROUP BY o.item, o.sample)`,
    { parameters: [], signal },
  );
  return [
    makeFigure(headOf('support', 'Own samples with a stored response like them'), {
      ...measureShare(moments),
      p: null,
    }),
  ];
}
