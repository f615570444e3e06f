import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { type AuditContext, makeFigure, maximumSlices } from '../audit.ts';
import { measureAlpha } from './alpha.ts';

type Context = Pick<AuditContext<{ rounds: number }>, 'session' | 'dataset' | 'seed' | 'signal' | 'params'>;

/** Different values of an aspect at most, for its alpha; a finer scale is no set of categories. */
const maximumValues = 101;

/** Ordinal and interval alpha of the numeric ratings of each aspect with at least two raters on some response. */
export async function measureRatingAlphas(context: Context): Promise<AuditFigure[]> {
  const { session, dataset, seed, signal, params } = context;
  const aspects = await session.all<{ aspect: string; values: number[] }>(
    `WITH given AS (SELECT * FROM rating WHERE dataset_id = ? AND "value" IS NOT NULL AND aspect NOT LIKE 'logp%')
     SELECT aspect, list(DISTINCT "value" ORDER BY "value") AS "values" FROM given
     WHERE response_id IN (SELECT response_id FROM given g WHERE g.aspect = given.aspect GROUP BY response_id HAVING count(DISTINCT annotator_id) >= 2)
     GROUP BY aspect HAVING count(DISTINCT "value") BETWEEN 2 AND ${maximumValues} ORDER BY count(*) DESC, aspect LIMIT ${maximumSlices}`,
    [dataset.datasetId],
    { signal },
  );
  const figures: AuditFigure[] = [];
  for (const { aspect, values } of aspects) {
    const counted = await session.columns(
      `SELECT any_value(cluster) AS cluster, ${values.map((_, place) => `count(*) FILTER (place = ${place + 1}) AS n${place}`).join(', ')}
       FROM (SELECT g.response_id, CASE WHEN trim(p.text) = '' THEN -g.response_id ELSE r.prompt_id END AS cluster, list_position(?::DOUBLE[], g."value") AS place
         FROM rating g JOIN response r USING (response_id) JOIN prompt p USING (prompt_id) WHERE g.dataset_id = ? AND g.aspect = ? AND g."value" IS NOT NULL)
       GROUP BY response_id HAVING count(*) >= 2 ORDER BY response_id`,
      [`[${values.join(', ')}]`, dataset.datasetId, aspect],
      { signal },
    );
    const cluster = counted.cluster ?? new Float64Array(0);
    const counts = new Float64Array(cluster.length * values.length);
    for (const [place] of values.entries()) {
      for (const [item, count] of (counted[`n${place}`] ?? new Float64Array(0)).entries()) {
        counts[item * values.length + place] = count;
      }
    }
    for (const level of ['ordinal', 'interval'] as const) {
      const measured = await measureAlpha(
        { counts, categories: values.length, cluster },
        { level, values, seed, rounds: boundRounds(params.rounds, cluster.length, values.length), signal },
      );
      const head = {
        audit: 'rater-agreement',
        metric: `rating_alpha_${level}`,
        title: `Krippendorff’s alpha of ratings (${level})`,
      };
      figures.push(
        makeFigure(head, { slice_dim: 'aspect', slice_value: aspect, ...measured.alpha, neutral: 0 }),
      );
    }
  }
  return figures;
}

/** Fewer rounds where the coincidence columns of a fine scale would take too long; never under 100. */
function boundRounds(rounds: number, items: number, values: number): number {
  return Math.max(100, Math.min(rounds, Math.floor(5e8 / (items * values * values + 1))));
}
