import { defineStore } from 'pinia';
import type { ComputedRef, Ref } from 'vue';
import { computed, ref, shallowRef, watch } from 'vue';
import type { Job } from '../../electron/contract/job.contract.ts';
import type { Failure } from '../rpc/failure.ts';
import { toFailure } from '../rpc/failure.ts';
import { useClient } from '../rpc/use-client.ts';
import { isActive, useJobFeed } from './job-feed.ts';

/** Which job each screen started last, so that it finds it again after the person looked at something else. */
const useJobRunStore = defineStore('job-runs', () => {
  const jobIds = ref<Record<string, string>>({});
  return { jobIds };
});

export interface JobRun {
  /** The job this screen started last, as the feed knows it. */
  readonly job: ComputedRef<Job | null>;
  readonly isRunning: ComputedRef<boolean>;
  /** Why the last start or cancel did not happen. */
  readonly failure: Readonly<Ref<Failure | null>>;
  start(begin: () => Promise<{ jobId: string }>): Promise<void>;
  cancel(): Promise<void>;
  /** Forgets an ended job, so that its failure is no longer shown. */
  dismiss(): void;
}

/**
 * One job at a time per `key`, e.g. `constitution:3`. `onSucceeded` is called for a job that ends while the calling
 * component lives.
 */
export function useJobRun(key: () => string, onSucceeded: (job: Job) => void): JobRun {
  const client = useClient();
  const feed = useJobFeed();
  const store = useJobRunStore();
  const failure = shallowRef<Failure | null>(null);
  const isStarting = shallowRef(false);

  const job = computed(() => feed.jobs.value.get(store.jobIds[key()] ?? '') ?? null);
  const isRunning = computed(() => isStarting.value || (job.value !== null && isActive(job.value)));

  async function start(begin: () => Promise<{ jobId: string }>): Promise<void> {
    const own = key();
    isStarting.value = true;
    failure.value = null;
    try {
      const { jobId } = await begin();
      store.jobIds[own] = jobId;
      feed.put(await client.job.get({ jobId }));
    } catch (error) {
      failure.value = toFailure(error);
    }
    isStarting.value = false;
  }

  async function cancel(): Promise<void> {
    if (!job.value) return;
    try {
      feed.put(await client.job.cancel({ jobId: job.value.jobId }));
    } catch (error) {
      failure.value = toFailure(error);
    }
  }

  function dismiss(): void {
    failure.value = null;
    Reflect.deleteProperty(store.jobIds, key());
  }

  watch(job, (next, before) => {
    const isNewEnd = next?.status === 'succeeded' && before?.status !== 'succeeded';
    if (next && isNewEnd) onSucceeded(next);
  });
  return { job, isRunning, failure, start, cancel, dismiss };
}
