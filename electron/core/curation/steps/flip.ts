import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { evidenceShape, findEvidenceFault, labelEvidence } from '../evidence.ts';
import { defineStep } from '../step.ts';
import { changePairs, decidedOf } from '../work.ts';

export const flipStep = defineStep({
  id: 'flip',
  family: 'label',
  title: 'Flip labels',
  description:
    'Turns the label of pairs round where the other side is very probably the better one. The recorded strength is dropped with the label it was about.',
  source:
    'B. Wang et al., Secrets of RLHF II (2024): flips only where the mean preference speaks against the label',
  unconfirmed: 'The probability of the other side is our operationalisation (see the doc page).',
  params: {
    proposals: z
      .enum(['none', 'open', 'accepted'])
      .default('none')
      .describe('Instead of the evidence: the flips that audits have proposed for the dataset.'),
    ...evidenceShape,
    least: z
      .number()
      .min(0.5)
      .lt(1)
      .default(0.8)
      .describe('Probability of the other side from which on the label is turned.'),
  },
  findFault: (params) => (params.proposals === 'none' ? findEvidenceFault(params) : null),
  apply: async ({ work, params }) => {
    const binder = new Binder();
    const wrong =
      params.proposals === 'none'
        ? `SELECT candidate_id, 'the evidence is for the other side' AS why FROM (${labelEvidence(work, params, binder)}) WHERE 1 - p >= ${params.least}`
        : `SELECT k.candidate_id, concat('proposed by the audit ', min(o.audit)) AS why FROM ${decidedOf(work)} k JOIN proposal o USING (comparison_id)
           WHERE o.dataset_id = ${work.datasetId} AND o.kind = 'flip' AND o.status = ${binder.bind(params.proposals, 'VARCHAR')} GROUP BY k.candidate_id`;
    await changePairs(work, {
      sql: `SELECT candidate_id, w.why, CASE k.label WHEN 'a' THEN 'b' ELSE 'a' END AS label, NULL AS strength,
          1 - k.soft_label AS soft_label, -k.margin AS margin
        FROM (${wrong}) w JOIN ${decidedOf(work)} k USING (candidate_id)`,
      parameters: binder.parameters,
      set: ['label', 'strength', 'soft_label', 'margin'],
    });
    return {};
  },
});
