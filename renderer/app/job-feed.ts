import type { InjectionKey, Ref } from 'vue';
import { computed, inject, shallowRef } from 'vue';
import type { Client } from '../../electron/contract/contract.ts';
import type { Job } from '../../electron/contract/job.contract.ts';
import { isAbort } from '../rpc/failure.ts';
import type { Pace } from './eta.ts';
import { nextPace } from './eta.ts';

const retryMilliseconds = 1_000;
const activeStates = new Set(['queued', 'running', 'paused']);

export function isActive(job: Job): boolean {
  return activeStates.has(job.status);
}

/** Every job that changed since the page was opened, kept up to date by one subscription. */
export interface JobFeed {
  readonly jobs: Readonly<Ref<ReadonlyMap<string, Job>>>;
  readonly active: Readonly<Ref<readonly Job[]>>;
  pace(jobId: string): Pace | undefined;
  /** Takes in a job an answer brought, e.g. after a cancel. */
  put(job: Job): void;
  /** Calls back once per job that ends; returns a function that ends the subscription. */
  onEnd(listener: (job: Job) => void): () => void;
  start(): void;
  stop(): void;
}

const jobFeedKey: InjectionKey<JobFeed> = Symbol('job feed');

export function useJobFeed(): JobFeed {
  const feed = inject(jobFeedKey);
  if (!feed) throw new Error('No job feed is provided to this component.');
  return feed;
}

export { jobFeedKey };

/** Follows `job.changed`, subscribing anew when the link was lost. `now` gives milliseconds. */
export function createJobFeed(client: Client, now: () => number = Date.now): JobFeed {
  const jobs = shallowRef<ReadonlyMap<string, Job>>(new Map());
  const paces = new Map<string, Pace>();
  const listeners = new Set<(job: Job) => void>();
  let abort: AbortController | undefined;

  function put(job: Job): void {
    const before = jobs.value.get(job.jobId);
    paces.set(job.jobId, nextPace(paces.get(job.jobId), job.done, now()));
    jobs.value = new Map(jobs.value).set(job.jobId, job);
    const hasEnded = !isActive(job) && (before === undefined || isActive(before));
    if (hasEnded) for (const listener of listeners) listener(job);
  }

  async function follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const job of await client.job.changed(undefined, { signal })) put(job);
      } catch (error) {
        if (isAbort(error)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
    }
  }

  return {
    jobs,
    active: computed(() => [...jobs.value.values()].filter(isActive)),
    pace: (jobId) => paces.get(jobId),
    put,
    onEnd: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: () => {
      abort?.abort();
      abort = new AbortController();
      void follow(abort.signal);
    },
    stop: () => abort?.abort(),
  };
}
