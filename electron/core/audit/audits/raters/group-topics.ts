import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { makeFigure } from '../audit.ts';
import { measureMean, sumClusterMoments } from '../clustered-share.ts';
import type { ScoreTable, WelfareContext } from './score-table.ts';

/** Topics compared at most, those with the most scored prompts. */
const maximumTopics = 10;

/**
 * By group of raters and topic, the share of the group's scored prompts that are of the topic minus the share of all
 * raters' with that attribute known: a linear probability model with one dummy, raters as clusters (our reduction of the
 * regressions of PRISM). A prompt scored by one rater counts once. Empty without topics.
 */
export async function measureGroupTopics(
  { session, dataset, signal, params }: WelfareContext,
  scores: ScoreTable,
): Promise<AuditFigure[]> {
  const moments = await sumClusterMoments(
    session,
    `(WITH topic_of AS (SELECT prompt_id, min(topic) AS topic FROM (SELECT dataset_id, prompt_id, topic FROM comparison UNION ALL SELECT dataset_id, prompt_id, topic FROM response)
         WHERE dataset_id = $1 AND topic IS NOT NULL GROUP BY prompt_id),
       asked AS (SELECT DISTINCT s.annotator_id, s.rater, s.prompt_id, t.topic FROM ${scores.table} s JOIN topic_of t USING (prompt_id)),
       top AS (SELECT topic FROM asked GROUP BY topic ORDER BY count(*) DESC, topic LIMIT ${maximumTopics}),
       attribute AS (SELECT n.annotator_id, e.key AS axis, e.value FROM annotator n, LATERAL (SELECT unnest(map_entries(n.attributes)) AS e)
         WHERE n.dataset_id = $1 AND e.value IS NOT NULL AND trim(e.value) <> ''),
       seen AS (SELECT a.axis, a."value", q.rater, top.topic, (q.topic = top.topic)::INTEGER AS is_topic FROM asked q JOIN attribute a USING (annotator_id) CROSS JOIN top),
       whole AS (SELECT axis, topic, avg(is_topic) AS share FROM seen GROUP BY ALL),
       large AS (SELECT axis, "value" FROM seen GROUP BY ALL HAVING count(DISTINCT rater) >= $2)
     SELECT seen.axis || chr(31) || seen."value" || chr(31) || seen.topic AS slice, seen.rater AS cluster, seen.is_topic - whole.share AS outcome
     FROM seen JOIN whole USING (axis, topic) JOIN large ON large.axis = seen.axis AND large."value" = seen."value")`,
    { parameters: [dataset.datasetId, params.min_raters], signal },
  );
  return moments.map((one) => {
    const [axis = '', value = '', topic = ''] = String(one.slice).split('\u001f');
    return makeFigure(
      {
        audit: 'rater-welfare',
        metric: 'group_topic_difference',
        title: 'Share of a topic among the prompts a group scored, minus the share of all (flag p < .01)',
      },
      { slice_dim: axis, slice_value: `${value} · ${topic}`, ...measureMean(one), neutral: 0 },
    );
  });
}
