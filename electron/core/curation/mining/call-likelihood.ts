import { z } from 'zod';
import { type MiningAnswer, type MiningTools, toChat } from './mining-method.ts';

export const likelihoodPayloadSchema = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.string() })).min(1),
  gold: z.string().min(1),
});

/** Mean negative log-likelihood per token, in nats, of a gold call under the model (P1, judging specification 5.8). */
export async function askLikelihood(
  { messages, gold }: z.infer<typeof likelihoodPayloadSchema>,
  tools: MiningTools,
): Promise<MiningAnswer> {
  const { sum, count, use } = await tools
    .model()
    .score({ messages: toChat(messages) }, gold, { signal: tools.signal });
  const nll = -sum / count;
  const isKnown = count > 0 && Number.isFinite(nll);
  return {
    result: isKnown ? { nll, tokens: count } : null,
    failReason: isKnown ? null : 'The model gave the gold call no finite log-probability.',
    calls: 1,
    invalidCalls: isKnown ? 0 : 1,
    use,
  };
}
