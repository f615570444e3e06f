import { z } from 'zod';
import typePrompt from '../../../../resources/prompts/relevance/type.md?raw';
import { askVerdict } from '../ask.ts';
import type { ResponseProtocol } from '../protocol.ts';

const paramsSchema = z.object({
  referenceColumn: z
    .string()
    .max(200)
    .default('reference')
    .describe('Column of the source that holds a reference answer.'),
});
type Params = z.infer<typeof paramsSchema>;

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];

/** Share of distinct word trigrams, in (0, 1]; 1 under three words. Low values mean repetition. */
export function measureRepetition(text: string): number {
  const words = wordsOf(text);
  const trigrams = words.slice(2).map((_, index) => words.slice(index, index + 3).join(' '));
  return trigrams.length === 0 ? 1 : new Set(trigrams).size / trigrams.length;
}

/** Length incentive: words / 100. */
export function measureLengthIncentive(text: string): number {
  return wordsOf(text).length / 100;
}

const cosine = (left: Float32Array, right: Float32Array) =>
  left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);

/**
 * R3: for open prompts relevance · length incentive · repetition penalty; for closed ones agreement with the reference ·
 * repetition penalty, where the agreement is rescaled to the range of the relevances over the run when it ends.
 */
export const relevance: ResponseProtocol<Params> = {
  id: 'relevance',
  subject: 'response',
  title: 'Regularised relevance (R3)',
  description:
    'Relevance of the response to the prompt by embeddings, with an incentive for length and a penalty for repetition. Finds long off-topic responses. How the reference term is rescaled is not confirmed: minimum to maximum over the run.',
  section: '3.6',
  evidence: 'partly',
  params: paramsSchema,
  roles: [
    { id: 'embedder', title: 'Embedding model', needs: ['embed'] },
    { id: 'judge', title: 'Judge of open or closed', needs: ['decide'] },
  ],
  templates: [
    { name: 'type', title: 'Open or closed', text: typePrompt, known: ['prompt'], needed: ['prompt'] },
  ],
  outputs: [
    { name: 'relevance', type: 'number', description: 'Cosine of prompt and response' },
    { name: 'li', type: 'number', description: 'Words / 100' },
    { name: 'rp', type: 'number', description: 'Share of distinct word trigrams' },
    { name: 'query_type', type: 'category', description: 'open or closed' },
    {
      name: 'is_without_reference',
      type: 'category',
      description: 'A closed prompt without reference: the open formula was used',
    },
  ],
  estimate: (lengths) => ({ calls: 1, prompt: lengths.prompt + 60, reused: 0, generated: 0, embeddings: 2 }),
  async score(item, tools) {
    const { signal } = tools;
    const given = item.extra[tools.params.referenceColumn];
    const reference = typeof given === 'string' && given.trim() !== '' ? given : null;
    const verdict = await askVerdict(tools, tools.render('type', { prompt: item.prompt }), 'judge');
    const isClosed = verdict.pFirst !== null && verdict.pFirst < 0.5;
    const embedder = tools.model('embedder');
    const [prompt, response, target] = await Promise.all([
      embedder.embed(item.prompt, { signal }),
      embedder.embed(item.response, { signal }),
      reference === null ? null : embedder.embed(reference, { signal }),
    ]);
    const toPrompt = cosine(prompt, response);
    const toReference = target ? cosine(target, response) : null;
    const repetition = measureRepetition(item.response);
    const incentive = measureLengthIncentive(item.response);
    const usesReference = isClosed && toReference !== null;
    const r3 = usesReference ? toReference * repetition : toPrompt * incentive * repetition;
    const number = (aspect: string, value: number) => ({ aspect, value, scaleMin: null, scaleMax: null });
    return {
      scores: [
        number('r3', r3),
        number('relevance', toPrompt),
        {
          aspect: 'query_type',
          value: null,
          valueText: isClosed ? 'closed' : 'open',
          scaleMin: null,
          scaleMax: null,
        },
      ],
      calls: 1,
      invalidCalls: verdict.pFirst === null ? 1 : 0,
      failReason: null,
      isTruncated: false,
      use: verdict.use,
      detail: {
        relevance: toPrompt,
        reference_relevance: usesReference ? toReference : null,
        li: incentive,
        rp: repetition,
        query_type: isClosed ? 'closed' : 'open',
        is_without_reference: isClosed && toReference === null,
      },
    };
  },
  async conclude({ session, judgeRunId }) {
    await session.run(
      `WITH item AS (
         SELECT response_id, (detail ->> '$.relevance')::DOUBLE AS x, (detail ->> '$.reference_relevance')::DOUBLE AS y,
           (detail ->> '$.rp')::DOUBLE AS rp FROM response_judgement WHERE judge_run_id = ?),
       span AS (SELECT min(x) AS x0, max(x) AS x1, min(y) AS y0, max(y) AS y1 FROM item)
       UPDATE rating SET "value" = (CASE WHEN y1 > y0 THEN x0 + (y - y0) / (y1 - y0) * (x1 - x0) ELSE y END) * rp
       FROM item, span
       WHERE rating.response_id = item.response_id AND rating.aspect = 'r3' AND item.y IS NOT NULL
         AND rating.annotator_id = (SELECT annotator_id FROM judge_run WHERE judge_run_id = ?)`,
      [judgeRunId, judgeRunId],
    );
  },
};
