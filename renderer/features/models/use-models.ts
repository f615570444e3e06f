import { onBeforeUnmount, watch } from 'vue';
import type { Model } from '../../../electron/contract/model.contract.ts';
import { useJobFeed } from '../../app/job-feed.ts';
import { useOpenEndpoints } from '../../app/open-endpoints.ts';
import { type AsyncValue, useAsync } from '../../app/use-async.ts';
import { useClient } from '../../rpc/use-client.ts';

const jobTypes = new Set(['add-models', 'benchmark-model', 'load-model']);

/** Calls back when a job ends that changes models, for as long as the calling component lives. */
export function onModelJobEnd(listener: () => void): void {
  const stop = useJobFeed().onEnd((job) => {
    if (jobTypes.has(job.type)) listener();
  });
  onBeforeUnmount(stop);
}

/** Every model, read anew when a job changed some; the bar is told which addresses are on. */
export function useModels(): AsyncValue<Model[]> {
  const client = useClient();
  const endpoints = useOpenEndpoints();
  const list = useAsync(
    () => 0,
    (_, signal) => client.model.list(undefined, { signal }),
  );
  watch(list.value, (models) => models && endpoints.take(models));
  onModelJobEnd(() => list.reload());
  return list;
}
