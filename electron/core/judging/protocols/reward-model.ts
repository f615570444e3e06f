import { z } from 'zod';
import type { ResponseProtocol } from '../protocol.ts';

const paramsSchema = z.object({
  aspect: z.string().min(1).max(80).default('reward').describe('Name the score is stored under.'),
});
type Params = z.infer<typeof paramsSchema>;

/** The score of a reward or reranker model for a prompt and response. */
export const rewardModel: ResponseProtocol<Params> = {
  id: 'reward-model',
  subject: 'response',
  title: 'Reward model',
  description:
    'The score a reward or reranker model (GGUF with a ranking head) gives each response. One pass per response, no wording to choose.',
  section: '0.1',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'reward', title: 'Reward model', needs: ['rank'] }],
  templates: [],
  outputs: [],
  estimate: (lengths) => ({
    calls: 1,
    prompt: lengths.prompt + lengths.response,
    reused: 0,
    generated: 0,
    embeddings: 0,
  }),
  async score(item, tools) {
    const value = await tools.model().rank(item.prompt, item.response, { signal: tools.signal });
    const isFinite = Number.isFinite(value);
    return {
      scores: [{ aspect: tools.params.aspect, value: isFinite ? value : null, scaleMin: 0, scaleMax: 1 }],
      calls: 1,
      invalidCalls: isFinite ? 0 : 1,
      failReason: isFinite ? null : 'The model gave no finite score.',
      isTruncated: false,
      use: { prompt: 0, reused: 0, generated: 0 },
      detail: {},
    };
  },
};
