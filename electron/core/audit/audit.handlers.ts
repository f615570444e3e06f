import type { Database } from '../../../native/duckdb/database.ts';
import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import { startAudit } from './start-audit.ts';
import type { AuditService } from './audit.service.ts';
import { planAudits } from './model-answers/audit-plan.ts';

export function makeAuditHandlers(
  core: Implementation,
  { audits, jobs, database }: { audits: AuditService; jobs: JobService; database: Database },
) {
  return {
    audit: {
      list: core.audit.list.handler(() => audits.list()),
      plan: core.audit.plan.handler(({ input, signal }) => planAudits(database, audits, input, signal)),
      start: core.audit.start.handler(async ({ input }) => ({
        jobId: await startAudit(audits, jobs, input),
      })),
      latest: core.audit.latest.handler(async ({ input }) => ({
        document: await audits.latest(input.datasetId),
      })),
      get: core.audit.get.handler(({ input }) => audits.get(input.auditRunId)),
      runs: core.audit.runs.handler(({ input }) => audits.runs(input.datasetId)),
      choices: core.audit.choices.handler(({ input }) => audits.choices(input.datasetId)),
      rows: core.audit.rows.handler(({ input }) => audits.rows(input.auditRunId, input.set)),
      proposals: core.audit.proposals.handler(({ input }) => audits.proposals(input)),
      decide: core.audit.decide.handler(async ({ input }) => ({ changed: await audits.decide(input) })),
    },
  };
}
