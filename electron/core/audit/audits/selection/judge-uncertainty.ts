import { z } from 'zod';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { measureMean, sumClusterMoments } from '../clustered-share.ts';
import { makeFigure } from '../audit.ts';
import { shareFigure } from '../plain-figures.ts';
import { sayMany, sayShare } from '../wording.ts';

interface Params {
  kind: string;
}

export const judgeUncertaintyAudit = defineAudit({
  id: 'judge_uncertainty',
  family: 'selection',
  title: 'Uncertainty of verdicts',
  description:
    'What several verdicts on a pair disagree about (BALD), and which pairs have a reliable label.',
  inputs: ['votes', 'strength'],
  parameters: {
    /** Kind of annotators whose votes are the passes: model, human, or empty for all. */
    kind: z.enum(['', 'model', 'human']).default(''),
  },
  findObstacle: (dataset) => (dataset.pairsWithTwoVotes > 0 ? null : 'No pair has two votes.'),
  run: async (context) => {
    const table = context.scratch('passes');
    await createPasses(context, table);
    const [moments] = await sumClusterMoments(
      context.session,
      `(SELECT NULL AS slice, cluster, bald AS outcome FROM ${table})`,
      { parameters: [], signal: context.signal },
    );
    if (!moments) return { obstacle: 'No pair has two votes of these annotators with a probability.' };
    const { reliable, n } = await context.session.one<{ reliable: number; n: number }>(
      `SELECT count(*) FILTER (reliable) AS reliable, count(*) AS n FROM ${table}`,
    );
    const share = shareFigure(
      { audit: 'judge_uncertainty', metric: 'reliable_share', title: 'Reliable pairs (our rule)' },
      reliable,
      n,
    );
    const measure = async (column: string, metric: string, title: string) => {
      const [sums] = await sumClusterMoments(
        context.session,
        `(SELECT NULL AS slice, cluster, ${column} AS outcome FROM ${table})`,
        { parameters: [], signal: context.signal },
      );
      return makeFigure({ audit: 'judge_uncertainty', metric, title }, { ...measureMean(sums), p: null });
    };
    return {
      findings: [
        makeFinding({
          id: 'reliable',
          sentence: `${sayShare(share)} of ${sayMany(n, 'pair')} with two verdicts or more are reliable: disagreement of 0 or below the median, and a mean probability more than 0.2 from one half.`,
          figure: share,
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: Number.POSITIVE_INFINITY,
          rows: await context.keepRows({
            set: 'most_uncertain',
            relation: 'pairs',
            sql: `SELECT comparison_id AS row_id FROM ${table} ORDER BY bald DESC, total DESC, row_id`,
          }),
        }),
      ],
      figures: [
        share,
        await measure('bald', 'mean_bald', 'Disagreement between verdicts B (nats)'),
        await measure('total', 'mean_entropy', 'Entropy of the mean verdict (nats)'),
      ],
      params: {
        passes: 'votes of different annotators; the paper uses passes of one model',
        reliable_rule: 'ours',
      },
    };
  },
});

/**
 * One row a pair: p of a vote is ½ ± ½·strength (a graded vote) or 1, 0 and ½ (a bare one); B = H(mean p) − mean H(p).
 */
async function createPasses(
  { session, dataset, pairs, params, signal }: AuditContext<Params>,
  table: string,
): Promise<void> {
  const entropy = (p: string) =>
    `(CASE WHEN ${p} <= 0 OR ${p} >= 1 THEN 0 ELSE -${p} * ln(${p}) - (1 - ${p}) * ln(1 - ${p}) END)`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS WITH
       passes AS (SELECT v.comparison_id, CASE v.label WHEN 'a' THEN 0.5 + coalesce(v.strength, 1) / 2 WHEN 'b' THEN 0.5 - coalesce(v.strength, 1) / 2
           WHEN 'tie' THEN 0.5 WHEN 'both_bad' THEN 0.5 END::DOUBLE AS p
         FROM vote v JOIN annotator n USING (annotator_id) WHERE v.dataset_id = $1 AND v.aspect IS NULL AND ($2 = '' OR n.kind = $2)),
       pooled AS (SELECT comparison_id, avg(p) AS p_mean, avg(${entropy('p')}) AS within FROM passes WHERE p IS NOT NULL GROUP BY comparison_id HAVING count(*) >= 2),
       measured AS (SELECT comparison_id, p_mean, ${entropy('p_mean')} AS total, greatest(0, ${entropy('p_mean')} - within) AS bald FROM pooled)
     SELECT m.*, x.cluster, (m.bald = 0 OR m.bald < median(m.bald) OVER ()) AND abs(p_mean - 0.5) > 0.2 AS reliable
     FROM measured m JOIN (SELECT DISTINCT comparison_id, cluster FROM ${pairs}) x USING (comparison_id) ORDER BY comparison_id`,
    [dataset.datasetId, params.kind],
    { signal },
  );
}
