import type { Database } from '../../../native/duckdb/database.ts';
import type { RaterInfo } from '../../contract/judging.contract.ts';

/** Everyone who gave overall labels in a dataset, most labels first, at most 200. */
export async function listRaters(database: Database, datasetId: number): Promise<RaterInfo[]> {
  return database.all<RaterInfo>(
    `SELECT n.annotator_id AS "annotatorId", n.name, n.kind, count(DISTINCT v.comparison_id) AS votes,
       (SELECT max(u.judge_run_id) FROM judge_run u WHERE u.annotator_id = n.annotator_id) AS "judgeRunId"
     FROM vote v JOIN annotator n USING (annotator_id) WHERE v.dataset_id = ? AND v.aspect IS NULL
     GROUP BY n.annotator_id, n.name, n.kind ORDER BY votes DESC, n.annotator_id LIMIT 200`,
    [datasetId],
  );
}
