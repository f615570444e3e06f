import { z } from 'zod';
import reasoning from '../../../../resources/prompts/reasoned/reasoning.md?raw';
import verdict from '../../../../resources/prompts/reasoned/verdict.md?raw';
import { askText, askVerdict, concludeVerdicts } from '../ask.ts';
import { askOrders, countOrders } from '../both-orders.ts';
import { addUse } from '../pair-record.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { PairProtocol } from '../protocol.ts';
import { templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  criterion: z
    .string()
    .min(1)
    .max(2_000)
    .default('Which response is better?')
    .describe('The question the judge is asked.'),
  maxTokens: z.number().int().min(16).max(4_096).default(300).describe('Tokens the judge may think in.'),
});
type Params = z.infer<typeof paramsSchema>;

/** Chain of thought, then the verdict as a probability: the reasoning is kept as the rationale of the first order. */
export const reasonedVerdict: PairProtocol<Params> = {
  id: 'reasoned-verdict',
  subject: 'pair',
  title: 'Reasoning, then verdict',
  description:
    'Lets the model compare the responses in words first, then reads the probability of its verdict. Slower, and often better on reasoning tasks.',
  section: '0.3',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['generate', 'decide'] }],
  templates: [
    definePairTemplate('reasoning', 'Reasoning', reasoning, ['criterion']),
    definePairTemplate('verdict', 'Verdict', verdict, ['criterion', 'reasoning']),
  ],
  outputs: [{ name: 'reasoning', type: 'json', description: 'What the judge wrote in each order' }],
  estimate(lengths, { maxTokens }, orders) {
    const calls = countOrders(orders);
    const read = lengths.prompt + 2 * lengths.response + templateTokens;
    return {
      calls: 2 * calls,
      prompt: calls * (2 * read + maxTokens),
      reused: calls * read,
      generated: calls * maxTokens,
      embeddings: 0,
    };
  },
  async judge(pair, tools) {
    const { criterion, maxTokens } = tools.params;
    const { readings } = await askOrders(pair, tools, async (slots) => {
      const values = { ...fillPair(pair, slots), criterion };
      const thought = await askText(tools, tools.render('reasoning', values), { maxTokens });
      const answer = await askVerdict(tools, tools.render('verdict', { ...values, reasoning: thought.text }));
      return { ...answer, reasoning: thought.text, use: addUse([thought.use, answer.use]) };
    });
    const { verdict: concluded, coverage } = concludeVerdicts(readings, tools.orders);
    return {
      ...concluded,
      rationale: readings[0]?.reasoning ?? null,
      detail: {
        coverage,
        reasoning: readings.map(({ first, reasoning: text }) => ({ first, text })),
        orders: readings.map(({ first, pFirst }) => ({ first, p_first: pFirst })),
      },
    };
  },
};
