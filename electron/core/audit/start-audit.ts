import type { AuditSpec } from '../../contract/audit.contract.ts';
import type { JobService } from '../jobs/job.service.ts';
import type { AuditService } from './audit.service.ts';

/** Puts a run into the queue: where it asks models it waits for them, else for the data. Throws AUDIT_UNKNOWN, MODEL_MISSING, MODEL_LACKS_CAPABILITY. */
export async function startAudit(audits: AuditService, jobs: JobService, spec: AuditSpec): Promise<string> {
  const only = audits.requireKnown(spec.only);
  const models = await audits.chooseModels(spec);
  return jobs.start(models.size > 0 ? 'model-audit' : 'audit', { ...spec, only });
}
