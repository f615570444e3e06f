import type { Database } from '../../../native/duckdb/database.ts';
import type { SampleName, Tour, TourJobStep } from '../../contract/tour.contract.ts';

const unended = "status IN ('queued', 'running', 'paused')";

/** Imports of corpora with these names that have not ended, the oldest first. */
export async function listSampleImports(database: Database): Promise<{ name: SampleName; jobId: string }[]> {
  return database.all(
    `SELECT (spec ->> '$.dataset') AS name, job_id AS "jobId" FROM job
     WHERE ${unended} AND type = 'import' AND (spec ->> '$.dataset') IN ('pandalm', 'planted') ORDER BY created_at, job_id`,
  );
}

/** Jobs of the tour's steps that have not ended, the oldest first. */
export async function listStepJobs(
  database: Database,
  { pandalm, planted }: Pick<Tour, 'pandalm' | 'planted'>,
): Promise<{ step: TourJobStep; jobId: string }[]> {
  const isOf = (run: string, table: string, column: string) =>
    `(spec ->> '$.${run}')::INTEGER IN (SELECT ${column} FROM ${table} WHERE dataset_id = ?)`;
  return database.all(
    `SELECT CASE type WHEN 'surface-constitution' THEN 'reward' WHEN 'principle-constitution' THEN 'principles'
       WHEN 'judge' THEN 'judge' ELSE 'rationale' END AS step, job_id AS "jobId"
     FROM job WHERE ${unended} AND (
       (type = 'surface-constitution' AND (spec ->> '$.datasetId')::INTEGER = ?)
       OR (type = 'principle-constitution' AND ${isOf('principleRunId', 'principle_run', 'principle_run_id')})
       OR (type = 'judge' AND ${isOf('judgeRunId', 'judge_run', 'judge_run_id')})
       OR (type = 'rationales' AND ${isOf('rationaleRunId', 'rationale_run', 'rationale_run_id')}))
     ORDER BY created_at, job_id`,
    [pandalm, planted, planted, pandalm],
  );
}

/** The newest constitution of a dataset that rests on no run. */
export async function findSurfaceConstitution(
  database: Database,
  datasetId: number,
): Promise<number | undefined> {
  const found = await database.find<{ id: number | null }>(
    `SELECT max(constitution_id) AS id FROM constitution
     WHERE dataset_id = ? AND (document ->> '$.executor') = 'surface'`,
    [datasetId],
  );
  return found?.id ?? undefined;
}

/** The newest constitution of a dataset that rests on votes of a model, by the hash of its file. */
export async function findConstitutionBy(
  database: Database,
  datasetId: number,
  hash: string,
): Promise<number | undefined> {
  const found = await database.find<{ id: number | null }>(
    `SELECT max(constitution_id) AS id FROM constitution
     WHERE dataset_id = ? AND (document ->> '$.run.model.hash') = ?`,
    [datasetId, hash],
  );
  return found?.id ?? undefined;
}

/** The newest rationale on a dataset by a model, by the hash of its file. */
export async function findRationaleBy(
  database: Database,
  datasetId: number,
  hash: string,
): Promise<{ comparisonId: number; text: string } | undefined> {
  return database.find(
    `SELECT g.comparison_id AS "comparisonId", g.text FROM generated_rationale g
     JOIN rationale_run r USING (rationale_run_id)
     WHERE r.dataset_id = ? AND (r.record ->> '$.model.hash') = ? AND g.text IS NOT NULL
     ORDER BY g.rationale_run_id DESC, g.comparison_id LIMIT 1`,
    [datasetId, hash],
  );
}
