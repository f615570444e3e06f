import type { Job } from '../../electron/contract/job.contract.ts';
import type { Tour, TourJobStep } from '../../electron/contract/tour.contract.ts';

type Answer = <T>(method: string, input: unknown, make: () => T) => Promise<T>;

const untouched: Tour = {
  hasFiles: true,
  pandalm: null,
  planted: null,
  starter: { modelId: 'm-starter', name: 'starter' },
  imports: [],
  jobs: [],
  reward: null,
  principles: null,
  judged: null,
  rationale: null,
  hasRealModel: false,
};

/** The first steps of a fake core, as far as `state` says; jobs it starts run until a test ends them. */
export function fakeTour(
  answer: Answer,
  putJob: (job: Job) => void,
  makeJob: (part: Partial<Job> & { jobId: string }) => Job,
  state: Partial<Tour> = {},
) {
  return {
    get: (input: unknown) => answer('tour.get', input, () => ({ ...untouched, ...state })),
    open: (input: unknown) =>
      answer('tour.open', input, () =>
        (['pandalm', 'planted'] as const).map((name) => {
          putJob(makeJob({ jobId: `import-${name}`, title: `Import ${name}` }));
          return { name, jobId: `import-${name}` };
        }),
      ),
    start: (input: { step: TourJobStep }) =>
      answer('tour.start', input, () => {
        putJob(makeJob({ jobId: `step-${input.step}`, type: input.step, phase: 'voting' }));
        return { jobId: `step-${input.step}` };
      }),
  };
}
