import { computed, type ComputedRef, onBeforeUnmount, onMounted, type Ref, shallowRef, watch } from 'vue';
import type { Job } from '../../electron/contract/job.contract.ts';
import { useClient } from '../rpc/use-client.ts';
import { isActive, useJobFeed } from './job-feed.ts';
import { useShellStore } from './shell-store.ts';
import { toFailure } from '../rpc/failure.ts';
import type { AsyncValue } from './use-async.ts';

const refreshMilliseconds = 2_000;

export type RunState = 'queued' | 'running' | 'paused' | 'finished' | 'failed' | 'stopped';

/** What every run that a job works on has. */
export interface Run {
  /** The newest job that worked on it. */
  readonly jobId: string | null;
  readonly name: string;
  readonly planned: number;
  readonly done: number;
  readonly isFinished: boolean;
}

export interface RunEntry<R extends Run> {
  readonly run: R;
  readonly job: Job | undefined;
  readonly state: RunState;
  /** Of the job while it runs, as it is newer than the list. */
  readonly done: number;
}

/** How a run stands, by its job where one is at work. */
export function stateOfRun(run: Pick<Run, 'isFinished'>, job: Job | undefined): RunState {
  if (job && isActive(job)) return job.status as 'queued' | 'running' | 'paused';
  if (run.isFinished) return 'finished';
  return job?.status === 'failed' ? 'failed' : 'stopped';
}

/**
 * The runs of a list with their jobs. The list is read again every two seconds while one of them is at work, when a job
 * of that type ends, and when one appears that the list does not know yet.
 */
export function useRunEntries<R extends Run>(
  runs: AsyncValue<R[]>,
  jobType: string,
): ComputedRef<RunEntry<R>[]> {
  const client = useClient();
  const feed = useJobFeed();
  const fetched = shallowRef<ReadonlyMap<string, Job>>(new Map());
  const asked = new Set<string>();
  const noticed = new Set<string>();

  const entries = computed(() =>
    (runs.value.value ?? []).map((run) => {
      const id = run.jobId ?? '';
      const job = feed.jobs.value.get(id) ?? fetched.value.get(id);
      const state = stateOfRun(run, job);
      const isNewer = state === 'running' && job?.total === run.planned;
      return { run, job, state, done: isNewer ? Math.max(job.done, run.done) : run.done };
    }),
  );

  async function fetch(jobId: string): Promise<void> {
    asked.add(jobId);
    const job = await client.job.get({ jobId }).catch(() => undefined);
    if (job) fetched.value = new Map(fetched.value).set(jobId, job);
  }
  watch(
    () => runs.value.value,
    (list) => {
      for (const { jobId, isFinished } of list ?? [])
        if (jobId !== null && !isFinished && !asked.has(jobId) && !feed.jobs.value.has(jobId))
          void fetch(jobId);
    },
    { immediate: true },
  );
  watch(feed.active, (jobs) => {
    const isKnown = ({ jobId }: Job) =>
      noticed.has(jobId) || entries.value.some(({ run }) => run.jobId === jobId);
    const fresh = jobs.filter((job) => job.type === jobType && !isKnown(job));
    if (fresh.length === 0) return;
    for (const { jobId } of fresh) noticed.add(jobId);
    runs.reload();
  });

  let timer: ReturnType<typeof setInterval> | undefined;
  let stopListening: (() => void) | undefined;
  onMounted(() => {
    timer = setInterval(() => {
      if (entries.value.some(({ job }) => job && isActive(job) && job.status !== 'paused')) runs.reload();
    }, refreshMilliseconds);
    stopListening = feed.onEnd((job) => {
      if (job.type === jobType) runs.reload();
    });
  });
  onBeforeUnmount(() => {
    clearInterval(timer);
    stopListening?.();
  });
  return entries;
}

/** What a person does with a run; a failure is told under `failedTitle`. */
export function useRunActions<R extends Run>(options: {
  readonly failedTitle: () => string;
  readonly resume: (run: R) => Promise<{ jobId: string }>;
  readonly remove: (run: R) => Promise<unknown>;
  readonly reload: () => void;
}) {
  const client = useClient();
  const feed = useJobFeed();
  const shell = useShellStore();
  const leaving = shallowRef(null) as Ref<R | null>;
  const isAsking = computed({
    get: () => leaving.value !== null,
    set: (open) => {
      if (!open) leaving.value = null;
    },
  });

  async function attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      shell.notify(`${options.failedTitle()}: ${toFailure(error).message}`);
    }
  }
  const move = ({ job }: RunEntry<R>, step: 'pause' | 'resume' | 'cancel') =>
    attempt(async () => {
      if (job) feed.put(await client.job[step]({ jobId: job.jobId }));
    });
  const goOn = (run: R) =>
    attempt(async () => {
      const { jobId } = await options.resume(run);
      feed.put(await client.job.get({ jobId }));
      options.reload();
    });
  const remove = () =>
    attempt(async () => {
      const run = leaving.value;
      leaving.value = null;
      if (!run) return;
      await options.remove(run);
      options.reload();
    });
  return { leaving, isAsking, move, goOn, remove };
}
