import type { Ref, WatchSource } from 'vue';
import { onBeforeUnmount, shallowRef, watch } from 'vue';
import type { Failure } from '../rpc/failure.ts';
import { isAbort, toFailure } from '../rpc/failure.ts';

export interface AsyncValue<T> {
  /** The newest answer; the previous one stays while the next is on the way. */
  readonly value: Readonly<Ref<T | null>>;
  readonly failure: Readonly<Ref<Failure | null>>;
  readonly isLoading: Readonly<Ref<boolean>>;
  reload(): void;
}

/**
 * Loads a value whenever `source` changes; the call before is aborted. `load` answers null where there is nothing
 * to ask for. `delay` in milliseconds collects quick changes into one call.
 */
export function useAsync<S, T>(
  source: WatchSource<S>,
  load: (input: S, signal: AbortSignal) => Promise<T> | null,
  delay = 0,
): AsyncValue<T> {
  const value = shallowRef<T | null>(null);
  const failure = shallowRef<Failure | null>(null);
  const isLoading = shallowRef(false);
  let abort: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last: { input: S } | undefined;

  async function run(input: S): Promise<void> {
    abort?.abort();
    const own = new AbortController();
    abort = own;
    const answer = load(input, own.signal);
    if (!answer) {
      value.value = null;
      isLoading.value = false;
      return;
    }
    isLoading.value = true;
    try {
      const result = await answer;
      if (own.signal.aborted) return;
      value.value = result;
      failure.value = null;
    } catch (error) {
      if (own.signal.aborted || isAbort(error)) return;
      failure.value = toFailure(error);
    }
    isLoading.value = false;
  }

  function schedule(input: S): void {
    const isFirst = last === undefined;
    last = { input };
    clearTimeout(timer);
    if (delay === 0 || isFirst) void run(input);
    else timer = setTimeout(() => void run(input), delay);
  }

  watch(source, schedule, { immediate: true });
  onBeforeUnmount(() => {
    clearTimeout(timer);
    abort?.abort();
  });
  return { value, failure, isLoading, reload: () => last && void run(last.input) };
}
