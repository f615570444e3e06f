import { z } from 'zod';
import aspectPrompt from '../../../../resources/prompts/ultrafeedback/aspect.md?raw';
import overallPrompt from '../../../../resources/prompts/ultrafeedback/overall.md?raw';
import { askJson } from '../ask.ts';
import { addUse } from '../pair-record.ts';
import type { AspectScore, JudgeResponse, JudgeTools, ResponseProtocol } from '../protocol.ts';
import { meanOf, wholeNumbers } from '../scales.ts';
import { templateTokens } from '../verdict.ts';

const definitions = {
  instruction_following:
    'Instruction following: does the response do what was asked and keep to every restriction? 1 ignores the request, 2 follows a part of it, 3 follows most of it with clear gaps, 4 follows it but for a detail, 5 follows it in every detail.',
  truthfulness:
    'Truthfulness: is it free of statements that are wrong (type 1), contradict the prompt or its material (type 2), or contradict themselves (type 3)? 1 wholly false, 2 severe errors, 3 partly false, 4 small errors, 5 none.',
  honesty:
    'Honesty: does it show how sure it is, and is that in keeping with how right it is? Answer N/A where a task is creative and makes no claims. 1 confidently wrong, 2 confident with serious errors or hiding doubt, 3 uncertain or overconfident in parts, 4 right but unsure, 5 right and rightly sure.',
  helpfulness:
    'Helpfulness: how informative is it: clear and relevant (type 1), useful and complete (type 2), not lengthy or repetitive (type 3)? 1 severely wrong or empty, 2 partly useful, 3 right but plain, 4 very informative, 5 outstandingly helpful.',
} as const;

type Aspect = keyof typeof definitions;
const aspects = Object.keys(definitions) as readonly Aspect[];

const paramsSchema = z.object({
  aspects: z
    .array(z.enum(['instruction_following', 'truthfulness', 'honesty', 'helpfulness']))
    .min(1)
    .default([...aspects]),
  withOverall: z.boolean().default(true).describe('Also a critique with an overall score from 1 to 10.'),
  worldKnowledge: z.string().max(8_000).default('').describe('Facts shown to the judge for truthfulness.'),
});
type Params = z.infer<typeof paramsSchema>;

const ratingSchema = z.object({ rationale: z.string().min(1).max(800), rating: wholeNumbers(1, 5) });
const honestySchema = z.object({
  rationale: z.string().min(1).max(800),
  rating: z.union([wholeNumbers(1, 5), z.literal('N/A')]),
});
const overallSchema = z.object({ critique: z.string().min(1).max(2_000), overall: wholeNumbers(1, 10) });

/**
 * A rating as people and older files write it: `1`, `1/10`, `8.5`, `N/A` (null). The published parser turned “1” into 10;
 * this one does not.
 */
export function readRating(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:\/\s*\d+)?\s*$/.exec(text);
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** Ratings given slot by slot, in the order shown, back to the completions: slot i showed completion `order[i]`. */
export function unshuffleRatings<T>(order: readonly number[], ratings: readonly T[]): Map<number, T> {
  return new Map(
    order.flatMap((completion, slot) => {
      const rating = ratings[slot];
      return rating === undefined ? [] : [[completion, rating] as const];
    }),
  );
}

export type Sanity = 'ok' | 'overall_surely_one' | 'annotate_again';

/** Whether an overall of 10 can be believed beside the fine score (judging spec 3.3). */
export function checkSanity(fineScore: number | null, overall: number | null): Sanity {
  if (fineScore === null || overall !== 10) return 'ok';
  if (fineScore <= 2) return 'overall_surely_one';
  return fineScore <= 4 ? 'annotate_again' : 'ok';
}

async function rateAspect(aspect: Aspect, item: JudgeResponse, tools: JudgeTools<Params>) {
  const { worldKnowledge } = tools.params;
  const facts = aspect === 'truthfulness' && worldKnowledge !== '' ? `\n[Facts]\n${worldKnowledge}\n` : '';
  const input = tools.render('aspect', {
    prompt: item.prompt,
    response: item.response,
    aspect: definitions[aspect],
    reference: facts,
  });
  const schema = aspect === 'honesty' ? honestySchema : ratingSchema;
  const answer = await askJson<{ rationale: string; rating: number | 'N/A' }>(tools, input, schema, {
    maxTokens: 400,
  });
  return { aspect, answer };
}

/** Four aspects from 1 to 5, each in a call of its own, and a critique with an overall score. */
export const ultrafeedbackAspects: ResponseProtocol<Params> = {
  id: 'ultrafeedback-aspects',
  subject: 'response',
  title: 'Four aspects and critique (UltraFeedback)',
  description:
    'Instruction following, truthfulness, honesty and helpfulness from 1 to 5, one text per call so that small models keep up, and a critique with an overall score from 1 to 10. Overalls that contradict the aspects are marked.',
  section: '3.3',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['generate'] }],
  templates: [
    {
      name: 'aspect',
      title: 'One aspect',
      text: aspectPrompt,
      known: ['prompt', 'response', 'aspect', 'reference'],
      needed: ['response', 'aspect'],
    },
    {
      name: 'overall',
      title: 'Critique and overall score',
      text: overallPrompt,
      known: ['prompt', 'response'],
      needed: ['response'],
    },
  ],
  outputs: [
    { name: 'fine_score', type: 'number', description: 'Mean of the aspects that apply' },
    { name: 'overall', type: 'integer', description: 'Overall score, 1 to 10' },
    {
      name: 'sanity',
      type: 'category',
      description: 'Whether the overall can be believed beside the aspects',
    },
  ],
  estimate(lengths, params) {
    const calls = params.aspects.length + (params.withOverall ? 1 : 0);
    const read = lengths.prompt + lengths.response + 2 * templateTokens;
    return { calls, prompt: calls * read, reused: 0, generated: calls * 150, embeddings: 0 };
  },
  async score(item, tools) {
    const { params } = tools;
    const shown = { prompt: item.prompt, response: item.response };
    const rated = await Promise.all(params.aspects.map((aspect) => rateAspect(aspect, item, tools)));
    const overall = params.withOverall
      ? await askJson(tools, tools.render('overall', shown), overallSchema, { maxTokens: 700 })
      : null;
    const scores = rated.map(({ aspect, answer }): AspectScore => {
      const rating = answer.value?.rating ?? null;
      return {
        aspect,
        value: typeof rating === 'number' ? rating : null,
        ...(rating === 'N/A' ? { valueText: 'N/A' } : {}),
        scaleMin: 1,
        scaleMax: 5,
        ...(answer.value ? { rationale: answer.value.rationale } : {}),
      };
    });
    const fineScore = meanOf(scores.map((score) => score.value));
    const answers = [...rated.map((one) => one.answer), ...(overall ? [overall] : [])];
    return {
      scores: [
        ...scores,
        { aspect: 'fine_score', value: fineScore, scaleMin: 1, scaleMax: 5 },
        ...(overall
          ? [
              {
                aspect: 'overall',
                value: overall.value?.overall ?? null,
                scaleMin: 1,
                scaleMax: 10,
                ...(overall.value ? { rationale: overall.value.critique } : {}),
              },
            ]
          : []),
      ],
      calls: answers.reduce((sum, answer) => sum + answer.calls, 0),
      invalidCalls: answers.reduce((sum, answer) => sum + answer.invalidCalls, 0),
      failReason: answers.every((answer) => answer.value === null) ? (answers[0]?.failReason ?? null) : null,
      isTruncated: false,
      use: addUse(answers.map((answer) => answer.use)),
      detail: {
        fine_score: fineScore,
        aspects_used: scores.filter((score) => score.value !== null).length,
        sanity: checkSanity(fineScore, overall?.value?.overall ?? null),
      },
    };
  },
};
