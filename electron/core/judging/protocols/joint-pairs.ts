import { z } from 'zod';
import verdict from '../../../../resources/prompts/joint/verdict.md?raw';
import { askVerdict, concludeVerdicts } from '../ask.ts';
import { askOrders, countOrders } from '../both-orders.ts';
import type { PairProtocol } from '../protocol.ts';
import { sayUnwilling, templateTokens } from '../verdict.ts';

const paramsSchema = z.object({});
type Params = z.infer<typeof paramsSchema>;

/** Judges two responses to different prompts, each by how well it serves its own. Orders that disagree make a tie. */
export const jointPairs: PairProtocol<Params> = {
  id: 'joint-pairs',
  subject: 'pair',
  title: 'Joint pairs (different prompts)',
  description:
    'Compares two instruction-response pairs with different instructions. Both orders must agree, or it is a tie. Pairs whose prompts are equal are judged too, and marked: their prompt terms cancel in a joint objective.',
  section: '2.3',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['decide'] }],
  templates: [
    {
      name: 'verdict',
      title: 'Verdict',
      text: verdict,
      known: ['prompt_1', 'response_1', 'prompt_2', 'response_2'],
      needed: ['prompt_1', 'response_1', 'prompt_2', 'response_2'],
    },
  ],
  outputs: [{ name: 'joint', type: 'category', description: 'Whether the two prompts differ' }],
  estimate(lengths, _params, orders) {
    const calls = countOrders(orders);
    return {
      calls,
      prompt: calls * (2 * (lengths.prompt + lengths.response) + templateTokens),
      reused: 0,
      generated: 0,
      embeddings: 0,
    };
  },
  async judge(pair, tools) {
    const promptB = pair.promptB ?? pair.prompt;
    const { readings } = await askOrders(pair, tools, ({ first, response_1, response_2 }) => {
      const [prompt_1, prompt_2] = first === 'a' ? [pair.prompt, promptB] : [promptB, pair.prompt];
      return askVerdict(tools, tools.render('verdict', { prompt_1, response_1, prompt_2, response_2 }));
    });
    const order = tools.orders.order === 'average' ? 'consistent_only' : tools.orders.order;
    const { verdict: concluded, coverage } = concludeVerdicts(readings, { ...tools.orders, order });
    const isPartly = concluded.invalidCalls > 0;
    return {
      ...concluded,
      ...(isPartly ? { label: 'invalid' as const, pA: null, strength: null, margin: null } : {}),
      failReason: isPartly ? sayUnwilling(coverage) : null,
      detail: { joint: promptB !== pair.prompt, coverage },
    };
  },
};
