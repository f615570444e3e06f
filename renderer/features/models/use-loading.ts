import { computed, type ComputedRef } from 'vue';
import type { Job } from '../../../electron/contract/job.contract.ts';
import type { Model } from '../../../electron/contract/model.contract.ts';
import { type JobRun, useJobRun } from '../../app/job-runs.ts';
import { useShellStore } from '../../app/shell-store.ts';
import { useText } from '../../app/text.ts';
import { toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';

/** Loading and unloading of one model at a time per `key`. */
export function useLoading(
  key: () => string,
  onDone: (job: Job) => void,
): {
  readonly run: JobRun;
  readonly isLoading: ComputedRef<boolean>;
  readonly load: (model: Pick<Model, 'modelId'>) => Promise<void>;
  readonly unload: (model: Pick<Model, 'modelId' | 'name'>) => Promise<void>;
} {
  const client = useClient();
  const shell = useShellStore();
  const { t } = useText();
  const run = useJobRun(key, onDone);
  return {
    run,
    isLoading: computed(() => run.isRunning.value),
    load: ({ modelId }) => run.start(() => client.model.load({ modelId })),
    unload: async ({ modelId, name }) => {
      try {
        await client.model.unload({ modelId });
        shell.notify(t('models.detail.unloaded', { name }));
      } catch (error) {
        shell.notify([t('models.detail.actionFailed'), toFailure(error).message].join(': '));
      }
    },
  };
}
