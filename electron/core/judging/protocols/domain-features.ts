import { z } from 'zod';
import featuresPrompt from '../../../../resources/prompts/features/features.md?raw';
import { fitLogistic } from '../../audit/statistics/logistic.ts';
import { askJson } from '../ask.ts';
import type { ResponseProtocol } from '../protocol.ts';
import { toAspect } from '../scales.ts';
import { sigmoid, templateTokens } from '../verdict.ts';

const featureSchema = z.object({
  name: z.string().trim().min(1).max(80),
  definition: z.string().min(1).max(1_000),
  /** The value counts against the response: stored as 1 − value. */
  isReversed: z.boolean().default(false),
});
type Feature = z.infer<typeof featureSchema>;

/** Preset for opinion summaries of reviews (judging spec 3.5); the published list is recalled, not confirmed. */
export const opinionSummaryFeatures: readonly Feature[] = [
  { name: 'Aspect coverage', definition: 'Covers the aspects the sources talk about.', isReversed: false },
  {
    name: 'Opinion faithfulness',
    definition: 'Says of each aspect what the sources say.',
    isReversed: false,
  },
  {
    name: 'Opinion coverage',
    definition: 'Reflects the different opinions in their proportion.',
    isReversed: false,
  },
  { name: 'Conciseness', definition: 'Says it in few words, without repetition.', isReversed: false },
  { name: 'Relevance', definition: 'Keeps to what helps the reader.', isReversed: false },
  { name: 'Hallucination', definition: 'States what is in no source.', isReversed: true },
  { name: 'Language', definition: 'Is correct and fluent.', isReversed: false },
];

const paramsSchema = z.object({
  features: z
    .array(featureSchema)
    .min(1)
    .max(20)
    .default([...opinionSummaryFeatures]),
});
type Params = z.infer<typeof paramsSchema>;

export interface FeatureWeights {
  readonly weights: readonly number[];
  /** Share of the held-out pairs whose label the weights give. */
  readonly heldOutAccuracy: number;
  readonly trained: number;
  readonly tested: number;
}

/** s(w · (f1 − f2)): no bias term, so that swapping the responses swaps the answer. */
export function predictFromFeatures(
  weights: readonly number[],
  first: readonly number[],
  second: readonly number[],
): number {
  return sigmoid(
    weights.reduce((sum, weight, index) => sum + weight * ((first[index] ?? 0) - (second[index] ?? 0)), 0),
  );
}

/**
 * Weights of the features from labelled pairs: logistic without intercept, ridge .01, on the first `trained` pairs;
 * accuracy on the rest. `differences[i]` is f(a) − f(b) of pair i, `isA[i]` whether a was chosen. Throws RangeError where
 * the fit does not exist.
 */
export async function fitFeatureWeights(
  differences: readonly (readonly number[])[],
  isA: readonly boolean[],
  trained: number,
): Promise<FeatureWeights> {
  const [head = []] = differences;
  const train = differences.slice(0, trained);
  const fit = await fitLogistic(
    {
      features: head.map((_, feature) => Float64Array.from(train, (row) => row[feature] ?? 0)),
      outcome: Float64Array.from(isA.slice(0, trained), Number),
    },
    { intercept: false, ridge: 0.01 },
  );
  if (fit.status === 'undefined') throw new RangeError(`The weights cannot be fitted: ${fit.reason}.`);
  const weights = Array.from(fit.slopes);
  const test = differences.slice(trained);
  const right = test.filter((row, index) => {
    const score = row.reduce((sum, value, feature) => sum + value * (weights[feature] ?? 0), 0);
    return score > 0 === isA[trained + index];
  }).length;
  return {
    weights,
    heldOutAccuracy: right / Math.max(1, test.length),
    trained: train.length,
    tested: test.length,
  };
}

/** Values of features the user defines, from which weights can be learned on few human labels. */
export const domainFeatures: ResponseProtocol<Params> = {
  id: 'domain-features',
  subject: 'response',
  title: 'Domain features',
  description:
    'Values from 0 to 1 for features you define (a preset for summaries of reviews is there; its published list is recalled, not confirmed). Weights for them can be fitted on a small set of human labels.',
  section: '3.5',
  evidence: 'partly',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['generate'] }],
  templates: [
    {
      name: 'features',
      title: 'Features',
      text: featuresPrompt,
      known: ['prompt', 'response', 'features'],
      needed: ['response', 'features'],
    },
  ],
  outputs: [],
  estimate(lengths, { features }) {
    const read = lengths.prompt + lengths.response + templateTokens + features.length * 25;
    return { calls: 1, prompt: read, reused: 0, generated: 12 * features.length, embeddings: 0 };
  },
  async score(item, tools) {
    const { features } = tools.params;
    const schema = z.object(
      Object.fromEntries(
        features.map((feature) => [toAspect(feature.name), z.number().int().min(0).max(100)]),
      ),
    );
    const list = features
      .map(({ name, definition }) => `${toAspect(name)}: ${name}. ${definition}`)
      .join('\n');
    const input = tools.render('features', { prompt: item.prompt, response: item.response, features: list });
    const answer = await askJson(tools, input, schema, { maxTokens: 20 * features.length + 60 });
    return {
      scores: features.map(({ name, isReversed }) => {
        const given = answer.value?.[toAspect(name)];
        const value = given === undefined ? null : given / 100;
        return {
          aspect: `f_${toAspect(name)}`,
          value: value !== null && isReversed ? 1 - value : value,
          scaleMin: 0,
          scaleMax: 1,
        };
      }),
      calls: answer.calls,
      invalidCalls: answer.invalidCalls,
      failReason: answer.failReason,
      isTruncated: false,
      use: answer.use,
      detail: {},
    };
  },
};
