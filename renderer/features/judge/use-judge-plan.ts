import type { Ref } from 'vue';
import { onBeforeUnmount, shallowRef, watch } from 'vue';
import type { JudgePlan, JudgeRequest } from '../../../electron/contract/judging.contract.ts';
import { useAsync, type AsyncValue } from '../../app/use-async.ts';
import type { Failure } from '../../rpc/failure.ts';
import { isAbort, toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';

const settle = 400;

export interface PlanState {
  readonly plan: AsyncValue<JudgePlan>;
  /** The plan with a measured time, until the request changes. */
  readonly measured: Readonly<Ref<JudgePlan | null>>;
  readonly isMeasuring: Readonly<Ref<boolean>>;
  readonly measureFailure: Readonly<Ref<Failure | null>>;
  measure(): Promise<void>;
  stopMeasuring(): void;
}

/** The plan of a judge run; see `usePlan`. */
export function useJudgePlan(request: () => JudgeRequest | null): PlanState {
  const client = useClient();
  return usePlan(request, (asked, calibrate, signal) =>
    client.judge.plan({ ...asked, calibrate }, { signal }),
  );
}

/** Counts follow the request by themselves; the time is measured on demand, because that loads the model. */
export function usePlan<R>(
  request: () => R | null,
  ask: (request: R, calibrate: boolean, signal: AbortSignal) => Promise<JudgePlan>,
): PlanState {
  const measured = shallowRef<JudgePlan | null>(null);
  const isMeasuring = shallowRef(false);
  const measureFailure = shallowRef<Failure | null>(null);
  let abort: AbortController | undefined;

  const plan = useAsync(
    () => JSON.stringify(request()),
    (_, signal) => {
      const asked = request();
      return asked ? ask(asked, false, signal) : null;
    },
    settle,
  );

  function stopMeasuring(): void {
    abort?.abort();
    isMeasuring.value = false;
  }

  async function measure(): Promise<void> {
    const asked = request();
    if (!asked) return;
    stopMeasuring();
    const own = new AbortController();
    abort = own;
    isMeasuring.value = true;
    measureFailure.value = null;
    try {
      const answer = await ask(asked, true, own.signal);
      if (!own.signal.aborted) measured.value = answer;
    } catch (error) {
      if (!own.signal.aborted && !isAbort(error)) measureFailure.value = toFailure(error);
    }
    if (abort === own) isMeasuring.value = false;
  }

  watch(
    () => JSON.stringify(request()),
    () => {
      stopMeasuring();
      measured.value = null;
      measureFailure.value = null;
    },
  );
  onBeforeUnmount(stopMeasuring);
  return { plan, measured, isMeasuring, measureFailure, measure, stopMeasuring };
}
