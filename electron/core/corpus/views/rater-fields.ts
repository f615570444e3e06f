import type { Database } from '../../../../native/duckdb/database.ts';
import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import type { FieldDefinition } from './field-table.ts';

/** Raters of a dataset above which they are a crowd: no column for each. */
const mostRaters = 40;

const voteId = /^vote:(\d+)(:agrees|:p_a)?$/;
const judgedId = /^judged:(\d+)$/;
const ratingId = /^rating:(\d+):(.{1,200})$/s;

/** The one overall verdict of a rater on a pair; where the two orders differ, a tie. */
const verdictOf = (annotator: string) =>
  `(SELECT CASE WHEN count(DISTINCT v.label) = 1 THEN any_value(v.label) WHEN count(v.label) > 1 THEN 'tie' END FROM vote v
    WHERE v.comparison_id = x.comparison_id AND v.annotator_id = ${annotator} AND v.aspect IS NULL)`;

const base = { isLong: false, isSortable: true, isFacet: true, isDefault: false } as const;

/** Whether the run behind an annotator asked about a row, and with what end; NULL where it did not. */
const judgedSql = (relation: Relation, annotator: string) => {
  const ofRun = `JOIN judge_run u USING (judge_run_id) WHERE u.annotator_id = ${annotator}`;
  const scored = (place: string) =>
    `SELECT s.fail_reason IS NULL AS ok FROM response_judgement s ${ofRun} AND s.response_id = x.${place}`;
  const results =
    relation === 'responses'
      ? scored('response_id')
      : `SELECT j.fail_reason IS NULL AS ok FROM judgement j ${ofRun} AND j.comparison_id = x.comparison_id
         UNION ALL ${scored('response_a_id')} UNION ALL ${scored('response_b_id')}`;
  return `(SELECT CASE bool_and(ok) WHEN true THEN 'answered' WHEN false THEN 'no valid answer' END FROM (${results}))`;
};

/**
 * The field behind an id such as `vote:12`, `vote:12:agrees`, `vote:12:p_a`, `judged:12` (answered, no valid answer, or
 * empty where the run did not ask) or `rating:12:helpfulness`.
 */
export function findRaterField(relation: Relation, id: string): FieldDefinition | undefined {
  const [, voter, part] = voteId.exec(id) ?? [];
  if (relation === 'pairs' && voter !== undefined) return makeVoteField(id, voter, part);
  const [, run] = judgedId.exec(id) ?? [];
  if (run !== undefined)
    return { ...base, id, title: 'Judged', kind: 'category', width: 110, sql: judgedSql(relation, run) };
  const [, rater, aspect] = ratingId.exec(id) ?? [];
  if (relation === 'responses' && rater !== undefined && aspect !== undefined)
    return {
      ...base,
      id,
      title: aspect,
      kind: 'number',
      width: 110,
      sql: `(SELECT avg(g."value") FROM rating g WHERE g.response_id = x.response_id AND g.annotator_id = ${rater} AND g.aspect = ${quoteLiteral(aspect)})`,
    };
  return undefined;
}

function makeVoteField(id: string, annotator: string, part: string | undefined): FieldDefinition {
  const verdict = verdictOf(annotator);
  if (part === ':agrees')
    return {
      ...base,
      id,
      title: 'Agrees with the label',
      kind: 'boolean',
      width: 120,
      sql: `CASE WHEN x.label IN ('a', 'b', 'tie') THEN ${verdict} = x.label END`,
    };
  if (part === ':p_a')
    return {
      ...base,
      id,
      title: 'P(A is better)',
      kind: 'number',
      width: 110,
      sql: `(SELECT avg(j.p_a) FROM judgement j JOIN judge_run u USING (judge_run_id) WHERE j.comparison_id = x.comparison_id AND u.annotator_id = ${annotator})`,
    };
  return { ...base, id, title: 'Verdict', kind: 'category', width: 110, sql: verdict };
}

/** Fields of each rater of a dataset, unless there are too many for a column each. */
export async function listRaterFields(
  database: Database,
  relation: Relation,
  datasetId: number,
): Promise<FieldDefinition[]> {
  const given = await listGivenFields(database, relation, datasetId);
  const runs = await database.all<{ id: number; name: string }>(
    `SELECT annotator_id AS id, name FROM judge_run WHERE dataset_id = ? ${relation === 'pairs' ? '' : "AND subject = 'response'"}
     ORDER BY judge_run_id DESC LIMIT ${mostRaters}`,
    [datasetId],
  );
  return [
    ...given,
    ...runs.flatMap(({ id, name }) => withName(findRaterField(relation, `judged:${id}`), name)),
  ];
}

async function listGivenFields(
  database: Database,
  relation: Relation,
  datasetId: number,
): Promise<FieldDefinition[]> {
  if (relation === 'pairs') {
    const raters = await database.all<{ id: number; name: string; isJudge: boolean }>(
      `SELECT n.annotator_id AS id, n.name, EXISTS (SELECT 1 FROM judge_run u WHERE u.annotator_id = n.annotator_id) AS "isJudge"
       FROM annotator n WHERE n.dataset_id = ? AND EXISTS (SELECT 1 FROM vote v WHERE v.annotator_id = n.annotator_id AND v.aspect IS NULL)
       ORDER BY "isJudge" DESC, n.annotator_id LIMIT ${mostRaters + 1}`,
      [datasetId],
    );
    const shown = raters.length > mostRaters ? raters.filter((rater) => rater.isJudge) : raters;
    return shown.flatMap(({ id, name, isJudge }) =>
      [`vote:${id}`, `vote:${id}:agrees`, ...(isJudge ? [`vote:${id}:p_a`] : [])].flatMap((field) =>
        withName(findRaterField(relation, field), name),
      ),
    );
  }
  const aspects = await database.all<{ id: number; name: string; aspect: string }>(
    `SELECT n.annotator_id AS id, n.name, g.aspect FROM rating g JOIN annotator n USING (annotator_id) WHERE g.dataset_id = ?
     GROUP BY ALL ORDER BY ALL LIMIT ${mostRaters + 1}`,
    [datasetId],
  );
  if (aspects.length > mostRaters) return [];
  return aspects.flatMap(({ id, name, aspect }) =>
    withName(findRaterField(relation, `rating:${id}:${aspect}`), name),
  );
}

function withName(field: FieldDefinition | undefined, name: string): FieldDefinition[] {
  return field ? [{ ...field, title: `${name}: ${field.title}` }] : [];
}
