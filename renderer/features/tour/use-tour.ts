import { useLocalStorage } from '@vueuse/core';
import type { Ref } from 'vue';
import { onBeforeUnmount, shallowRef, watch } from 'vue';
import type { SampleName, Tour } from '../../../electron/contract/tour.contract.ts';
import { useJobFeed } from '../../app/job-feed.ts';
import { type JobRun, useJobRun } from '../../app/job-runs.ts';
import { useAsync } from '../../app/use-async.ts';
import type { Failure } from '../../rpc/failure.ts';
import { toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';

/** What the core says of the first steps, read anew whenever a job ends. */
export function useTour() {
  const client = useClient();
  const tour = useAsync(
    () => true,
    (_, signal) => client.tour.get(undefined, { signal }),
  );
  onBeforeUnmount(useJobFeed().onEnd(() => tour.reload()));
  return tour;
}

/**
 * What this browser remembers for a workspace: whether the card was closed, and whether the rows were opened, the one
 * step that leaves nothing in the workspace to ask for.
 */
export function useTourMemory(workspacePath: string): Ref<{ isClosed: boolean; hasLooked: boolean }> {
  return useLocalStorage(
    `assay.tour.${workspacePath}`,
    { isClosed: false, hasLooked: false },
    { mergeDefaults: true },
  );
}

export interface SampleImport {
  readonly runs: Readonly<Record<SampleName, JobRun>>;
  /** Why nothing was imported. */
  readonly failure: Readonly<Ref<Failure | null>>;
  readonly isOpening: Readonly<Ref<boolean>>;
  readonly open: () => Promise<void>;
}

/** The imports of the bundled datasets, those found at work included. */
export function useSampleImport(tour: () => Tour | null): SampleImport {
  const client = useClient();
  const failure = shallowRef<Failure | null>(null);
  const isOpening = shallowRef(false);
  const runs = {
    pandalm: useJobRun(
      () => 'tour:open:pandalm',
      () => undefined,
    ),
    planted: useJobRun(
      () => 'tour:open:planted',
      () => undefined,
    ),
  };

  async function adopt(jobs: Tour['imports']): Promise<void> {
    const unknown = jobs.filter(({ name, jobId }) => runs[name].job.value?.jobId !== jobId);
    await Promise.all(unknown.map(({ name, jobId }) => runs[name].start(() => Promise.resolve({ jobId }))));
  }

  async function open(): Promise<void> {
    isOpening.value = true;
    failure.value = null;
    try {
      await adopt(await client.tour.open());
    } catch (error) {
      failure.value = toFailure(error);
    }
    isOpening.value = false;
  }

  watch(
    () => tour()?.imports,
    (jobs) => jobs && void adopt(jobs),
    { immediate: true },
  );
  return { runs, failure, isOpening, open };
}
