import { z } from 'zod';
import independent from '../../../../resources/prompts/scored/independent.md?raw';
import together from '../../../../resources/prompts/scored/together.md?raw';
import { askJson, type JsonAnswer } from '../ask.ts';
import { askOrders, countOrders } from '../both-orders.ts';
import { addUse, combineOrders } from '../pair-record.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { JudgePair, JudgeTools, OrderSettings, PairProtocol } from '../protocol.ts';
import { templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  mode: z
    .enum(['joint', 'independent'])
    .default('joint')
    .describe('joint: both responses in one call; independent: each in a call of its own.'),
  scale: z
    .union([z.literal(5), z.literal(10), z.literal(100)])
    .default(10)
    .describe('Highest score; the lowest is 0.'),
  criterion: z.string().min(1).max(2_000).default('How good is it?'),
  maxTokens: z.number().int().min(32).max(4_096).default(300),
});
type Params = z.infer<typeof paramsSchema>;

interface Scores {
  readonly a: number | null;
  readonly b: number | null;
}

/** 1 where the first scores higher, 0 where lower, ½ where equal; null where a score is missing. */
function winOf(first: number | null, second: number | null): number | null {
  if (first === null || second === null) return null;
  return first === second ? 0.5 : first > second ? 1 : 0;
}

const evidence = z.string().min(1).max(4_000);

async function scoreAlone(pair: JudgePair, tools: JudgeTools<Params>) {
  const { scale, criterion, maxTokens } = tools.params;
  const schema = z.object({ evidence, score: z.number().min(0).max(scale) });
  const ask = (response: string) =>
    askJson(
      tools,
      tools.render('independent', { prompt: pair.prompt, response, criterion, scale: String(scale) }),
      schema,
      { maxTokens },
    );
  const [a, b] = await Promise.all([ask(pair.responseA), ask(pair.responseB)]);
  const scores = { a: a.value?.score ?? null, b: b.value?.score ?? null };
  const reading = { first: 'a' as const, pFirst: winOf(scores.a, scores.b) };
  return { readings: [reading], scores, answers: [a, b], said: a.value?.evidence ?? null };
}

async function scoreTogether(pair: JudgePair, tools: JudgeTools<Params>) {
  const { scale, criterion, maxTokens } = tools.params;
  const score = z.number().min(0).max(scale);
  const schema = z.object({ evidence, score_a: score, score_b: score });
  const { readings } = await askOrders(pair, tools, async (slots) => {
    const values = { ...fillPair(pair, slots), criterion, scale: String(scale) };
    const answer = await askJson(tools, tools.render('together', values), schema, { maxTokens });
    const { score_a: first = null, score_b: second = null } = answer.value ?? {};
    const ofA = slots.first === 'a' ? first : second;
    const ofB = slots.first === 'a' ? second : first;
    return { pFirst: winOf(first, second), answer, ofA, ofB };
  });
  const mean = (values: readonly (number | null)[]) => {
    const present = values.filter((value) => value !== null);
    return present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0) / present.length;
  };
  const scores: Scores = {
    a: mean(readings.map((reading) => reading.ofA)),
    b: mean(readings.map((reading) => reading.ofB)),
  };
  const answers: JsonAnswer<unknown>[] = readings.map((reading) => reading.answer);
  return { readings, scores, answers, said: readings[0]?.answer.value?.evidence ?? null };
}

/** Scores first, label by comparing them. Here p_a is a share of orders, not a probability of the model’s. */
export const scoredComparison: PairProtocol<Params> = {
  id: 'scored-comparison',
  subject: 'pair',
  title: 'Scores, compared',
  description:
    'Gives each response a score with its evidence and labels by comparing the scores. In published comparisons scoring each response alone agrees with people clearly less than scoring both together.',
  section: '2.2',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['generate'] }],
  templates: [
    {
      name: 'independent',
      title: 'One response',
      text: independent,
      known: ['prompt', 'response', 'criterion', 'scale'],
      needed: ['response', 'scale'],
    },
    definePairTemplate('together', 'Both responses', together, ['criterion', 'scale']),
  ],
  outputs: [
    { name: 'score_a', type: 'number', description: 'Mean score of a over the orders' },
    { name: 'score_b', type: 'number', description: 'Mean score of b over the orders' },
  ],
  estimate(lengths, params, orders) {
    const calls = params.mode === 'independent' ? 2 : countOrders(orders);
    const read = lengths.prompt + (params.mode === 'independent' ? 1 : 2) * lengths.response + templateTokens;
    return { calls, prompt: calls * read, reused: 0, generated: calls * params.maxTokens, embeddings: 0 };
  },
  async judge(pair, tools) {
    const isAlone = tools.params.mode === 'independent';
    const { readings, scores, answers, said } = isAlone
      ? await scoreAlone(pair, tools)
      : await scoreTogether(pair, tools);
    const orders: OrderSettings = tools.orders;
    const combined = combineOrders(readings, { policy: orders.order, tieEpsilon: orders.tieEpsilon });
    const failure = answers.find((answer) => answer.failReason !== null)?.failReason ?? null;
    return {
      ...combined,
      calls: answers.reduce((sum, answer) => sum + answer.calls, 0),
      invalidCalls: answers.reduce((sum, answer) => sum + answer.invalidCalls, 0),
      margin: scores.a === null || scores.b === null ? null : scores.a - scores.b,
      rationale: said,
      isTruncated: false,
      failReason: combined.label === 'invalid' ? failure : null,
      use: addUse(answers.map((answer) => answer.use)),
      detail: { score_a: scores.a, score_b: scores.b, mode: tools.params.mode, scale: tools.params.scale },
    };
  },
};
