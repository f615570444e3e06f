import type { Ref } from 'vue';
import { onBeforeUnmount, onMounted, shallowRef } from 'vue';
import type { EngineView } from '../../../electron/contract/model.contract.ts';
import type { Failure } from '../../rpc/failure.ts';
import { isAbort, toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';

const retryMilliseconds = 1_000;

export interface EngineFollow {
  readonly status: Readonly<Ref<EngineView | null>>;
  /** The device as it was told last, also after the process has ended. */
  readonly lastDevice: Readonly<Ref<EngineView['device']>>;
  readonly failure: Readonly<Ref<Failure | null>>;
  put(status: EngineView): void;
}

/** Follows the state of the inference process for as long as the calling component lives. */
export function useEngine(): EngineFollow {
  const client = useClient();
  const status = shallowRef<EngineView | null>(null);
  const lastDevice = shallowRef<EngineView['device']>(null);
  const failure = shallowRef<Failure | null>(null);
  const abort = new AbortController();

  function put(next: EngineView): void {
    status.value = next;
    lastDevice.value = next.device ?? lastDevice.value;
    failure.value = null;
  }

  async function follow(): Promise<void> {
    const { signal } = abort;
    while (!signal.aborted) {
      try {
        for await (const next of await client.engine.changed(undefined, { signal })) put(next);
      } catch (error) {
        if (signal.aborted || isAbort(error)) return;
        failure.value = toFailure(error);
      }
      await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
    }
  }

  onMounted(() => void follow());
  onBeforeUnmount(() => abort.abort());
  return { status, lastDevice, failure, put };
}
