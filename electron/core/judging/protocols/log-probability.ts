import { z } from 'zod';
import response from '../../../../resources/prompts/density/response.md?raw';
import { logpAspect, tokensAspect } from '../../audit/audits/noise/log-probabilities.ts';
import type { ResponseProtocol } from '../protocol.ts';
import { templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  instruction: z
    .string()
    .max(4_000)
    .default('')
    .describe('A system instruction put before the prompt; empty for none.'),
});
type Params = z.infer<typeof paramsSchema>;

/** The summed log-probability of each response under a model, and its number of tokens: what the audits of likelihoods read. */
export const logProbability: ResponseProtocol<Params> = {
  id: 'log-probability',
  subject: 'response',
  title: 'Log-probability of the responses',
  description:
    'How likely a model finds each response after its prompt, in its own chat template and without the end token. Stored as ratings logp and logp_tokens, which the audits of ranking accuracy, learning difficulty and policy read.',
  section: '0.1',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'model', title: 'Model', needs: ['score'] }],
  templates: [
    {
      name: 'response',
      title: 'What comes before the response',
      text: response,
      known: ['prompt', 'instruction'],
      needed: ['prompt'],
    },
  ],
  outputs: [
    { name: 'logp', type: 'number', description: 'Sum of ln p over the tokens of the response' },
    { name: 'logp_tokens', type: 'integer', description: 'Tokens summed over' },
  ],
  estimate: (lengths) => ({
    calls: 1,
    prompt: lengths.prompt + lengths.response + templateTokens / 4,
    reused: lengths.prompt / 2,
    generated: 0,
    embeddings: 0,
  }),
  async score(item, tools) {
    const values = { prompt: item.prompt, instruction: tools.params.instruction };
    const isEmpty = item.response === '';
    const { sum, count, use } = isEmpty
      ? { sum: Number.NaN, count: 0, use: { prompt: 0, reused: 0, generated: 0 } }
      : await tools.model().score(tools.render('response', values), item.response, { signal: tools.signal });
    const isFinite = Number.isFinite(sum) && count > 0;
    const rate = (aspect: string, value: number) => ({
      aspect,
      value: isFinite ? value : null,
      scaleMin: null,
      scaleMax: null,
    });
    return {
      scores: [rate(logpAspect, sum), rate(tokensAspect, count)],
      calls: isEmpty ? 0 : 1,
      invalidCalls: isFinite ? 0 : 1,
      failReason: isFinite ? null : isEmpty ? 'The response is empty.' : 'The log-probability is not finite.',
      isTruncated: false,
      use,
      detail: {},
    };
  },
};
