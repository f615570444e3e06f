import { z } from 'zod';
import { type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import type { ModelQuestion } from '../model-question.ts';
import { sayMany, sayShare } from '../wording.ts';
import { nameModel, testedShare } from './model-figures.ts';
import { samplePairs } from './sampled-pairs.ts';

type AuditContext = Context<{ sample: number; min_cosine: number; propose: boolean; warn_share: number }>;

export const semanticDuplicatesAudit = defineAudit({
  id: 'semantic_duplicates',
  family: 'surface',
  title: 'Duplicates by meaning',
  description:
    'Prompts that mean the same as another in other words, and pairs whose two responses say the same, by the vectors of an embedding model.',
  inputs: ['text'],
  models: ['embedder'],
  parameters: {
    sample: z.number().int().min(10).max(20_000).default(1000),
    /** Cosine from which two texts mean the same. */
    min_cosine: z.number().min(0).max(1).default(0.95),
    /** Whether to propose leaving out the pairs of all but one of the prompts that mean the same. */
    propose: z.boolean().default(false),
    warn_share: z.number().min(0).max(1).default(0.2),
  },
  findObstacle: (dataset) => (dataset.pairs === 0 ? 'The dataset has no pairs.' : null),
  passes: [
    {
      role: 'embedder',
      columns: { kind: 'VARCHAR', item: 'BIGINT' },
      list: (context) => listTexts(context),
    },
  ],
  run: async (context: AuditContext) => {
    const near = await storeNeighbours(context);
    const counts = await context.session.one<Record<'prompts' | 'near' | 'pairs' | 'same', number>>(
      `WITH sides AS (SELECT list_cosine_similarity(a.numbers, b.numbers) AS cosine FROM ${context.answers(0)} a JOIN ${context.answers(0)} b ON b.item = a.item AND b.kind = 'b'
         WHERE a.kind = 'a' AND a.is_answered AND b.is_answered)
       SELECT (SELECT count(DISTINCT question_hash) FROM ${context.answers(0)} WHERE kind = 'prompt' AND is_answered) AS prompts, (SELECT count(*) FROM ${near}) AS near,
         (SELECT count(*) FROM sides) AS pairs, (SELECT count(*) FILTER (cosine >= $1::DOUBLE) FROM sides) AS same`,
      [context.params.min_cosine],
      { signal: context.signal },
    );
    const head = (metric: string, title: string) => ({ audit: 'semantic_duplicates', metric, title });
    const prompts = testedShare(head('near_prompts', 'Different prompts that mean the same as another'), {
      count: counts.near,
      n: counts.prompts,
      neutral: null,
    });
    const sides = testedShare(head('same_sides', 'Pairs whose two responses say the same'), {
      count: counts.same,
      n: counts.pairs,
      neutral: null,
    });
    if (context.params.propose) await proposeDrops(context, near);
    const name = nameModel(context, 'embedder');
    return {
      figures: [makeFigure(prompts, { ...prompts, neutral: 0 }), makeFigure(sides, { ...sides, neutral: 0 })],
      findings: [
        makeFinding({
          id: 'near_prompts',
          sentence: `By ${name}, ${sayShare(prompts)} of ${sayMany(prompts.n_items, 'different prompt')} mean the same as another (cosine at least ${context.params.min_cosine}).`,
          figure: { ...prompts, neutral: 0 },
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: 0.01,
          warnFrom: context.params.warn_share,
          rows: await context.keepRows({
            set: 'near_prompts',
            relation: 'pairs',
            sql: `SELECT DISTINCT q.item AS row_id, n.leader FROM ${near} n JOIN ${context.answers(0)} q USING (question_hash) WHERE q.kind = 'prompt' ORDER BY n.leader, row_id`,
          }),
        }),
        makeFinding({
          id: 'same_sides',
          sentence: `By ${name}, the two responses say the same in ${sayShare(sides)} of ${sayMany(sides.n_items, 'pair')}.`,
          figure: { ...sides, neutral: 0 },
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: 0.01,
          warnFrom: context.params.warn_share,
          rows: await context.keepRows({
            set: 'same_sides',
            relation: 'pairs',
            sql: `SELECT a.item AS row_id FROM ${context.answers(0)} a JOIN ${context.answers(0)} b ON b.item = a.item AND b.kind = 'b' WHERE a.kind = 'a' AND a.is_answered AND b.is_answered
              AND list_cosine_similarity(a.numbers, b.numbers) >= ? ORDER BY row_id`,
            parameters: [context.params.min_cosine],
          }),
        }),
      ],
    };
  },
});

async function listTexts(context: AuditContext): Promise<ModelQuestion[]> {
  const pairs = await samplePairs(context, context.params.sample, { where: `trim(p.text) <> ''` });
  return pairs.flatMap(({ comparisonId: item, prompt, responseA, responseB }) =>
    [
      ['prompt', prompt],
      ['a', responseA],
      ['b', responseB],
    ].map(([kind = '', text = '']) => ({ call: { operation: 'embed' as const, text }, row: { kind, item } })),
  );
}

/** Prompts with another at the cosine or above: question_hash, leader (the first of its neighbours by hash). Each text counts once. */
async function storeNeighbours(context: AuditContext): Promise<string> {
  const table = context.scratch('neighbours');
  await context.session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH v AS (SELECT question_hash, any_value(numbers) AS numbers FROM ${context.answers(0)} WHERE kind = 'prompt' AND is_answered GROUP BY question_hash)
     SELECT x.question_hash, least(x.question_hash, min(y.question_hash)) AS leader FROM v x JOIN v y ON x.question_hash <> y.question_hash
     WHERE list_cosine_similarity(x.numbers, y.numbers) >= ? GROUP BY x.question_hash`,
    [context.params.min_cosine],
    { signal: context.signal },
  );
  return table;
}

async function proposeDrops(context: AuditContext, near: string): Promise<void> {
  await context.propose({
    kind: 'drop',
    sql: `SELECT q.item AS comparison_id, NULL AS before, NULL AS after, 'Its prompt means the same as that of another pair' AS reason, NULL AS score
      FROM ${near} n JOIN ${context.answers(0)} q USING (question_hash) WHERE q.kind = 'prompt' AND n.question_hash <> n.leader`,
  });
}
