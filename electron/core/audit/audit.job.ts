import { z } from 'zod';
import type { Database } from '../../../native/duckdb/database.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import { AuditService, type AuditSpec } from './audit.service.ts';

const specSchema = z.object({
  datasetId: z.number().int(),
  only: z.array(z.string()).optional(),
  seed: z.number().int().min(0).default(1),
});

/** Runs the audits of a dataset and stores their document. Short enough to start afresh after a crash. */
export class AuditJob implements JobHandler<AuditSpec, { auditRunId: number }> {
  readonly type = 'audit';
  readonly spec = specSchema;
  readonly recovery = 'restart';
  private readonly service: AuditService;

  constructor(private readonly database: Database) {
    this.service = new AuditService(database);
  }

  title(spec: AuditSpec): string {
    return `Audit of dataset ${spec.datasetId}${spec.only ? ` (${spec.only.join(', ')})` : ''}`;
  }

  async run(
    { jobId, spec, progress }: JobContext<AuditSpec>,
    signal: AbortSignal,
  ): Promise<{ auditRunId: number }> {
    const document = await this.service.run(spec, { signal, onProgress: progress });
    return { auditRunId: await this.service.store(document, jobId) };
  }

  async discard(jobId: string): Promise<void> {
    await this.database.write((session) => session.run('DELETE FROM audit_run WHERE job_id = ?', [jobId]));
  }
}
