import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import type { AuditService } from './audit.service.ts';

export function makeAuditHandlers(
  core: Implementation,
  { audits, jobs }: { audits: AuditService; jobs: JobService },
) {
  return {
    audit: {
      list: core.audit.list.handler(() => audits.list()),
      start: core.audit.start.handler(async ({ input }) => ({
        jobId: await jobs.start('audit', { ...input, only: audits.requireKnown(input.only) }),
      })),
      latest: core.audit.latest.handler(async ({ input }) => ({
        document: await audits.latest(input.datasetId),
      })),
    },
  };
}
