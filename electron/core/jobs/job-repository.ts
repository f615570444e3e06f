import { createHash } from 'node:crypto';
import type { Database } from '../../../native/duckdb/database.ts';
import type { Job, JobStatus } from '../../contract/job.contract.ts';

const columns = `job_id AS "jobId", type, title, status, phase, done, total, attempt,
  cancel_requested AS "isCancelRequested", error::VARCHAR AS error, result::VARCHAR AS result,
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

type JobRow = Omit<Job, 'error' | 'result'> & { error: string | null; result: string | null };

function toJob(row: JobRow): Job {
  return {
    ...row,
    error: row.error === null ? null : (JSON.parse(row.error) as Job['error']),
    result: row.result === null ? null : (JSON.parse(row.result) as unknown),
  };
}

export interface ClaimedJob {
  readonly jobId: string;
  readonly type: string;
  readonly spec: unknown;
  readonly attempt: number;
}

export interface UnfinishedJob extends ClaimedJob {
  readonly title: string;
  readonly isCancelRequested: boolean;
}

/** The queue is the `job` table; what is in memory is only a view of it. */
export class JobRepository {
  constructor(private readonly database: Database) {}

  async insert(job: {
    jobId: string;
    parentId: string | null;
    type: string;
    title: string;
    spec: unknown;
    priority: number;
  }): Promise<void> {
    const spec = JSON.stringify(job.spec);
    const hash = createHash('sha256').update(`${job.type}\0${spec}`).digest('hex');
    await this.database.write((session) =>
      session.run(
        `INSERT INTO job (job_id, parent_id, type, title, spec, spec_hash, priority, status) VALUES (?, ?, ?, ?, ?, ?, ?, 'queued')`,
        [job.jobId, job.parentId, job.type, job.title, spec, hash, job.priority],
      ),
    );
  }

  /**
   * Takes the next queued job for this boot, in one transaction; undefined when there is none. Only jobs whose type is
   * among the given ones, or with `isAmong` false only those whose type is not.
   */
  async claim(bootId: string, types: readonly string[], isAmong: boolean): Promise<ClaimedJob | undefined> {
    const row = await this.database.write((session) =>
      session.find<{ jobId: string; type: string; spec: string; attempt: number }>(
        `UPDATE job SET status = 'running', owner_boot_id = ?, attempt = attempt + 1, started_at = coalesce(started_at, now())
         WHERE job_id = (SELECT job_id FROM job WHERE status = 'queued'
           AND list_contains(from_json(?, '["VARCHAR"]'), type) = ? ORDER BY priority DESC, created_at, job_id LIMIT 1)
         RETURNING job_id AS "jobId", type, spec::VARCHAR AS spec, attempt`,
        [bootId, JSON.stringify(types), isAmong],
      ),
    );
    return row && { ...row, spec: JSON.parse(row.spec) as unknown };
  }

  async saveProgress(jobId: string, phase: string, done: number, total: number | null): Promise<void> {
    await this.database.write((session) =>
      session.run('UPDATE job SET phase = ?, done = ?, total = ? WHERE job_id = ?', [
        phase,
        done,
        total,
        jobId,
      ]),
    );
  }

  async finish(
    jobId: string,
    status: JobStatus,
    outcome: { result?: unknown; error?: Job['error'] },
  ): Promise<void> {
    await this.database.write((session) =>
      session.run(
        `UPDATE job SET status = ?, result = ?, error = ?, finished_at = now(),
          done = CASE WHEN ? = 'succeeded' THEN coalesce(total, done) ELSE done END WHERE job_id = ?`,
        [
          status,
          outcome.result === undefined ? null : JSON.stringify(outcome.result),
          outcome.error ? JSON.stringify(outcome.error) : null,
          status,
          jobId,
        ],
      ),
    );
  }

  async requestCancel(jobId: string): Promise<void> {
    await this.database.write((session) =>
      session.run(
        `UPDATE job SET cancel_requested = true,
          status = CASE WHEN status IN ('queued', 'paused') THEN 'cancelled' ELSE status END,
          finished_at = CASE WHEN status IN ('queued', 'paused') THEN now() END
         WHERE job_id = ? AND status IN ('queued', 'paused', 'running')`,
        [jobId],
      ),
    );
  }

  /** Puts a job that was stopped in order back in the queue, as if this attempt had not been. */
  async putBack(jobId: string): Promise<void> {
    await this.database.write((session) =>
      session.run(
        `UPDATE job SET status = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END, owner_boot_id = NULL,
           finished_at = CASE WHEN cancel_requested THEN now() END, attempt = attempt - 1 WHERE job_id = ?`,
        [jobId],
      ),
    );
  }

  /** Lets a running job rest, as if this attempt had not been; `reason` is kept as its error for a person to read. */
  async rest(job: Pick<Job, 'jobId' | 'phase' | 'done' | 'total'>, reason: string): Promise<void> {
    const error = reason === '' ? null : JSON.stringify({ code: 'JOB_PAUSED', message: reason });
    await this.database.write((session) =>
      session.run(
        `UPDATE job SET status = 'paused', owner_boot_id = NULL, attempt = attempt - 1, error = ?, phase = ?, done = ?, total = ?
         WHERE job_id = ?`,
        [error, job.phase, job.done, job.total, job.jobId],
      ),
    );
  }

  /** Changes the status of a job that has one of two resting statuses; false when it has another by now. */
  async moveResting(jobId: string, from: 'queued' | 'paused', to: 'queued' | 'paused'): Promise<boolean> {
    const row = await this.database.write((session) =>
      session.find(
        'UPDATE job SET status = ?, error = NULL WHERE job_id = ? AND status = ? RETURNING job_id',
        [to, jobId, from],
      ),
    );
    return row !== undefined;
  }

  async requeue(jobId: string): Promise<void> {
    await this.database.write((session) =>
      session.run(`UPDATE job SET status = 'queued', owner_boot_id = NULL WHERE job_id = ?`, [jobId]),
    );
  }

  /** Jobs another boot has left running. */
  async listOrphans(bootId: string): Promise<UnfinishedJob[]> {
    const rows = await this.database.all<Omit<UnfinishedJob, 'spec'> & { spec: string }>(
      `SELECT job_id AS "jobId", type, title, spec::VARCHAR AS spec, attempt, cancel_requested AS "isCancelRequested"
       FROM job WHERE status = 'running' AND owner_boot_id IS DISTINCT FROM ? ORDER BY created_at`,
      [bootId],
    );
    return rows.map((row) => ({ ...row, spec: JSON.parse(row.spec) as unknown }));
  }

  async list(limit: number): Promise<Job[]> {
    const rows = await this.database.all<JobRow>(
      `SELECT ${columns} FROM job ORDER BY created_at DESC, job_id LIMIT ?`,
      [limit],
    );
    return rows.map(toJob);
  }

  async find(jobId: string): Promise<Job | undefined> {
    const row = await this.database.find<JobRow>(`SELECT ${columns} FROM job WHERE job_id = ?`, [jobId]);
    return row && toJob(row);
  }

  async findSpec(jobId: string): Promise<{ type: string; spec: unknown } | undefined> {
    const row = await this.database.find<{ type: string; spec: string }>(
      'SELECT type, spec::VARCHAR AS spec FROM job WHERE job_id = ?',
      [jobId],
    );
    return row && { type: row.type, spec: JSON.parse(row.spec) as unknown };
  }
}
