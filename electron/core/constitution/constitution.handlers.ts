import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import type { ConstitutionService } from './constitution.service.ts';
import type { PrincipleService } from './principles/principle.service.ts';

export function makeConstitutionHandlers(
  core: Implementation,
  {
    constitutions,
    principles,
    jobs,
  }: { constitutions: ConstitutionService; principles: PrincipleService; jobs: JobService },
) {
  return {
    constitution: {
      start: core.constitution.start.handler(async ({ input }) => ({
        jobId: await jobs.start('surface-constitution', input),
      })),
      startRun: core.constitution.startRun.handler(async ({ input, signal }) => {
        const principleRunId = await principles.create(input, signal);
        return { principleRunId, jobId: await jobs.start('principle-constitution', { principleRunId }) };
      }),
      principles: core.constitution.principles.handler(({ input }) => principles.list(input.datasetId)),
      changePrinciple: core.constitution.changePrinciple.handler(({ input }) =>
        principles.change(input.datasetId, input.change),
      ),
      list: core.constitution.list.handler(({ input }) => constitutions.list(input.datasetId)),
      get: core.constitution.get.handler(({ input }) => constitutions.get(input.constitutionId)),
      explain: core.constitution.explain.handler(({ input }) =>
        constitutions.explain(input.constitutionId, input.comparisonId),
      ),
      rows: core.constitution.rows.handler(({ input, signal }) => constitutions.rows(input, { signal })),
    },
  };
}
