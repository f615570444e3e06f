import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import type { ConstitutionService } from './constitution.service.ts';
import type { DepthService } from './depth.service.ts';
import { makeExchangeHandlers } from './exchange/exchange.handlers.ts';
import type { ExchangeService } from './exchange/exchange.service.ts';
import type { PrincipleService } from './principles/principle.service.ts';

export function makeConstitutionHandlers(
  core: Implementation,
  {
    constitutions,
    principles,
    constitutionDepth: depth,
    constitutionExchange,
    jobs,
  }: {
    constitutions: ConstitutionService;
    principles: PrincipleService;
    constitutionDepth: DepthService;
    constitutionExchange: ExchangeService;
    jobs: JobService;
  },
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
      startSlice: core.constitution.startSlice.handler(async ({ input }) => ({
        jobId: await depth.startSlice(input),
      })),
      slices: core.constitution.slices.handler(({ input }) => depth.listSlices(input.constitutionId)),
      sliceRows: core.constitution.sliceRows.handler(({ input, signal }) => depth.listRows(input, signal)),
      startGroup: core.constitution.startGroup.handler(async ({ input }) => ({
        jobId: await depth.startSlice(input),
      })),
      groups: core.constitution.groups.handler(({ input }) => depth.listGroups(input.constitutionId)),
      startCeiling: core.constitution.startCeiling.handler(async ({ input, signal }) => ({
        jobId: await depth.startCeiling(input, signal),
      })),
      ceiling: core.constitution.ceiling.handler(({ input }) => depth.findCeiling(input.constitutionId)),
      factors: core.constitution.factors.handler(({ input }) => depth.listFactors(input.constitutionId)),
      ...makeExchangeHandlers(core, constitutionExchange),
    },
  };
}
