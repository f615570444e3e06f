import { computed, onBeforeUnmount, onMounted, shallowRef } from 'vue';
import type { ComputedRef } from 'vue';
import type { Job } from '../../../electron/contract/job.contract.ts';
import type { JudgeRun } from '../../../electron/contract/judging.contract.ts';
import { isActive, useJobFeed } from '../../app/job-feed.ts';
import { useAsync, type AsyncValue } from '../../app/use-async.ts';
import { useClient } from '../../rpc/use-client.ts';
import { findJobOfRun, type RunState, stateOfRun } from './judge-runs.ts';

const refreshMilliseconds = 2_000;
const jobsLooked = 300;

export interface RunEntry {
  readonly run: JudgeRun;
  readonly job: Job | undefined;
  readonly state: RunState;
  /** Of the job while it runs, as it is newer than the list. */
  readonly done: number;
}

/** The runs of a dataset with their jobs; read again every two seconds while one is at work. */
export function useJudgeRuns(datasetId: () => number): {
  runs: AsyncValue<JudgeRun[]>;
  entries: ComputedRef<RunEntry[]>;
} {
  const client = useClient();
  const feed = useJobFeed();
  const listed = shallowRef<readonly Job[]>([]);
  const runs = useAsync(datasetId, (id, signal) => client.judge.runs({ datasetId: id }, { signal }));

  const entries = computed(() => {
    const jobs = new Map(listed.value.map((job) => [job.jobId, job] as const));
    for (const [id, job] of feed.jobs.value) jobs.set(id, job);
    return (runs.value.value ?? []).map((run) => {
      const job = findJobOfRun(jobs.values(), run.judgeRunId);
      const state = stateOfRun(run, job);
      const done =
        state === 'running' && job?.total === run.planned ? Math.max(job.done, run.done) : run.done;
      return { run, job, state, done };
    });
  });

  let timer: ReturnType<typeof setInterval> | undefined;
  let stopListening: (() => void) | undefined;
  onMounted(() => {
    void client.job.list({ limit: jobsLooked }).then(
      (jobs) => {
        listed.value = jobs;
      },
      () => undefined,
    );
    timer = setInterval(() => {
      if (entries.value.some(({ job }) => job && isActive(job) && job.status !== 'paused')) runs.reload();
    }, refreshMilliseconds);
    stopListening = feed.onEnd((job) => {
      if (job.type === 'judge') runs.reload();
    });
  });
  onBeforeUnmount(() => {
    clearInterval(timer);
    stopListening?.();
  });
  return { runs, entries };
}
