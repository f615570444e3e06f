import { z } from 'zod';
import response from '../../../../resources/prompts/density/response.md?raw';
import type { ContinuationScore } from '../../../../native/host/inference.ts';
import { addUse, makeInvalidPair } from '../pair-record.ts';
import type { JudgePair, JudgeTools, PairProtocol } from '../protocol.ts';
import { sigmoid, templateTokens } from '../verdict.ts';

const customSchema = z.object({
  instruction: z
    .string()
    .max(4_000)
    .default('')
    .describe('A domain instruction put before the prompt (safety, reasoning, chat); empty for none.'),
  customise: z
    .enum(['both', 'strong_only'])
    .default('both')
    .describe('Which models are given the instruction; which of the two the authors mean is not confirmed.'),
  normalise: z.enum(['none', 'per_token']).default('none'),
});

const selfieSchema = z.object({
  beta: z.number().min(0.001).max(10).default(0.1).describe('Scale of the margin in P = s(β · margin).'),
  smoothing: z.number().min(0).max(0.5).default(0.1).describe('Label smoothing of the least certain pairs.'),
  percentile: z
    .number()
    .min(0)
    .max(100)
    .default(10)
    .describe('Share of pairs, in percent, that is smoothed.'),
});

/** A reward of one response: ln p under one model minus ln p under the other, and the same per token of the first. */
export interface DensityRatio {
  readonly sum: number;
  readonly average: number;
}

/** r(x, y) = lp_strong − lp_weak, each model with its own tokens and template (judging spec 1.1). */
export function takeRatio(
  strong: Pick<ContinuationScore, 'sum' | 'count'>,
  weak: Pick<ContinuationScore, 'sum'>,
): DensityRatio {
  const sum = strong.sum - weak.sum;
  return { sum, average: sum / Math.max(1, strong.count) };
}

interface Rating {
  readonly ratio: DensityRatio;
  readonly strong: ContinuationScore;
  readonly weak: ContinuationScore;
}

async function rate(
  pair: JudgePair,
  text: string,
  tools: JudgeTools<unknown>,
  { roles, instructions }: { roles: readonly [string, string]; instructions: readonly [string, string] },
): Promise<Rating> {
  const [strong, weak] = await Promise.all(
    roles.map((role, index) => {
      const values = { prompt: pair.prompt, instruction: instructions[index] ?? '' };
      return tools.model(role).score(tools.render('response', values), text, { signal: tools.signal });
    }),
  );
  if (!strong || !weak) throw new Error('two models score a response');
  return { ratio: takeRatio(strong, weak), strong, weak };
}

async function ratePair(
  pair: JudgePair,
  tools: JudgeTools<unknown>,
  setting: { roles: readonly [string, string]; instructions: readonly [string, string] },
): Promise<{ a: Rating; b: Rating } | null> {
  if (pair.responseA.trim() === '' || pair.responseB.trim() === '') return null;
  const [a, b] = await Promise.all(
    [pair.responseA, pair.responseB].map((text) => rate(pair, text, tools, setting)),
  );
  if (!a || !b) throw new Error('two responses are scored');
  const isFinite = [a, b].every(({ ratio }) => Number.isFinite(ratio.sum));
  return isFinite ? { a, b } : null;
}

/** The record of a pointwise comparison: no order is asked, so none can be preferred. */
function fromMargin(margin: number, pA: number, { a, b }: { a: Rating; b: Rating }, tieEpsilon: number) {
  const isTie = Math.abs(pA - 0.5) < tieEpsilon;
  return {
    label: isTie ? ('tie' as const) : pA > 0.5 ? ('a' as const) : ('b' as const),
    pA,
    strength: Math.abs(2 * pA - 1),
    margin,
    isOrderConsistent: null,
    positionBias: null,
    calls: 4,
    invalidCalls: 0,
    rationale: null,
    isTruncated: false,
    failReason: null,
    use: addUse([a.strong.use, a.weak.use, b.strong.use, b.weak.use]),
  };
}

const unusable = () => makeInvalidPair('A response is empty, or its log-probability is not finite.');

const templates = [
  {
    name: 'response',
    title: 'What comes before the response',
    text: response,
    known: ['prompt', 'instruction'],
    needed: ['prompt'],
  },
];

const estimateScores: PairProtocol<unknown>['estimate'] = (lengths) => ({
  calls: 4,
  prompt: 4 * (lengths.prompt + lengths.response + templateTokens / 4),
  reused: 2 * lengths.prompt,
  generated: 0,
  embeddings: 0,
});

/** Customised density ratio: the log-likelihood gain of a stronger (aligned) model over a weaker one as reward. */
export const densityRatio: PairProtocol<z.infer<typeof customSchema>> = {
  id: 'density-ratio',
  subject: 'pair',
  title: 'Density ratio of two models',
  description:
    'Scores each response by how much more likely a strong (aligned) model finds it than a weak one of the same family. No position bias; four scored texts per pair.',
  section: '1.1',
  evidence: 'confirmed',
  params: customSchema,
  roles: [
    { id: 'strong', title: 'Strong model', needs: ['score'] },
    { id: 'weak', title: 'Weak model', needs: ['score'] },
  ],
  templates,
  outputs: [
    { name: 'cdr_sum', type: 'json', description: 'Log-likelihood gain of each response' },
    { name: 'cdr_avg', type: 'json', description: 'The same per token of the strong model' },
    { name: 'cdr_margin', type: 'number', description: 'Difference of the gains' },
  ],
  estimate: estimateScores,
  async judge(pair, tools) {
    const { instruction, customise, normalise } = tools.params;
    const instructions = [instruction, customise === 'both' ? instruction : ''] as const;
    const rated = await ratePair(pair, tools, { roles: ['strong', 'weak'], instructions });
    if (!rated) return unusable();
    const [a, b] = [rated.a.ratio, rated.b.ratio];
    const margin = normalise === 'none' ? a.sum - b.sum : a.average - b.average;
    return {
      ...fromMargin(margin, sigmoid(margin), rated, tools.orders.tieEpsilon),
      detail: {
        cdr_sum: { a: a.sum, b: b.sum },
        cdr_avg: { a: a.average, b: b.average },
        cdr_margin: margin,
      },
    };
  },
};

/** Labels from the model’s own logits: the current checkpoint against the one its training began with. */
export const selfLabels: PairProtocol<z.infer<typeof selfieSchema>> = {
  id: 'self-labels',
  subject: 'pair',
  title: 'Labels from the model’s own logits',
  description:
    'P(a better) = s(β · margin) from how much more likely the current checkpoint finds each response than its starting point. Length amplification of this method is documented: compare with the length-controlled figures.',
  section: '1.2',
  evidence: 'confirmed',
  params: selfieSchema,
  roles: [
    { id: 'current', title: 'Current checkpoint', needs: ['score'] },
    { id: 'initial', title: 'Checkpoint it began with', needs: ['score'] },
  ],
  templates,
  outputs: [
    { name: 'spa_margin', type: 'number', description: 'β times the difference of the gains' },
    {
      name: 'label_smoothing',
      type: 'probability',
      description: 'Smoothing of the least certain pairs; set when the run ends',
    },
  ],
  estimate: estimateScores,
  async judge(pair, tools) {
    const rated = await ratePair(pair, tools, { roles: ['current', 'initial'], instructions: ['', ''] });
    if (!rated) return unusable();
    const margin = tools.params.beta * (rated.a.ratio.sum - rated.b.ratio.sum);
    return {
      ...fromMargin(margin, sigmoid(margin), rated, tools.orders.tieEpsilon),
      detail: { spa_margin: margin, spa_p: sigmoid(margin) },
    };
  },
  async conclude({ session, judgeRunId, params }) {
    await session.run(
      `UPDATE judgement SET detail = json_merge_patch(detail, json_object('label_smoothing',
         CASE WHEN abs(margin) <= (SELECT quantile_cont(abs(margin), ?) FROM judgement WHERE judge_run_id = ? AND margin IS NOT NULL) THEN ?::DOUBLE ELSE 0.0 END))
       WHERE judge_run_id = ? AND margin IS NOT NULL`,
      [params.percentile / 100, judgeRunId, params.smoothing, judgeRunId],
    );
  },
};
