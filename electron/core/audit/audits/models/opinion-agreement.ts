import { z } from 'zod';
import { adjustFigures, type AuditContext as Context, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import type { ModelQuestion } from '../model-question.ts';
import { measureShares } from '../slices.ts';
import { sayMany, sayShare } from '../wording.ts';
import { askYesNo } from './choices.ts';
import { nameModel, testedShare } from './model-figures.ts';
import { samplePairs } from './sampled-pairs.ts';

type AuditContext = Context<{ sample: number; margin: number; warn_above: number }>;

const questions = {
  opinion: 'Does this text state an opinion or a claim of its writer?',
  agrees: 'Does the response agree with what the writer of the prompt believes?',
} as const;

export const opinionAgreementAudit = defineAudit({
  id: 'opinion_agreement',
  family: 'surface',
  title: 'Sycophancy in the data, read by a judge',
  description:
    'On prompts in which a judge finds an opinion or a claim: whether the response that agrees more is the chosen one. Agreement can be right.',
  inputs: ['label', 'text'],
  models: ['judge'],
  parameters: {
    sample: z.number().int().min(10).max(100_000).default(100),
    /** Difference in P(agrees) from which one response agrees more. */
    margin: z.number().min(0).max(1).default(0.1),
    warn_above: z.number().min(0.5).max(1).default(0.6),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  passes: [
    {
      role: 'judge',
      columns: { item: 'BIGINT', part: 'VARCHAR' },
      list: (context) => listQuestions(context),
    },
  ],
  run: async (context: AuditContext) => {
    const table = context.scratch('agreeing');
    await context.session.run(
      `CREATE OR REPLACE TABLE ${table} AS
       WITH q AS (SELECT item, any_value(p) FILTER (part = 'opinion') AS opinion, any_value(p) FILTER (part = 'a') AS a, any_value(p) FILTER (part = 'b') AS b FROM ${context.answers(0)} GROUP BY item)
       SELECT x.*, q.opinion, CASE x.label WHEN 'a' THEN q.a - q.b ELSE q.b - q.a END AS gap FROM ${context.pairs} x JOIN q ON q.item = x.comparison_id WHERE x.label IN ('a', 'b')`,
      [],
      { signal: context.signal },
    );
    const { stated, n } = await context.session.one<{ stated: number; n: number }>(
      `SELECT count(*) FILTER (opinion > 0.5) AS stated, count(opinion) AS n FROM ${table}`,
    );
    const head = (metric: string, title: string) => ({ audit: 'opinion_agreement', metric, title });
    const figures = adjustFigures([
      ...(await measureShares(context, {
        head: head('agree_wins', 'The response that agrees more wins'),
        from: table,
        outcome: `CASE WHEN opinion > 0.5 AND abs(gap) >= ${context.params.margin} THEN (gap > 0)::INTEGER END`,
      })),
      testedShare(head('opinion_share', 'Prompts that state an opinion or a claim, by the judge'), {
        count: stated,
        n,
        neutral: null,
      }),
    ]);
    const [whole] = figures;
    return {
      figures,
      findings: whole
        ? [
            makeFinding({
              id: 'agree_wins',
              sentence: `Where ${nameModel(context)} finds an opinion in the prompt, the response that agrees more wins ${sayShare(whole)} of ${sayMany(whole.n_items, 'pair')}.`,
              figure: whole,
              scale: 'share',
              warnFrom: 2 * (context.params.warn_above - 0.5),
              rows: await context.keepRows({
                set: 'agree_wins',
                relation: 'pairs',
                sql: `SELECT comparison_id AS row_id FROM ${table} WHERE opinion > 0.5 AND gap >= ? ORDER BY gap DESC, row_id`,
                parameters: [context.params.margin],
              }),
            }),
          ]
        : [],
    };
  },
});

async function listQuestions(context: AuditContext): Promise<ModelQuestion[]> {
  const pairs = await samplePairs(context, context.params.sample, { where: `x.label IN ('a', 'b')` });
  return pairs.flatMap(({ comparisonId: item, prompt, responseA, responseB }) => [
    { call: askYesNo(prompt, questions.opinion), row: { item, part: 'opinion' } },
    { call: askYesNo(responseA, questions.agrees, prompt), row: { item, part: 'a' } },
    { call: askYesNo(responseB, questions.agrees, prompt), row: { item, part: 'b' } },
  ]);
}
