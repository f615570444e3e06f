import { z } from 'zod';
import featuresPrompt from '../../../../resources/prompts/features/features.md?raw';
import type { Session } from '../../../../native/duckdb/session.ts';
import { askJson } from '../ask.ts';
import type { ResponseProtocol } from '../protocol.ts';
import { toAspect } from '../scales.ts';
import { templateTokens } from '../verdict.ts';

const featureSchema = z.object({
  name: z.string().trim().min(1).max(80),
  definition: z.string().min(1).max(1_000),
  /** The value counts against the response: stored as 1 − value. */
  isReversed: z.boolean().default(false),
  weight: z
    .number()
    .min(-1_000)
    .max(1_000)
    .optional()
    .describe('A fitted weight. With one for every feature the run gives a score and labels pairs.'),
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

/**
 * What fitted weights say of the items of a run: `domain_score` = w · f of each response, and of each pair with both sides
 * scored P(a ≻ b) = s(w · (f(a) − f(b))) as a judgement and a label beside the dataset’s.
 */
async function applyWeights(
  session: Session,
  judgeRunId: number,
  weights: readonly { readonly aspect: string; readonly weight: number }[],
): Promise<void> {
  const run = await session.one<{ annotatorId: number; datasetId: number; epsilon: number }>(
    `SELECT annotator_id AS "annotatorId", dataset_id AS "datasetId", (record ->> '$.request.tieEpsilon')::DOUBLE AS epsilon
     FROM judge_run WHERE judge_run_id = ?`,
    [judgeRunId],
  );
  const { annotatorId, datasetId, epsilon } = run;
  await session.run("DELETE FROM rating WHERE annotator_id = ? AND aspect = 'domain_score'", [annotatorId]);
  await session.run('DELETE FROM vote WHERE annotator_id = ?', [annotatorId]);
  await session.run('DELETE FROM judgement WHERE judge_run_id = ?', [judgeRunId]);
  await session.run(
    `INSERT INTO rating (response_id, dataset_id, annotator_id, aspect, "value", import_id)
     SELECT response_id, ?, ?, 'domain_score', sum("value" * w.weight), 0 FROM rating
     JOIN (SELECT unnest(from_json(?::JSON, '[{"aspect":"VARCHAR","weight":"DOUBLE"}]'), recursive := true)) w USING (aspect)
     WHERE annotator_id = ? AND "value" IS NOT NULL GROUP BY response_id HAVING count(*) = ?`,
    [datasetId, annotatorId, JSON.stringify(weights), annotatorId, weights.length],
  );
  await session.run(
    `INSERT INTO judgement (judge_run_id, dataset_id, comparison_id, label, p_a, strength, margin, calls, invalid_calls,
       is_truncated, prompt_tokens, reused_tokens, generated_tokens, ms)
     WITH scored AS (SELECT response_id, "value" AS score FROM rating WHERE annotator_id = ? AND aspect = 'domain_score'),
     compared AS (SELECT c.comparison_id, a.score - b.score AS margin, 1 / (1 + exp(b.score - a.score)) AS p
       FROM comparison c JOIN scored a ON a.response_id = c.response_a_id JOIN scored b ON b.response_id = c.response_b_id
       WHERE c.dataset_id = ?)
     SELECT ?, ?, comparison_id, CASE WHEN abs(p - 0.5) < ? THEN 'tie' WHEN p > 0.5 THEN 'a' ELSE 'b' END, p, abs(2 * p - 1), margin,
       0, 0, false, 0, 0, 0, 0 FROM compared`,
    [annotatorId, datasetId, judgeRunId, datasetId, epsilon],
  );
  await session.run(
    `INSERT INTO vote (comparison_id, dataset_id, annotator_id, label, strength, ms, import_id)
     SELECT comparison_id, dataset_id, ?, label, strength, ms, 0 FROM judgement WHERE judge_run_id = ?`,
    [annotatorId, judgeRunId],
  );
}

/** Values of features the user defines, from which weights can be learned on few human labels. */
export const domainFeatures: ResponseProtocol<Params> = {
  id: 'domain-features',
  subject: 'response',
  title: 'Domain features',
  description:
    'Values from 0 to 1 for features you define (a preset for summaries of reviews is there; its published list is recalled, not confirmed). Weights for them are fitted on a small set of human labels, shown at the run, and can be used in another run.',
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
  outputs: [
    {
      name: 'domain_score',
      type: 'number',
      description: 'w · f, a rating; only with a weight for every feature',
    },
  ],
  async conclude({ session, judgeRunId, params: { features } }) {
    const weights = features.flatMap(({ name, weight }) =>
      weight === undefined ? [] : [{ aspect: `f_${toAspect(name)}`, weight }],
    );
    if (weights.length === features.length) await applyWeights(session, judgeRunId, weights);
  },
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
