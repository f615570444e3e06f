import { setImmediate } from 'node:timers/promises';

const SLICE_MS = 25;

/**
 * A function to await between the pieces of a long computation. It hands the event loop back once every 25 ms
 * and is otherwise free, so that a cancel message or another request can be served meanwhile.
 *
 * @throws The signal's reason, once it is aborted.
 */
export function createPause(signal?: AbortSignal): () => Promise<void> | undefined {
  let resumed = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - resumed < SLICE_MS) return undefined;
    return setImmediate().then(() => {
      signal?.throwIfAborted();
      resumed = performance.now();
    });
  };
}
