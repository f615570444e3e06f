import { z } from 'zod';
import attributesPrompt from '../../../../resources/prompts/helpsteer/attributes.md?raw';
import { askJson } from '../ask.ts';
import { addUse } from '../pair-record.ts';
import type { AspectScore, ResponseProtocol } from '../protocol.ts';
import { findMostSimilar, meanOf, wholeNumbers } from '../scales.ts';
import { templateTokens } from '../verdict.ts';

const attributes = ['helpfulness', 'correctness', 'coherence', 'complexity', 'verbosity'] as const;
type Attribute = (typeof attributes)[number];
type Rating = Readonly<Record<Attribute, number>>;

const mostAnnotators = 5;
const largestSpread = 2;

const paramsSchema = z.object({
  annotators: z
    .number()
    .int()
    .min(1)
    .max(mostAnnotators)
    .default(1)
    .describe('Independent ratings per response, by seed.'),
  temperature: z.number().min(0).max(2).default(0.7).describe('Used when there are several annotators.'),
  weights: z
    .object({
      helpfulness: z.number().default(0.65),
      correctness: z.number().default(0.8),
      coherence: z.number().default(0.45),
      complexity: z.number().default(0.55),
      verbosity: z.number().default(-0.4),
    })
    .default({ helpfulness: 0.65, correctness: 0.8, coherence: 0.45, complexity: 0.55, verbosity: -0.4 })
    .describe('Of the composite; the defaults are those of one published reward model.'),
});
type Params = z.infer<typeof paramsSchema>;

const level = wholeNumbers(0, 4);
const rated = z.object({ reason: z.string().max(600), rating: level });
const answerSchema = z.object({
  helpfulness: rated,
  correctness: rated,
  coherence: rated,
  complexity: rated,
  verbosity: rated,
});

export interface AggregatedRating {
  readonly rating: Rating;
  /** Largest minus smallest helpfulness over all annotators. */
  readonly spread: number;
  /** Annotators whose ratings were kept. */
  readonly kept: readonly number[];
}

/**
 * The three annotators that agree most on helpfulness stand for all attributes: mean, rounded (judging spec 3.1). With
 * fewer than three, all of them. Undefined without any.
 */
export function aggregateRatings(votes: readonly Rating[]): AggregatedRating | undefined {
  if (votes.length === 0) return undefined;
  const helpfulness = votes.map((vote) => vote.helpfulness);
  const kept = findMostSimilar(helpfulness);
  const mean = (attribute: Attribute) =>
    Math.round(meanOf(kept.map((index) => votes[index]?.[attribute] ?? null)) ?? 0);
  return {
    rating: {
      helpfulness: mean('helpfulness'),
      correctness: mean('correctness'),
      coherence: mean('coherence'),
      complexity: mean('complexity'),
      verbosity: mean('verbosity'),
    },
    spread: Math.max(...helpfulness) - Math.min(...helpfulness),
    kept,
  };
}

/** Σ weight · attribute. */
export function composeRating(rating: Rating, weights: Rating): number {
  return attributes.reduce((sum, attribute) => sum + weights[attribute] * rating[attribute], 0);
}

/** Five attributes from 0 to 4, as in HelpSteer2, aggregated over annotators that agree. */
export const helpsteerAttributes: ResponseProtocol<Params> = {
  id: 'helpsteer-attributes',
  subject: 'response',
  title: 'Five attributes (HelpSteer2)',
  description:
    'Helpfulness, correctness, coherence, complexity and verbosity from 0 to 4, with reasons. Where three annotators differ by more than 2 on helpfulness, more are asked, up to five.',
  section: '3.1',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['generate'] }],
  templates: [
    {
      name: 'attributes',
      title: 'Attributes',
      text: attributesPrompt,
      known: ['prompt', 'response'],
      needed: ['response'],
    },
  ],
  outputs: [
    { name: 'composite', type: 'number', description: 'Weighted sum of the attributes' },
    { name: 'hs_spread', type: 'integer', description: 'Spread of helpfulness over the annotators' },
    { name: 'hs_n', type: 'integer', description: 'Annotators asked' },
    { name: 'votes', type: 'json', description: 'Every annotator’s ratings' },
  ],
  estimate(lengths, { annotators }) {
    const read = lengths.prompt + lengths.response + 3 * templateTokens;
    return {
      calls: annotators,
      prompt: annotators * read,
      reused: (annotators - 1) * read,
      generated: annotators * 150,
      embeddings: 0,
    };
  },
  async score(item, tools) {
    const { annotators, temperature, weights } = tools.params;
    const input = tools.render('attributes', { prompt: item.prompt, response: item.response });
    const ask = async (seat: number) =>
      askJson({ ...tools, seed: tools.seed + 10 * seat }, input, answerSchema, {
        maxTokens: 600,
        temperature: annotators === 1 ? 0 : temperature,
      });
    const answers = await Promise.all(Array.from({ length: annotators }, (_, seat) => ask(seat)));
    const toRating = (answer: z.infer<typeof answerSchema>): Rating => ({
      helpfulness: answer.helpfulness.rating,
      correctness: answer.correctness.rating,
      coherence: answer.coherence.rating,
      complexity: answer.complexity.rating,
      verbosity: answer.verbosity.rating,
    });
    const votes = () => answers.flatMap((answer) => (answer.value ? toRating(answer.value) : []));
    while (annotators >= 3 && answers.length < mostAnnotators && isWide(votes().slice(0, 3)))
      answers.push(await ask(answers.length));
    const aggregated = aggregateRatings(votes());
    const reasons = answers.find((answer) => answer.value !== null)?.value;
    const scores: AspectScore[] = aggregated
      ? attributes.map((aspect) => ({
          aspect,
          value: aggregated.rating[aspect],
          scaleMin: 0,
          scaleMax: 4,
          ...(reasons ? { rationale: reasons[aspect].reason } : {}),
        }))
      : [];
    if (aggregated)
      scores.push({
        aspect: 'composite',
        value: composeRating(aggregated.rating, weights),
        scaleMin: null,
        scaleMax: null,
      });
    return {
      scores,
      calls: answers.reduce((sum, answer) => sum + answer.calls, 0),
      invalidCalls: answers.reduce((sum, answer) => sum + answer.invalidCalls, 0),
      failReason: aggregated ? null : (answers[0]?.failReason ?? null),
      isTruncated: false,
      use: addUse(answers.map((answer) => answer.use)),
      detail: {
        votes: votes(),
        hs_spread: aggregated?.spread ?? null,
        hs_n: votes().length,
        is_wide: (aggregated?.spread ?? 0) > largestSpread,
      },
    };
  },
};

function isWide(votes: readonly Rating[]): boolean {
  const helpfulness = votes.map((vote) => vote.helpfulness);
  return Math.max(...helpfulness) - Math.min(...helpfulness) > largestSpread;
}
