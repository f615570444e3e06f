import type { Database } from '../../../native/duckdb/database.ts';
import { type AuditSpec, auditSpecSchema } from '../../contract/audit.contract.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import { nameDataset } from '../corpus/dataset.repository.ts';
import type { AuditService } from './audit.service.ts';

/** Runs the audits of a dataset and stores their document. Short enough to start afresh after a crash. */
export class AuditJob implements JobHandler<AuditSpec, { auditRunId: number }> {
  readonly type = 'audit';
  readonly spec = auditSpecSchema;
  readonly recovery = 'restart';

  constructor(
    private readonly database: Database,
    private readonly service: AuditService,
  ) {}

  async title({ datasetId, only, slice, judge }: AuditSpec): Promise<string> {
    const details = [only?.join(', '), slice && `by ${slice}`, judge && `labels of ${judge}`].filter(Boolean);
    const name = await nameDataset(this.database, datasetId);
    return `Audit of ${name}${details.length > 0 ? ` (${details.join('; ')})` : ''}`;
  }

  async run(
    { jobId, spec, progress }: JobContext<AuditSpec>,
    signal: AbortSignal,
  ): Promise<{ auditRunId: number }> {
    return { auditRunId: await this.service.runAndStore(spec, jobId, { signal, onProgress: progress }) };
  }

  async discard(jobId: string): Promise<void> {
    await this.service.removeRun(jobId);
  }
}
