import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { adjustFigures, defineAudit, makeFigure } from '../audit.ts';
import { measureMean, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany } from '../wording.ts';
import { measureGroupTopics } from './group-topics.ts';
import { measureCentrality } from './rank-figures.ts';
import { listRaterGroups } from './rater-groups.ts';
import { drawAllPanels } from './panels.ts';
import { measureRepresentativeness, findCensus } from './representativeness.ts';
import { readScores, type ScoreTable, type WelfareContext } from './score-table.ts';

export const raterWelfareAudit = defineAudit({
  id: 'rater-welfare',
  family: 'raters',
  title: 'Whose taste decides',
  description:
    'Which model a panel of raters would choose and how well off everybody, and each group, would be with it; ratings by rank centrality.',
  inputs: ['ratings', 'annotator', 'model', 'topic'],
  parameters: {
    aspect: z.string().default(''),
    /** Scores of two responses this close are a tie. */
    tie_within: z.number().min(0).default(5),
    prior: z.number().min(0).default(1),
    rounds: z.number().int().min(100).max(10_000).default(1000),
    draws: z.number().int().min(100).max(10_000).default(1000),
    rule: z.enum(['mean', 'choice', 'veto']).default('mean'),
    veto: z.number().default(10),
    min_raters: z.number().int().min(2).default(5),
    max_groups: z.number().int().min(1).max(60).default(12),
    /** Census shares as JSON, e.g. {"gender":{"Female":0.51,"Male":0.49}}; empty = not compared. */
    census: z
      .string()
      .refine(
        (text) => findCensus(text) !== undefined,
        'give JSON such as {"gender":{"Female":0.51,"Male":0.49}}',
      )
      .default(''),
  },
  findObstacle: (dataset) => {
    if (dataset.ratings === 0) return 'No response is scored by a person (column rating).';
    return dataset.annotators < 5
      ? 'Fewer than five annotators (column annotator) scored the responses.'
      : null;
  },
  run: async (context) => {
    const scores = await readScores(context);
    if (typeof scores === 'string') return { obstacle: scores };
    const groups = (await listRaterGroups(context, scores.table, context.params)).filter(
      (group) => !group.axis.includes(' × '),
    );
    const centrality = await measureCentrality(context, scores);
    const panels = await drawAllPanels(context, scores, groups);
    const differences = await measureGroupDifferences(context, scores);
    const census = findCensus(context.params.census) ?? {};
    const figures = adjustFigures([
      ...centrality,
      ...panels.figures,
      ...differences,
      ...(await measureGroupTopics(context, scores)),
      ...(await measureRepresentativeness(context, scores.table, census)),
    ]);
    return {
      figures,
      findings: conclude(figures, scores),
      tables: [panels.table],
      params: { aspect: scores.aspect, models_compared: scores.models.length, raters: scores.raters },
    };
  },
});

/** Mean normalised score of a model by a group minus everybody else's: the linear probability model with one dummy, raters as clusters. */
async function measureGroupDifferences(
  { session, dataset, signal, params }: WelfareContext,
  scores: ScoreTable,
): Promise<AuditFigure[]> {
  const options = { parameters: [dataset.datasetId, params.min_raters], signal };
  const moments = await sumClusterMoments(
    session,
    `(WITH attribute AS (SELECT n.annotator_id, e.key AS axis, e.value FROM annotator n, LATERAL (SELECT unnest(map_entries(n.attributes)) AS e)
         WHERE n.dataset_id = ? AND e.value IS NOT NULL AND trim(e.value) <> ''),
       seen AS (SELECT s.rater, s.model_name, s.z, a.axis, a.value FROM ${scores.table} s JOIN attribute a USING (annotator_id)),
       whole AS (SELECT model_name, axis, avg(z) AS mean FROM seen GROUP BY ALL),
       large AS (SELECT axis, "value" FROM seen GROUP BY ALL HAVING count(DISTINCT rater) >= ?)
     SELECT seen.axis || chr(31) || seen."value" || chr(31) || seen.model_name AS slice, seen.rater AS cluster, seen.z - whole.mean AS outcome
     FROM seen JOIN whole USING (model_name, axis) JOIN large ON large.axis = seen.axis AND large."value" = seen."value")`,
    options,
  );
  return moments.flatMap((one) => {
    const [axis = '', value = '', model = ''] = String(one.slice).split('\u001f');
    const measured = measureMean(one);
    if (one.clusters < params.min_raters) return [];
    const head = {
      audit: 'rater-welfare',
      metric: 'group_difference',
      title: 'Normalised score of a model by a group, minus the mean of all (flag p < .01)',
    };
    return [
      makeFigure(head, { slice_dim: axis, slice_value: `${value} · ${model}`, ...measured, neutral: 0 }),
    ];
  });
}

function conclude(figures: readonly AuditFigure[], scores: ScoreTable) {
  const worst = figures
    .filter((figure) => figure.metric === 'group_difference' && figure.status === 'ok')
    .sort((left, right) => (left.p_adj ?? 1) - (right.p_adj ?? 1))[0];
  const flagged = figures.filter(
    (figure) => figure.metric === 'group_difference' && (figure.p_adj ?? 1) < 0.01,
  ).length;
  const best = figures
    .filter((figure) => figure.metric === 'rank_centrality')
    .sort((left, right) => (right.value ?? 0) - (left.value ?? 0))[0];
  return [
    makeFinding({
      id: 'group_differences',
      sentence: `${best ? `${best.slice_value ?? ''} has the highest rank centrality, ${(best.value ?? 0).toFixed(3)} [${best.ci_lo?.toFixed(3) ?? '?'}, ${best.ci_hi?.toFixed(3) ?? '?'}] of ${scores.models.length} models. ` : ''}${
        worst
          ? `${sayMany(flagged, 'difference')} between groups at adjusted p < .01; the clearest: ${worst.slice_dim ?? ''} ${worst.slice_value ?? ''}, ${(worst.value ?? 0).toFixed(2)} SD [${worst.ci_lo?.toFixed(2) ?? '?'}, ${worst.ci_hi?.toFixed(2) ?? '?'}] over ${sayMany(worst.n_items, 'score')}.`
          : 'No group is large enough to compare.'
      }`,
      figure: worst ?? null,
      scale: 'standardised',
    }),
  ];
}
