import { z } from 'zod';
import verdict from '../../../../resources/prompts/pairwise/verdict.md?raw';
import { askVerdict, concludeVerdicts } from '../ask.ts';
import { askOrders, countOrders } from '../both-orders.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { PairProtocol } from '../protocol.ts';
import { templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  criterion: z
    .string()
    .min(1)
    .max(2_000)
    .default('Which response is better?')
    .describe('The question the judge is asked about the two responses.'),
});
type Params = z.infer<typeof paramsSchema>;

/** One token of probability per order, nothing generated: the cheapest judge, and the one with a calibrated answer. */
export const pairwiseLogits: PairProtocol<Params> = {
  id: 'pairwise-logits',
  subject: 'pair',
  title: 'Pairwise, from the answer’s probability',
  description:
    'Asks for A or B and reads the probability of each letter, in both orders. No text is generated, so it is fast and cannot fail to parse.',
  section: '0.3',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['decide'] }],
  templates: [definePairTemplate('verdict', 'Verdict', verdict, ['criterion'])],
  outputs: [
    { name: 'coverage', type: 'probability', description: 'Smallest mass of A and B over the orders' },
  ],
  estimate(lengths, _params, orders) {
    const calls = countOrders(orders);
    const each = lengths.prompt + 2 * lengths.response + templateTokens;
    const reused = calls > 1 ? lengths.prompt + templateTokens / 2 : 0;
    return { calls, prompt: calls * each, reused, generated: 0, embeddings: 0 };
  },
  async judge(pair, tools) {
    const { criterion } = tools.params;
    const { readings } = await askOrders(pair, tools, (slots) =>
      askVerdict(tools, tools.render('verdict', { ...fillPair(pair, slots), criterion })),
    );
    const { verdict: concluded, coverage } = concludeVerdicts(readings, tools.orders);
    return {
      ...concluded,
      detail: { coverage, orders: readings.map(({ first, pFirst }) => ({ first, p_first: pFirst })) },
    };
  },
};
