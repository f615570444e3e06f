import { z } from 'zod';
import rubricPrompt from '../../../../resources/prompts/rubric/rubric.md?raw';
import { askJson } from '../ask.ts';
import type { ResponseProtocol } from '../protocol.ts';
import { meanOf, toAspect, wholeNumbers } from '../scales.ts';
import { templateTokens } from '../verdict.ts';

const principleSchema = z.object({
  name: z.string().trim().min(1).max(80),
  definition: z.string().min(1).max(1_000),
  /** A response that is worse by it should not be the chosen one, whatever its mean. */
  isVeto: z.boolean().default(false),
});
type Principle = z.infer<typeof principleSchema>;

/** The seven principles of the counselling preset (judging spec 3.4); the level texts are ours. */
export const counsellingPrinciples: readonly Principle[] = [
  {
    name: 'Empathy',
    definition: 'Shows that the feelings of the client were heard and understood.',
    isVeto: false,
  },
  {
    name: 'Relevance',
    definition: 'Speaks to what this client said, not to problems in general.',
    isVeto: false,
  },
  {
    name: 'Clarity',
    definition: 'Is plain, concise and easy to take in for somebody in distress.',
    isVeto: false,
  },
  {
    name: 'Avoiding harm',
    definition:
      'Contains nothing that could endanger, shame or mislead the client, and points to urgent help where it is needed.',
    isVeto: true,
  },
  {
    name: 'Facilitating self-exploration',
    definition: 'Invites the client to look further into own thoughts and feelings.',
    isVeto: false,
  },
  {
    name: 'Autonomy',
    definition: 'Supports the client in deciding, and does not order or moralise.',
    isVeto: false,
  },
  {
    name: 'Sensitivity to the stage of change',
    definition: 'Fits how ready the client is to change, and does not push ahead of it.',
    isVeto: false,
  },
];

const paramsSchema = z.object({
  principles: z
    .array(principleSchema)
    .min(1)
    .max(16)
    .default([...counsellingPrinciples])
    .describe('What each response is rated by; the default is the counselling preset.'),
  low: z.number().int().min(0).max(1).default(1),
  high: z.number().int().min(2).max(10).default(5),
});
type Params = z.infer<typeof paramsSchema>;

/** Names of veto principles by which the chosen response is worse than the rejected one. */
export function findInversions(
  chosen: Readonly<Record<string, number>>,
  rejected: Readonly<Record<string, number>>,
  principles: readonly Pick<Principle, 'name' | 'isVeto'>[],
): string[] {
  return principles.flatMap(({ name, isVeto }) => {
    const [won, lost] = [chosen[toAspect(name)], rejected[toAspect(name)]];
    return isVeto && won !== undefined && lost !== undefined && won < lost ? [name] : [];
  });
}

/** Rates a response by named principles; their mean is its score. */
export const principleRubric: ResponseProtocol<Params> = {
  id: 'principle-rubric',
  subject: 'response',
  title: 'Rubric of principles',
  description:
    'Rates each response by principles of your own, or by the seven of counselling, with a reason each; the equal-weight mean is its score. Principles can be vetoes: a chosen response that is worse by one is flagged.',
  section: '3.4',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['generate'] }],
  templates: [
    {
      name: 'rubric',
      title: 'Rubric',
      text: rubricPrompt,
      known: ['prompt', 'response', 'principles', 'low', 'high'],
      needed: ['response', 'principles'],
    },
  ],
  outputs: [{ name: 'principle_mean', type: 'number', description: 'Mean over the principles' }],
  estimate(lengths, { principles }) {
    const read = lengths.prompt + lengths.response + templateTokens + principles.length * 25;
    return { calls: 1, prompt: read, reused: 0, generated: 40 * principles.length, embeddings: 0 };
  },
  async score(item, tools) {
    const { principles, low, high } = tools.params;
    const keys = principles.map((principle) => toAspect(principle.name));
    const rated = z.object({ reason: z.string().max(400), rating: wholeNumbers(low, high) });
    const schema = z.object(Object.fromEntries(keys.map((key) => [key, rated])));
    const list = principles
      .map(({ name, definition }) => `${toAspect(name)}: ${name}. ${definition}`)
      .join('\n');
    const input = tools.render('rubric', {
      prompt: item.prompt,
      response: item.response,
      principles: list,
      low: String(low),
      high: String(high),
    });
    const answer = await askJson(tools, input, schema, { maxTokens: 100 * principles.length + 100 });
    const scores = keys.map((aspect) => {
      const given = answer.value?.[aspect];
      return {
        aspect,
        value: given?.rating ?? null,
        scaleMin: low,
        scaleMax: high,
        ...(given ? { rationale: given.reason } : {}),
      };
    });
    const mean = meanOf(scores.map((score) => score.value));
    return {
      scores: [...scores, { aspect: 'principle_mean', value: mean, scaleMin: low, scaleMax: high }],
      calls: answer.calls,
      invalidCalls: answer.invalidCalls,
      failReason: answer.failReason,
      isTruncated: false,
      use: answer.use,
      detail: {
        principle_mean: mean,
        vetoes: principles.filter((one) => one.isVeto).map((one) => toAspect(one.name)),
      },
    };
  },
};
