import { z } from 'zod';
import conversation from '../../../../resources/prompts/follow-up/conversation.md?raw';
import followUps from '../../../../resources/prompts/follow-up/utterances.json';
import { addUse } from '../pair-record.ts';
import type { ResponseProtocol } from '../protocol.ts';
import { meanOf } from '../scales.ts';

const dimensionNames = followUps.dimensions.map((dimension) => dimension.name);

const paramsSchema = z.object({
  dimensions: z
    .array(z.string().refine((name) => dimensionNames.includes(name), `one of ${dimensionNames.join(', ')}`))
    .min(1)
    .default(['understanding', 'relevance'])
    .describe('What the user might react to.'),
  utterances: z
    .number()
    .int()
    .min(1)
    .max(6)
    .default(3)
    .describe('Positive and as many negative follow-ups for each.'),
});
type Params = z.infer<typeof paramsSchema>;

/**
 * Mean of the positive minus mean of the negative follow-ups, each given as its mean ln p per token, so that the length
 * of an utterance does not matter. Null where a side is empty. How the two are put together is ours.
 */
export function compareFollowUps(positive: readonly number[], negative: readonly number[]): number | null {
  const [liked, disliked] = [meanOf(positive), meanOf(negative)];
  return liked === null || disliked === null ? null : liked - disliked;
}

/** How much more likely a content than a discontent user’s next turn is, under the model. */
export const followUpLikelihood: ResponseProtocol<Params> = {
  id: 'follow-up-likelihood',
  subject: 'response',
  title: 'Follow-up likelihood',
  description:
    'Scores a response by how likely the model finds a satisfied user’s next words compared with a dissatisfied one’s. Nothing is generated. The utterances are ours, and how positive and negative are combined is not confirmed.',
  section: '1.3',
  evidence: 'partly',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Model', needs: ['score'] }],
  templates: [
    {
      name: 'conversation',
      title: 'Conversation before the follow-up',
      text: conversation,
      known: ['prompt', 'response'],
      needed: ['prompt', 'response'],
    },
  ],
  outputs: [{ name: 'flr', type: 'number', description: 'Mean over the dimensions, in nats per token' }],
  estimate(lengths, { dimensions, utterances }) {
    const calls = 2 * dimensions.length * utterances;
    const read = lengths.prompt + lengths.response;
    return { calls, prompt: calls * (read + 12), reused: (calls - 1) * read, generated: 0, embeddings: 0 };
  },
  async score(item, tools) {
    const { dimensions, utterances } = tools.params;
    const rendered = tools.render('conversation', { prompt: item.prompt, response: item.response });
    const input = { messages: rendered.messages, turn: 'user' as const };
    const measure = async (texts: readonly string[]) =>
      Promise.all(
        texts.slice(0, utterances).map(async (text) => {
          const { sum, count, use } = await tools.model().score(input, text, { signal: tools.signal });
          return { mean: sum / Math.max(1, count), use };
        }),
      );
    const measured = await Promise.all(
      dimensions.map(async (name) => {
        const dimension = followUps.dimensions.find((one) => one.name === name);
        const positive = await measure(dimension?.positive ?? []);
        const negative = await measure(dimension?.negative ?? []);
        const value = compareFollowUps(
          positive.map((one) => one.mean),
          negative.map((one) => one.mean),
        );
        return { name, value, uses: [...positive, ...negative].map((one) => one.use) };
      }),
    );
    const flr = meanOf(measured.map((one) => one.value));
    const isFinite = flr !== null && Number.isFinite(flr);
    return {
      scores: [
        { aspect: 'flr', value: isFinite ? flr : null, scaleMin: null, scaleMax: null },
        ...measured.map(({ name, value }) => ({
          aspect: `flr_${name}`,
          value,
          scaleMin: null,
          scaleMax: null,
        })),
      ],
      calls: 2 * dimensions.length * utterances,
      invalidCalls: 0,
      failReason: isFinite ? null : 'A follow-up has no finite log-probability.',
      isTruncated: false,
      use: addUse(measured.flatMap((one) => one.uses)),
      detail: { flr },
    };
  },
};
