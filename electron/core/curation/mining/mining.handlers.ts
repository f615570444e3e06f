import type { JobService } from '../../jobs/job.service.ts';
import type { Implementation } from '../../rpc/implementation.ts';
import type { CurationService } from '../curation.service.ts';
import type { MiningService } from './mining.service.ts';

export function makeMiningHandlers(
  core: Implementation,
  parts: { readonly mining: MiningService; readonly curation: CurationService; readonly jobs: JobService },
) {
  const { mining, curation, jobs } = parts;
  return {
    mining: {
      plan: core.mining.plan.handler(({ input, signal }) => mining.plan(input, signal)),
      degrees: core.mining.degrees.handler(({ input, signal }) =>
        mining.measureDegrees(input.judgeRunId, signal),
      ),
      start: core.mining.start.handler(async ({ input }) => {
        await curation.check(input);
        return { jobId: await jobs.start('mine', input) };
      }),
    },
  };
}
