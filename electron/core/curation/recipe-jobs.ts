import { isDeepStrictEqual } from 'node:util';
import type { Database } from '../../../native/duckdb/database.ts';

/** What the jobs of a recipe need of the application. */
export interface JobTools {
  readonly database: Database;
  startJob(type: string, spec: unknown): Promise<string>;
  /** The result of a job, waiting ones of the queue included; throws what it failed with. */
  waitForJob<Result>(jobId: string): Promise<Result>;
}

/** What identifies a job of a recipe: all of these values are in the job's own specification. */
export type JobSpec = Readonly<Record<string, unknown>>;

/** The newest job of a type with this spec that stands as one of `statuses`. */
export async function findJob(
  tools: JobTools,
  type: string,
  spec: JobSpec,
  statuses: readonly ('queued' | 'succeeded')[],
): Promise<string | undefined> {
  const jobs = await tools.database.all<{ jobId: string; spec: string }>(
    `SELECT job_id AS "jobId", spec::VARCHAR AS spec FROM job
     WHERE type = ? AND status IN (${statuses.map(() => '?').join(', ')}) ORDER BY created_at DESC`,
    [type, ...statuses],
  );
  const same = jobs.find((job) => {
    const stored = JSON.parse(job.spec) as Record<string, unknown>;
    return Object.entries(spec).every(([key, value]) => isDeepStrictEqual(stored[key], value));
  });
  return same?.jobId;
}

/** Runs a job; one with the same spec that a killed run has left in the queue is waited for instead. */
export async function runJob<Result>(tools: JobTools, type: string, spec: JobSpec): Promise<Result> {
  const left = await findJob(tools, type, spec, ['queued']);
  return tools.waitForJob<Result>(left ?? (await tools.startJob(type, spec)));
}
