import type { AuditContext } from '../audit.ts';

type Context = Pick<AuditContext<unknown>, 'session' | 'dataset' | 'signal' | 'scratch'>;

export interface AnswerTable {
  readonly table: string;
  /** What was answered: the overall vote on pairs, or an aspect of the ratings. */
  readonly question: string;
  readonly relation: 'pairs' | 'responses';
  readonly categories: readonly string[];
}

/** Different answers at most that count as categories. */
const maximumCategories = 7;

/**
 * Creates a scratch table with one row per annotator and item (pair or response): item_id, annotator_id, answer (text), cluster,
 * item, rater and category (codes from 0). The overall votes of pairs where there are any, else the ratings of an aspect with at
 * most seven different answers: the one named, else one whose name contains “overall”, else the most rated. Undefined without either.
 */
export async function createAnswerTable(context: Context, aspect: string): Promise<AnswerTable | undefined> {
  const { session, dataset, signal } = context;
  const found = dataset.votes > 0 && aspect === '' ? 'votes' : await findAspect(context, aspect);
  if (found === undefined) return undefined;
  const table = context.scratch('answers');
  const isVotes = found === 'votes' && dataset.votes > 0 && aspect === '';
  const source = isVotes
    ? `SELECT v.comparison_id AS item_id, v.annotator_id, any_value(CASE v.label WHEN 'both_bad' THEN 'tie' ELSE v.label END) AS answer, any_value(c.prompt_id) AS prompt_id
       FROM vote v JOIN comparison c USING (comparison_id) WHERE v.dataset_id = $1 AND v.aspect IS NULL AND v.label <> 'skip' AND $2 = 'votes'
       GROUP BY v.comparison_id, v.annotator_id HAVING count(DISTINCT v.label) = 1`
    : `SELECT g.response_id AS item_id, g.annotator_id, any_value(${answerOf}) AS answer, any_value(r.prompt_id) AS prompt_id
       FROM rating g JOIN response r USING (response_id) WHERE g.dataset_id = $1 AND g.aspect = $2 AND ${answerOf} IS NOT NULL
       GROUP BY g.response_id, g.annotator_id HAVING count(DISTINCT ${answerOf}) = 1`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     SELECT s.*, CASE WHEN trim(p.text) = '' THEN -s.item_id ELSE s.prompt_id END AS cluster, dense_rank() OVER (ORDER BY item_id) - 1 AS item,
       dense_rank() OVER (ORDER BY annotator_id) - 1 AS rater, dense_rank() OVER (ORDER BY answer) - 1 AS category
     FROM (${source}) s JOIN prompt p USING (prompt_id) ORDER BY item_id, annotator_id`,
    [dataset.datasetId, found],
    { signal },
  );
  const categories = await session.all<{ answer: string }>(
    `SELECT DISTINCT answer FROM ${table} ORDER BY answer`,
  );
  return {
    table,
    question: isVotes ? 'overall vote' : found,
    relation: isVotes ? 'pairs' : 'responses',
    categories: categories.map((row) => row.answer),
  };
}

/** A rating as a category: its word, else its number. */
const answerOf = `coalesce(nullif(trim(g.value_text), ''), g."value"::VARCHAR)`;

async function findAspect(
  { session, dataset, signal }: Context,
  aspect: string,
): Promise<string | undefined> {
  const row = await session.find<{ aspect: string }>(
    `SELECT g.aspect FROM rating g WHERE g.dataset_id = $1 AND ($2 = '' OR g.aspect = $2) GROUP BY g.aspect
     HAVING count(DISTINCT ${answerOf}) BETWEEN 2 AND ${maximumCategories} AND count(DISTINCT g.annotator_id) > 1
     ORDER BY regexp_matches(g.aspect, '^(q_)?overall', 'i') DESC, g.aspect ILIKE '%overall%' DESC, count(*) DESC, g.aspect LIMIT 1`,
    [dataset.datasetId, aspect],
    { signal },
  );
  return row?.aspect;
}
