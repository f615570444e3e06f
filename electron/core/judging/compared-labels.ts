import { randomUUID } from 'node:crypto';
import type { Database } from '../../../native/duckdb/database.ts';
import type { Parameter, Session } from '../../../native/duckdb/session.ts';
import { asVerdict, verdictOfVotes } from './verdict-sql.ts';

export interface ComparedOptions {
  readonly datasetId: number;
  readonly annotatorId: number;
  /** Null: the dataset's own labels. */
  readonly referenceId: number | null;
  readonly signal?: AbortSignal | undefined;
}

const verdicts = `SELECT v.comparison_id, ${verdictOfVotes} AS label,
    any_value(v.label) FILTER (v.shown_first = 'a') AS a_first, any_value(v.label) FILTER (v.shown_first = 'b') AS b_first
  FROM vote v WHERE v.annotator_id = ? AND v.dataset_id = ? AND v.aspect IS NULL AND v.label <> 'skip' GROUP BY v.comparison_id`;

/**
 * Runs `work` over a table of the pairs a judge gave a verdict on, one row each: comparison_id, cluster (the prompt; a
 * pair without prompt text stands alone), judge and reference (a, b, tie; reference may be null), order_state
 * (consistent, first, second, or null where it was not asked in both orders), p_a, lean (probability of the first slot
 * minus one half), delta (characters of a minus those of b), language, topic, subset, model_pair.
 */
export async function withComparedLabels<T>(
  database: Database,
  { datasetId, annotatorId, referenceId, signal }: ComparedOptions,
  work: (session: Session, table: string) => Promise<T>,
): Promise<T> {
  const table = `scratch.compared_${randomUUID().replaceAll('-', '')}`;
  const reference = referenceId === null ? '' : `LEFT JOIN (${verdicts}) r USING (comparison_id)`;
  const parameters: Parameter[] = [annotatorId, datasetId, annotatorId];
  if (referenceId !== null) parameters.push(referenceId, datasetId);
  return database.withReader(async (session) => {
    await session.run(
      `CREATE TABLE ${table} AS
       WITH verdict AS (${verdicts}),
       judged AS (SELECT j.* FROM judgement j JOIN judge_run u USING (judge_run_id) WHERE u.annotator_id = ? AND j.label <> 'invalid')
       SELECT c.comparison_id, CASE WHEN trim(p.text) = '' THEN -c.comparison_id ELSE c.prompt_id END AS cluster,
         v.label AS judge, ${referenceId === null ? asVerdict('c.label') : 'r.label'} AS reference,
         CASE WHEN j.is_order_consistent OR (v.a_first IN ('a', 'b') AND v.a_first = v.b_first) THEN 'consistent'
              WHEN j.position_bias > 0 AND NOT j.is_order_consistent OR (v.a_first = 'a' AND v.b_first = 'b') THEN 'first'
              WHEN j.position_bias < 0 AND NOT j.is_order_consistent OR (v.a_first = 'b' AND v.b_first = 'a') THEN 'second' END AS order_state,
         CASE WHEN j.is_order_consistent OR v.a_first = v.b_first THEN coalesce(CASE WHEN j.p_a > 0.5 THEN 'a' WHEN j.p_a < 0.5 THEN 'b' END, v.a_first) END AS kept_choice,
         j.p_a, j.position_bias AS lean, c.chars_a - c.chars_b AS delta, c.language, c.topic, c.subset,
         CASE WHEN c.model_a IS NOT NULL AND c.model_b IS NOT NULL THEN least(c.model_a, c.model_b) || ' – ' || greatest(c.model_a, c.model_b) END AS model_pair
       FROM verdict v JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id)
       LEFT JOIN judged j USING (comparison_id) ${reference}`,
      parameters,
      { signal },
    );
    try {
      return await work(session, table);
    } finally {
      await session.run(`DROP TABLE IF EXISTS ${table}`);
    }
  });
}
