import { z } from 'zod';
import verdict from '../../../../resources/prompts/pairwise/verdict.md?raw';
import plain from '../../../../resources/prompts/uncertainty/plain.md?raw';
import { askVerdict, concludeVerdicts } from '../ask.ts';
import { arrange } from '../both-orders.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { PairProtocol } from '../protocol.ts';
import { templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  passes: z
    .number()
    .int()
    .min(2)
    .max(40)
    .default(10)
    .describe('How often the pair is asked, each time a little differently.'),
  mu: z.number().min(0).max(10).default(1).describe('Exponent of the sampling weight (1 − B)^μ.'),
});
type Params = z.infer<typeof paramsSchema>;

const criteria = [
  'Which response is better?',
  'Which response would most people prefer?',
  'Which response is more helpful to the person who asked?',
  'Which response is more accurate?',
  'Which response serves the request best?',
] as const;

/** Binary entropy in nats; 0 at the ends. */
export function entropyOf(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log(1 - p);
}

export interface Uncertainty {
  /** H(mean p) − mean H(p), in nats, [0, ln 2]: what the passes disagree about. */
  readonly bald: number;
  /** H(mean p): all uncertainty. */
  readonly total: number;
  readonly mean: number;
}

/** BALD over the passes (judging spec 6.1). Undefined without passes. */
export function measureUncertainty(passes: readonly number[]): Uncertainty | undefined {
  if (passes.length === 0) return undefined;
  const mean = passes.reduce((sum, p) => sum + p, 0) / passes.length;
  const within = passes.reduce((sum, p) => sum + entropyOf(p), 0) / passes.length;
  const total = entropyOf(mean);
  return { bald: Math.max(0, total - within), total, mean };
}

/** Asks the same pair in several wordings and both orders; what the answers disagree about is the judge’s uncertainty. */
export const uncertainty: PairProtocol<Params> = {
  id: 'uncertainty',
  subject: 'pair',
  title: 'Uncertainty by prompt perturbation',
  description:
    'Asks each pair several times with other wordings and orders and measures how far the answers disagree. The published method uses dropout, which these models have not; this is prompt perturbation.',
  section: '6.1',
  evidence: 'partly',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['decide'] }],
  templates: [
    definePairTemplate('verdict', 'Wording with instructions', verdict, ['criterion']),
    definePairTemplate('plain', 'Plain wording', plain),
  ],
  outputs: [
    { name: 'unc_bald', type: 'number', description: 'Disagreement between the passes, in nats' },
    { name: 'unc_total', type: 'number', description: 'Entropy of the mean, in nats' },
    { name: 'p_mean', type: 'probability', description: 'Mean probability of a' },
    { name: 'sample_weight', type: 'number', description: '(1 − B)^μ' },
    {
      name: 'reliable',
      type: 'category',
      description: 'B below the run’s median and |p − ½| above 0.2 (our rule); set when the run ends',
    },
  ],
  estimate(lengths, { passes }) {
    const read = lengths.prompt + 2 * lengths.response + templateTokens;
    return { calls: passes, prompt: passes * read, reused: 0, generated: 0, embeddings: 0 };
  },
  async judge(pair, tools) {
    const { passes, mu } = tools.params;
    const answers = await Promise.all(
      Array.from({ length: passes }, async (_, pass) => {
        const slots = arrange(pair, pass % 2 === 0 ? 'a' : 'b');
        const values = fillPair(pair, slots);
        const criterion = criteria[Math.floor(pass / 2) % criteria.length] ?? criteria[0];
        const isPlain = Math.floor(pass / 2) % 3 === 2;
        const input = isPlain
          ? tools.render('plain', values)
          : tools.render('verdict', { ...values, criterion });
        return { first: slots.first, ...(await askVerdict(tools, input)) };
      }),
    );
    const { verdict: concluded } = concludeVerdicts(answers, tools.orders);
    const ofA = answers.flatMap(({ first, pFirst }) =>
      pFirst === null ? [] : first === 'a' ? pFirst : 1 - pFirst,
    );
    const measured = measureUncertainty(ofA);
    return {
      ...concluded,
      detail: measured
        ? {
            unc_bald: measured.bald,
            unc_total: measured.total,
            p_mean: measured.mean,
            sample_weight: (1 - measured.bald) ** mu,
            passes: ofA,
          }
        : {},
    };
  },
  async conclude({ session, judgeRunId }) {
    const bald = "(detail ->> '$.unc_bald')::DOUBLE";
    await session.run(
      `UPDATE judgement SET detail = json_merge_patch(detail, json_object('reliable',
         ${bald} < (SELECT median(${bald}) FROM judgement WHERE judge_run_id = ?) AND abs(p_a - 0.5) > 0.2))
       WHERE judge_run_id = ? AND p_a IS NOT NULL`,
      [judgeRunId, judgeRunId],
    );
  },
};
