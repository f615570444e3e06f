import { z } from 'zod';
import plain from '../../../../resources/prompts/context/plain.md?raw';
import verdict from '../../../../resources/prompts/context/verdict.md?raw';
import { askVerdict } from '../ask.ts';
import { askOrders, countOrders } from '../both-orders.ts';
import { addUse, combineOrders } from '../pair-record.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { JudgePair, JudgeTools, PairProtocol } from '../protocol.ts';
import { sayUnwilling, templateTokens } from '../verdict.ts';

const contextSchema = z.object({
  text: z.string().min(1).max(4_000).describe('A criterion, a scenario or a profile of the user.'),
  weight: z.number().min(0).default(1),
  /** The context under which the preference should turn round. */
  opposite: z.string().min(1).max(4_000).optional(),
});

const paramsSchema = z.object({
  contexts: z
    .array(contextSchema)
    .max(12)
    .default([
      {
        text: 'The user wants a short and direct answer.',
        weight: 1,
        opposite: 'The user wants a long and thorough answer.',
      },
    ]),
  column: z
    .string()
    .max(200)
    .default('context')
    .describe(
      'Column of the source that holds a context of the row itself; used instead of the list where it is present.',
    ),
  withoutContext: z
    .boolean()
    .default(true)
    .describe('Also judge without any context, to measure what it adds.'),
});
type Params = z.infer<typeof paramsSchema>;

/** P(a better) = Σ w_z P(a better | z) / Σ w_z over contexts with an answer; null without any (judging spec 2.4). */
export function marginalise(
  judged: readonly { readonly weight: number; readonly pA: number | null }[],
): number | null {
  const valid = judged.filter(
    (one): one is { weight: number; pA: number } => one.pA !== null && one.weight > 0,
  );
  const total = valid.reduce((sum, one) => sum + one.weight, 0);
  return total === 0 ? null : valid.reduce((sum, one) => sum + one.weight * one.pA, 0) / total;
}

/**
 * Share of pairs whose preference is right under a context and turns round under its opposite. `pA` and `pOpposite` are
 * probabilities of a; `label` is right under the context. A judge that ignores the context scores 0.
 */
export function measureFlipAccuracy(
  judged: readonly { readonly label: 'a' | 'b'; readonly pA: number; readonly pOpposite: number }[],
): { share: number | null; n: number } {
  const right = judged.filter(({ label, pA, pOpposite }) =>
    label === 'a' ? pA > 0.5 && pOpposite < 0.5 : pA < 0.5 && pOpposite > 0.5,
  ).length;
  return { share: judged.length === 0 ? null : right / judged.length, n: judged.length };
}

async function judgeUnder(pair: JudgePair, tools: JudgeTools<Params>, context: string | null) {
  const { readings } = await askOrders(pair, tools, (slots) =>
    askVerdict(
      tools,
      context === null
        ? tools.render('plain', fillPair(pair, slots))
        : tools.render('verdict', { ...fillPair(pair, slots), context }),
    ),
  );
  return { readings, use: addUse(readings.map((reading) => reading.use)) };
}

/** Judges a pair under stated contexts only, and how far the preference moves between them. */
export const contextAware: PairProtocol<Params> = {
  id: 'context-aware',
  subject: 'pair',
  title: 'Under a stated context',
  description:
    'Judges the pair by a stated criterion, scenario or user profile alone, for each context, and for its opposite. A judge that does not turn round under the opposite ignores the context.',
  section: '2.4',
  evidence: 'partly',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['decide'] }],
  templates: [
    definePairTemplate('verdict', 'Verdict under a context', verdict, ['context']),
    definePairTemplate('plain', 'Verdict without context', plain),
  ],
  outputs: [
    { name: 'contexts', type: 'json', description: 'Probability of a under each context and its opposite' },
    { name: 'p_plain', type: 'probability', description: 'Probability of a without context' },
    {
      name: 'context_sensitivity',
      type: 'number',
      description: 'Largest minus smallest probability over contexts',
    },
  ],
  estimate(lengths, params, orders) {
    const judged = params.contexts.reduce((sum, one) => sum + (one.opposite === undefined ? 1 : 2), 0);
    const calls = countOrders(orders) * (judged + (params.withoutContext ? 1 : 0));
    const read = lengths.prompt + 2 * lengths.response + templateTokens;
    return { calls, prompt: calls * read, reused: 0, generated: 0, embeddings: 0 };
  },
  async judge(pair, tools) {
    const { params, orders } = tools;
    const policy = { policy: orders.order, tieEpsilon: orders.tieEpsilon };
    const own = pair.extra[params.column];
    const contexts =
      typeof own === 'string' && own.trim() !== '' ? [contextSchema.parse({ text: own })] : params.contexts;
    const judged = await Promise.all(
      contexts.map(async ({ text, weight, opposite }) => {
        const under = await judgeUnder(pair, tools, text);
        const against = opposite === undefined ? null : await judgeUnder(pair, tools, opposite);
        return {
          text,
          weight,
          readings: under.readings,
          pA: combineOrders(under.readings, policy).pA,
          pOpposite: against && combineOrders(against.readings, policy).pA,
          use: addUse([under.use, ...(against ? [against.use] : [])]),
        };
      }),
    );
    const bare = params.withoutContext ? await judgeUnder(pair, tools, null) : null;
    const pA = marginalise(judged);
    const combined = combineOrders(
      judged.flatMap((one) => one.readings),
      policy,
    );
    const probabilities = judged.flatMap((one) => [one.pA, one.pOpposite].filter((p) => p !== null));
    const isTie = pA !== null && (combined.label === 'tie' || Math.abs(pA - 0.5) < orders.tieEpsilon);
    return {
      ...combined,
      label: pA === null ? 'invalid' : isTie ? 'tie' : pA > 0.5 ? 'a' : 'b',
      pA,
      strength: pA === null ? null : Math.abs(2 * pA - 1),
      rationale: null,
      isTruncated: false,
      failReason:
        pA === null
          ? sayUnwilling(Math.min(...judged.flatMap((one) => one.readings.map((r) => r.coverage))))
          : null,
      use: addUse([...judged.map((one) => one.use), ...(bare ? [bare.use] : [])]),
      detail: {
        contexts: judged.map(({ text, weight, pA: p, pOpposite }) => ({
          text,
          weight,
          p_a: p,
          p_opposite: pOpposite,
        })),
        p_marginal: pA,
        p_plain: bare && combineOrders(bare.readings, policy).pA,
        context_sensitivity:
          probabilities.length === 0 ? null : Math.max(...probabilities) - Math.min(...probabilities),
      },
    };
  },
};
