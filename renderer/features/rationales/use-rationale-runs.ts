import { computed, type ComputedRef, onBeforeUnmount, onMounted, shallowRef } from 'vue';
import type { Job } from '../../../electron/contract/job.contract.ts';
import type { RationaleRun } from '../../../electron/contract/rationale.contract.ts';
import { isActive, useJobFeed } from '../../app/job-feed.ts';
import { type AsyncValue, useAsync } from '../../app/use-async.ts';
import { useClient } from '../../rpc/use-client.ts';
import { type RunState, stateOfRun } from '../judge/judge-runs.ts';

const refreshMilliseconds = 2_000;

export interface RationaleEntry {
  readonly run: RationaleRun;
  readonly job: Job | undefined;
  readonly state: RunState;
  readonly done: number;
}

/** The newest job that worked on a run; the core names them “Rationales, run 12”. */
export function findJobOfRationales(jobs: Iterable<Job>, rationaleRunId: number): Job | undefined {
  const title = `Rationales, run ${rationaleRunId}`;
  return [...jobs]
    .filter((job) => job.type === 'rationales' && job.title === title)
    .sort((left, right) => right.createdAt.localeCompare(left.createdAt))[0];
}

/** The rationale runs of a dataset with their jobs; read again every two seconds while one is at work. */
export function useRationaleRuns(datasetId: () => number): {
  runs: AsyncValue<RationaleRun[]>;
  entries: ComputedRef<RationaleEntry[]>;
} {
  const client = useClient();
  const feed = useJobFeed();
  const listed = shallowRef<readonly Job[]>([]);
  const runs = useAsync(datasetId, (id, signal) => client.rationale.runs({ datasetId: id }, { signal }));
  const entries = computed(() => {
    const jobs = new Map(listed.value.map((job) => [job.jobId, job] as const));
    for (const [id, job] of feed.jobs.value) jobs.set(id, job);
    return (runs.value.value ?? []).map((run) => {
      const job = findJobOfRationales(jobs.values(), run.rationaleRunId);
      const state = stateOfRun(run, job);
      const isNewer = state === 'running' && job?.total === run.planned;
      return { run, job, state, done: isNewer ? Math.max(job.done, run.done) : run.done };
    });
  });

  let timer: ReturnType<typeof setInterval> | undefined;
  let stopListening: (() => void) | undefined;
  onMounted(() => {
    void client.job.list({ limit: 300 }).then(
      (jobs) => {
        listed.value = jobs;
      },
      () => undefined,
    );
    timer = setInterval(() => {
      if (entries.value.some(({ job }) => job && isActive(job) && job.status !== 'paused')) runs.reload();
    }, refreshMilliseconds);
    stopListening = feed.onEnd((job) => {
      if (job.type === 'rationales') runs.reload();
    });
  });
  onBeforeUnmount(() => {
    clearInterval(timer);
    stopListening?.();
  });
  return { runs, entries };
}
