import type { AuditContext } from '../audit.ts';

type Context = Pick<AuditContext<unknown>, 'session' | 'dataset' | 'signal' | 'scratch'>;

/**
 * Creates a scratch table with one row per annotator and pair: comparison_id, annotator_id, annotator, kind, cluster (the
 * prompt; a pair without prompt text stands alone), label (a, b or tie), ms (mean), recorded (the pair's label: a, b, tie or
 * NULL). Both-bad counts as tie, skips are left out, and an annotator that gave one pair different labels has tied it.
 * Answers its name.
 */
export async function createVoteTable({ session, dataset, signal, scratch }: Context): Promise<string> {
  const table = scratch('votes');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH given AS (
       SELECT v.comparison_id, v.annotator_id, CASE v.label WHEN 'both_bad' THEN 'tie' ELSE v.label END AS label, v.ms
       FROM vote v WHERE v.dataset_id = ? AND v.aspect IS NULL AND v.label IN ('a', 'b', 'tie', 'both_bad')),
     one AS (
       SELECT comparison_id, annotator_id, CASE WHEN count(DISTINCT label) = 1 THEN any_value(label) ELSE 'tie' END AS label, avg(ms) AS ms
       FROM given GROUP BY ALL)
     SELECT o.comparison_id, o.annotator_id, n.name AS annotator, n.kind, o.label, o.ms,
       CASE WHEN trim(p.text) = '' THEN -o.comparison_id ELSE c.prompt_id END AS cluster,
       CASE c.label WHEN 'both_bad' THEN 'tie' WHEN 'skip' THEN NULL ELSE c.label END AS recorded
     FROM one o JOIN annotator n USING (annotator_id) JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id)
     ORDER BY o.comparison_id, o.annotator_id`,
    [dataset.datasetId],
    { signal },
  );
  return table;
}

const most = (a: string, b: string, tie: string) =>
  `CASE WHEN ${a} > greatest(${b}, ${tie}) THEN 'a' WHEN ${b} > greatest(${a}, ${tie}) THEN 'b' WHEN ${tie} > greatest(${a}, ${b}) THEN 'tie' END`;

/**
 * The votes with n_a, n_b, n_tie of their pair and the majority of the other annotators, `rest` (NULL without one), counting
 * ties as an answer, and `rest_ab` with ties left out.
 */
export function withOthers(votes: string): string {
  const others = (label: string) => `n_${label} - (label = '${label}')::INTEGER`;
  return `(SELECT *, ${most(others('a'), others('b'), others('tie'))} AS rest, ${most(others('a'), others('b'), '-1')} AS rest_ab
    FROM (SELECT *, count(*) FILTER (label = 'a') OVER pair AS n_a, count(*) FILTER (label = 'b') OVER pair AS n_b,
        count(*) FILTER (label = 'tie') OVER pair AS n_tie FROM ${votes} WINDOW pair AS (PARTITION BY comparison_id)))`;
}

/**
 * The votes of people where two people or more voted in the dataset, otherwise all: a model that judges beside people would
 * be one more voice in their agreement.
 */
export function preferPeople(votes: string): string {
  return `(SELECT * FROM ${votes} WHERE kind = 'human' OR (SELECT count(DISTINCT annotator_id) FROM ${votes} WHERE kind = 'human') < 2)`;
}
