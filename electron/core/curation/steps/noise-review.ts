import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { evidenceShape, findEvidenceFault, labelEvidence } from '../evidence.ts';
import { defineStep } from '../step.ts';
import { changePairs, decidedOf, dropPairs, liveOf } from '../work.ts';

export const noiseReviewStep = defineStep({
  id: 'noise-review',
  family: 'remove',
  title: 'Noise review',
  description:
    'Finds labels that the evidence speaks against and drops the pairs, sends them to people, or leaves a note; or takes the open proposals of the audits.',
  source: null,
  unconfirmed: 'The probability that a label is right is our operationalisation (see the doc page).',
  params: {
    proposals: z
      .enum(['none', 'open', 'accepted'])
      .default('none')
      .describe(
        'Instead of the evidence: the proposals that audits have put into the review queue of the dataset.',
      ),
    ...evidenceShape,
    below: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.2)
      .describe('Probability that the label is right below which it is suspected.'),
    action: z
      .enum(['drop', 'human'])
      .default('drop')
      .describe('What happens to a suspected pair: it is dropped, or routed to people.'),
  },
  findFault: (params) => (params.proposals === 'none' ? findEvidenceFault(params) : null),
  apply: async ({ work, params, session }) => {
    const binder = new Binder();
    const suspected =
      params.proposals === 'none'
        ? `SELECT candidate_id, 'the evidence speaks against the label' AS why FROM (${labelEvidence(work, params, binder)}) WHERE p < ${params.below}`
        : `SELECT k.candidate_id, concat('proposed by the audit ', min(o.audit)) AS why FROM ${liveOf(work)} k JOIN proposal o USING (comparison_id)
           WHERE o.dataset_id = ${work.datasetId} AND o.status = ${binder.bind(params.proposals, 'VARCHAR')} GROUP BY k.candidate_id`;
    if (params.action === 'drop') await dropPairs(work, { sql: suspected, parameters: binder.parameters });
    else
      await changePairs(work, {
        sql: `SELECT *, 'human' AS route FROM (${suspected})`,
        parameters: binder.parameters,
        set: ['route'],
      });
    if (params.proposals !== 'none') return {};
    const read = new Binder();
    const { n, all } = await session.one<{ n: number; all: number }>(
      `SELECT (SELECT count(*) FROM (${labelEvidence(work, params, read)})) AS n, (SELECT count(*) FROM ${decidedOf(work)}) AS all`,
      read.parameters,
    );
    return {
      notes:
        n < all ? [`${all - n} of the ${all} pairs that stay have no evidence and were not reviewed.`] : [],
    };
  },
});
