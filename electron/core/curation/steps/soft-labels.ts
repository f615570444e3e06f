import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { evidenceShape, findEvidenceFault, labelEvidence } from '../evidence.ts';
import { defineStep } from '../step.ts';
import { changePairs, decidedOf } from '../work.ts';

export const softLabelsStep = defineStep({
  id: 'soft-labels',
  family: 'weigh',
  title: 'Soft labels',
  description:
    'Gives each pair the probability that its chosen response is the better one: a trainer takes it as the target, or 1 − it as label smoothing.',
  source:
    'Conservative label 1 − ε: S. R. Chowdhury et al., Provably Robust DPO (2024); by voting: Secrets of RLHF II (2024)',
  unconfirmed: 'Probabilities from votes, judges and ratings are our operationalisation (see the doc page).',
  params: {
    ...evidenceShape,
    least: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.5)
      .describe('Lowest soft label that is written; 0.5 keeps a label from being turned round silently.'),
  },
  findFault: findEvidenceFault,
  apply: async ({ work, params, session }) => {
    const binder = new Binder();
    await changePairs(work, {
      sql: `SELECT candidate_id, 'soft label by ${params.from}' AS why, greatest(p, ${params.least}) AS soft_label FROM (${labelEvidence(work, params, binder)})`,
      parameters: binder.parameters,
      set: ['soft_label'],
    });
    const { n, mean, sd, without } = await session.one<
      Record<'n' | 'without', number> & Record<'mean' | 'sd', number | null>
    >(
      `SELECT count(soft_label) AS n, avg(soft_label) AS mean, stddev_samp(soft_label) AS sd, count(*) - count(soft_label) AS without FROM ${decidedOf(work)}`,
    );
    const half = n > 1 && sd !== null ? (1.959964 * sd) / Math.sqrt(n) : null;
    return {
      figures: [
        {
          name: 'mean soft label',
          value: mean,
          low: mean === null || half === null ? null : mean - half,
          high: mean === null || half === null ? null : mean + half,
          n,
        },
      ],
      notes: without > 0 ? [`${without} pairs have no evidence and no soft label.`] : [],
    };
  },
});
