import type { Job } from '../../contract/job.contract.ts';
import type { Implementation } from '../rpc/implementation.ts';
import type { JobService } from './job.service.ts';

/** Unfinished jobs first, then every change, until the signal aborts. A slow reader gets only the newest of each job. */
export async function* followJobs(jobs: JobService, signal?: AbortSignal): AsyncGenerator<Job> {
  const waiting = new Map<string, Job>();
  let wake: () => void = () => undefined;
  const stop = jobs.onChange((job) => {
    waiting.set(job.jobId, job);
    wake();
  });
  const onAbort = () => wake();
  signal?.addEventListener('abort', onAbort);
  try {
    for (const job of await jobs.list(100)) {
      if (job.status === 'queued' || job.status === 'running' || job.status === 'paused') yield job;
    }
    while (!signal?.aborted) {
      const [next] = waiting.values();
      if (next) {
        waiting.delete(next.jobId);
        yield next;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    stop();
    signal?.removeEventListener('abort', onAbort);
  }
}

export function makeJobHandlers(core: Implementation, jobs: JobService) {
  return {
    job: {
      list: core.job.list.handler(({ input }) => jobs.list(input.limit)),
      get: core.job.get.handler(({ input }) => jobs.get(input.jobId)),
      cancel: core.job.cancel.handler(({ input }) => jobs.cancel(input.jobId)),
      pause: core.job.pause.handler(({ input }) => jobs.pause(input.jobId)),
      resume: core.job.resume.handler(({ input }) => jobs.resume(input.jobId)),
      again: core.job.again.handler(async ({ input }) => ({ jobId: await jobs.again(input.jobId) })),
      changed: core.job.changed.handler(({ signal }) => followJobs(jobs, signal)),
    },
  };
}
