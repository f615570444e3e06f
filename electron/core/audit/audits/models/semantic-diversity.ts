import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { bootstrapClusters } from '../../../statistics/bootstrap.ts';
import { type AuditContext as Context, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { estimateFigure } from '../plain-figures.ts';
import { sayMany, sayValue } from '../wording.ts';
import { nameModel } from './model-figures.ts';
import { listResponses, samplePairs } from './sampled-pairs.ts';

type AuditContext = Context<{ sample: number; brief: string; rounds: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'semantic_diversity', metric, title });

export const semanticDiversityAudit = defineAudit({
  id: 'semantic_diversity',
  family: 'documentation',
  title: 'Diversity and relevance by meaning',
  description:
    'How far apart responses lie in the vectors of an embedding model, those to one prompt and those to different ones, and how near they come to a written brief.',
  inputs: ['text'],
  models: ['embedder'],
  parameters: {
    sample: z.number().int().min(10).max(5_000).default(200),
    /** What the data were to be about, in words; empty = relevance is not measured. */
    brief: z.string().max(10_000).default(''),
    rounds: z.number().int().min(100).max(10_000).default(1000),
  },
  findObstacle: (dataset) => (dataset.pairs === 0 ? 'The dataset has no pairs.' : null),
  passes: [
    {
      role: 'embedder',
      columns: { response_id: 'BIGINT', cluster: 'BIGINT' },
      list: async (context) => {
        const pairs = await samplePairs(context, context.params.sample);
        const places = new Map(pairs.map(({ prompt }, place) => [prompt, place]));
        const texts = listResponses(pairs).map(({ responseId, prompt, text }) => ({
          call: { operation: 'embed' as const, text },
          row: { response_id: responseId, cluster: places.get(prompt) ?? 0 },
        }));
        if (context.params.brief.trim() === '') return texts;
        const brief = { operation: 'embed' as const, text: context.params.brief };
        return [...texts, { call: brief, row: { response_id: null, cluster: null } }];
      },
    },
  ],
  run: async (context: AuditContext) => {
    const vectors = `(SELECT response_id, cluster, numbers AS v FROM ${context.answers(0)} WHERE is_answered AND response_id IS NOT NULL)`;
    const apart = (same: boolean) =>
      `SELECT x.cluster, sum(1 - list_cosine_similarity(x.v, y.v)) AS total, count(*) AS n FROM ${vectors} x JOIN ${vectors} y ON x.response_id <> y.response_id AND (x.cluster = y.cluster) = ${same} GROUP BY x.cluster ORDER BY x.cluster`;
    const figures = [
      await measure(
        context,
        apart(false),
        headOf('mean_cosine_distance', 'Mean cosine distance of responses to different prompts'),
      ),
      await measure(
        context,
        apart(true),
        headOf('within_prompt_distance', 'Mean cosine distance of responses to one prompt'),
      ),
      await measure(
        context,
        `SELECT x.cluster, sum(list_cosine_similarity(x.v, b.numbers)) AS total, count(*) AS n FROM ${vectors} x JOIN ${context.answers(0)} b ON b.response_id IS NULL AND b.is_answered GROUP BY x.cluster ORDER BY x.cluster`,
        headOf('brief_cosine', 'Mean cosine of a response to the brief'),
      ),
    ].filter(({ n_items: n }) => n > 0);
    const [distance] = figures;
    const brief = figures.find(({ metric }) => metric === 'brief_cosine');
    return {
      figures,
      findings: distance
        ? [
            makeFinding({
              id: 'diversity',
              sentence: `By ${nameModel(context, 'embedder')}, responses to different prompts are ${sayValue(distance, 3)} apart in cosine distance over ${sayMany(distance.n_items, 'response')}${brief ? `, and ${sayValue(brief, 3)} similar to the brief` : ''}.`,
              figure: distance,
              scale: 'amount',
              isDescriptive: true,
              noticeFrom: Number.POSITIVE_INFINITY,
            }),
          ]
        : [],
    };
  },
});

/** A ratio of two sums with the prompts resampled; n is the number of responses. */
async function measure(
  { session, params, seed, signal, answers }: AuditContext,
  sql: string,
  head: Pick<AuditFigure, 'audit' | 'metric' | 'title'>,
): Promise<AuditFigure> {
  const columns = await session.columns(sql, [], { signal });
  const { total = new Float64Array(0), n = new Float64Array(0) } = columns;
  const outcome = await bootstrapClusters([total, n], ([sum = 0, count = 0]) => sum / count, {
    seed,
    rounds: params.rounds,
    ...(signal ? { signal } : {}),
  });
  const { responses } = await session.one<{ responses: number }>(
    `SELECT count(DISTINCT response_id) AS responses FROM ${answers(0)} WHERE is_answered AND response_id IS NOT NULL`,
  );
  return estimateFigure(head, outcome, total.length === 0 ? 0 : responses);
}
