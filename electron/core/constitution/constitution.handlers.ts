import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import type { ConstitutionService } from './constitution.service.ts';

export function makeConstitutionHandlers(
  core: Implementation,
  { constitutions, jobs }: { constitutions: ConstitutionService; jobs: JobService },
) {
  return {
    constitution: {
      start: core.constitution.start.handler(async ({ input }) => ({
        jobId: await jobs.start('surface-constitution', input),
      })),
      list: core.constitution.list.handler(({ input }) => constitutions.list(input.datasetId)),
      get: core.constitution.get.handler(({ input }) => constitutions.get(input.constitutionId)),
      explain: core.constitution.explain.handler(({ input }) =>
        constitutions.explain(input.constitutionId, input.comparisonId),
      ),
      rows: core.constitution.rows.handler(({ input, signal }) => constitutions.rows(input, { signal })),
    },
  };
}
