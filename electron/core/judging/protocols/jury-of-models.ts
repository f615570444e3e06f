import { z } from 'zod';
import verdict from '../../../../resources/prompts/pairwise/verdict.md?raw';
import { askVerdict } from '../ask.ts';
import { askOrders, countOrders } from '../both-orders.ts';
import { decideJury, type Verdict } from '../jury.ts';
import { addUse, combineOrders } from '../pair-record.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { PairProtocol } from '../protocol.ts';
import { templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  criterion: z.string().min(1).max(2_000).default('Which response is better?'),
  tiePolicy: z
    .enum(['tie', 'non_tie_wins'])
    .default('tie')
    .describe('What a jury without a unique mode says: a tie, or the only side among the modes.'),
});
type Params = z.infer<typeof paramsSchema>;

/** Several models judge each pair in both orders; the label is the mode of theirs. */
export const juryOfModels: PairProtocol<Params> = {
  id: 'jury',
  subject: 'pair',
  title: 'Jury of models',
  description:
    'Every chosen model judges the pair in both orders; the jury’s label is the mode. Each juror’s own probability is kept.',
  section: '2.2',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'jurors', title: 'Jurors', needs: ['decide'], isMany: true }],
  templates: [definePairTemplate('verdict', 'Verdict', verdict, ['criterion'])],
  outputs: [{ name: 'jurors', type: 'json', description: 'Label and probability of each juror' }],
  estimate(lengths, _params, orders) {
    const calls = countOrders(orders);
    const read = lengths.prompt + 2 * lengths.response + templateTokens;
    return {
      calls,
      prompt: calls * read,
      reused: calls > 1 ? lengths.prompt + templateTokens / 2 : 0,
      generated: 0,
      embeddings: 0,
    };
  },
  async judge(pair, tools) {
    const { criterion, tiePolicy } = tools.params;
    const policy = { policy: tools.orders.order, tieEpsilon: tools.orders.tieEpsilon };
    const jurors = await Promise.all(
      tools.models('jurors').map(async (model) => {
        const { readings } = await askOrders(pair, tools, (slots) =>
          askVerdict(
            { ...tools, model: () => model },
            tools.render('verdict', { ...fillPair(pair, slots), criterion }),
          ),
        );
        const use = addUse(readings.map((reading) => reading.use));
        return { name: model.identity.name, readings, use, ...combineOrders(readings, policy) };
      }),
    );
    const voting = jurors.flatMap(({ label }): Verdict[] => (label === 'invalid' ? [] : [label]));
    const all = combineOrders(
      jurors.flatMap((juror) => juror.readings),
      policy,
    );
    return {
      ...all,
      label: decideJury(voting, tiePolicy) ?? 'invalid',
      rationale: null,
      isTruncated: false,
      failReason: voting.length === 0 ? 'No juror gave a valid answer.' : null,
      use: addUse(jurors.map((juror) => juror.use)),
      detail: { jurors: jurors.map(({ name, label, pA }) => ({ name, label, p_a: pA })) },
    };
  },
};
