import { z } from 'zod';
import critique from '../../../../resources/prompts/self-reference/critique.md?raw';
import reference from '../../../../resources/prompts/self-reference/reference.md?raw';
import verdict from '../../../../resources/prompts/self-reference/verdict.md?raw';
import type { ContinuationScore } from '../../../../native/host/inference.ts';
import { askText } from '../ask.ts';
import { askOrders, countOrders } from '../both-orders.ts';
import { addUse, combineOrders } from '../pair-record.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { PairProtocol } from '../protocol.ts';
import { sigmoid, templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  principle: z
    .string()
    .min(1)
    .max(2_000)
    .default('the better response is the one that is best for humanity.')
    .describe('The one principle both responses are criticised by.'),
  referenceTokens: z.number().int().min(16).max(4_096).default(300),
  critiqueTokens: z.number().int().min(16).max(4_096).default(400),
});
type Params = z.infer<typeof paramsSchema>;

/** The two sentences whose likelihood after the critique is compared. */
const verdictSentences = ['Response A is better.', 'Response B is better.'] as const;

const meanLoss = ({ sum, count }: ContinuationScore) => -sum / Math.max(1, count);

/** P(A) from the mean negative log-likelihoods of the two verdict sentences: s(n_B − n_A). Our operationalisation. */
export function readVerdictLosses(lossA: number, lossB: number): number {
  return sigmoid(lossB - lossA);
}

/** The judge answers the prompt itself, then criticises both responses against its own answer. */
export const selfReference: PairProtocol<Params> = {
  id: 'self-reference',
  subject: 'pair',
  title: 'Self-reference critique',
  description:
    'The judge first answers the prompt itself, criticises both responses against that answer by one principle, and is then read by how likely it finds each verdict. How the strength is read is our own.',
  section: '2.1',
  evidence: 'partly',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['generate', 'score'] }],
  templates: [
    { name: 'reference', title: 'Own answer', text: reference, known: ['prompt'], needed: ['prompt'] },
    definePairTemplate('critique', 'Critique', critique, ['principle', 'reference']),
    definePairTemplate('verdict', 'Verdict', verdict, ['principle', 'reference', 'critique']),
  ],
  outputs: [
    { name: 'self_reference', type: 'text', description: 'The judge’s own answer' },
    { name: 'critique', type: 'json', description: 'The critique of each order' },
    {
      name: 'is_without_reference',
      type: 'category',
      description: 'Whether the judge gave no answer of its own',
    },
  ],
  estimate(lengths, params, orders) {
    const calls = countOrders(orders);
    const read = lengths.prompt + 2 * lengths.response + params.referenceTokens + templateTokens;
    return {
      calls: 1 + 3 * calls,
      prompt: lengths.prompt + calls * (3 * read + 2 * params.critiqueTokens),
      reused: calls * (2 * read + params.critiqueTokens),
      generated: params.referenceTokens + calls * params.critiqueTokens,
      embeddings: 0,
    };
  },
  async judge(pair, tools) {
    const { principle, referenceTokens, critiqueTokens } = tools.params;
    const own = await askText(tools, tools.render('reference', { prompt: pair.prompt }), {
      maxTokens: referenceTokens,
    });
    const { readings } = await askOrders(pair, tools, async (slots) => {
      const values = {
        ...fillPair(pair, slots),
        principle,
        reference: own.text === '' ? '(none)' : own.text,
      };
      const said = await askText(tools, tools.render('critique', values), { maxTokens: critiqueTokens });
      const input = tools.render('verdict', { ...values, critique: said.text });
      const [a, b] = await Promise.all(
        verdictSentences.map((sentence) => tools.model().score(input, sentence, { signal: tools.signal })),
      );
      if (!a || !b) throw new Error('two verdict sentences were scored');
      return {
        pFirst: readVerdictLosses(meanLoss(a), meanLoss(b)),
        critique: said.text,
        use: addUse([said.use, a.use, b.use]),
      };
    });
    const combined = combineOrders(readings, {
      policy: tools.orders.order,
      tieEpsilon: tools.orders.tieEpsilon,
    });
    return {
      ...combined,
      rationale: readings[0]?.critique ?? null,
      isTruncated: false,
      failReason: null,
      use: addUse([own.use, ...readings.map((reading) => reading.use)]),
      detail: {
        self_reference: own.text,
        is_without_reference: own.text === '',
        critique: readings.map(({ first, critique: text }) => ({ first, text })),
        orders: readings.map(({ first, pFirst }) => ({ first, p_first: pFirst })),
      },
    };
  },
};
