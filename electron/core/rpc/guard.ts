import { AsyncIteratorClass, type Middleware, type ORPCErrorConstructorMap } from '@orpc/server';
import { type RpcLog, notSerialisable, toWireFailure } from './failure.ts';
import { findUnwireable } from './wire-value.ts';
import type { WriteMemory } from './write-memory.ts';

/** What a call brings along besides its input. `requestId` is absent for calls from inside the process. */
export interface CallContext {
  readonly requestId?: string | undefined;
}

export interface GuardOptions {
  readonly log: RpcLog;
  readonly memory: WriteMemory;
  /** Methods whose answers `memory` keeps. */
  readonly remembered: ReadonlySet<string>;
}

type Nothing = Record<never, never>;
type Guard = Middleware<CallContext, Nothing, unknown, unknown, ORPCErrorConstructorMap<Nothing>, Nothing>;

/**
 * The one middleware every method runs in, outside of input and output validation. It answers repetitions from memory,
 * gives failures their wire form, refuses results that JSON cannot carry, and ends event iterators with their call.
 */
export function createGuard({ log, memory, remembered }: GuardOptions): Guard {
  return async ({ context, path, signal, next }, input) => {
    const method = path.join('.');
    const run = async () => {
      const { output } = await next();
      return checkOutput(output, { method, log, signal });
    };
    try {
      const { requestId } = context;
      const isRemembered = requestId !== undefined && remembered.has(method);
      const output = isRemembered ? await memory.once({ method, requestId, input }, run) : await run();
      return { output, context: {} };
    } catch (error) {
      if (signal?.aborted) throw error;
      throw toWireFailure(error, method, log);
    }
  };
}

interface OutputOptions {
  readonly method: string;
  readonly log: RpcLog;
  readonly signal: AbortSignal | undefined;
}

function checkOutput(output: unknown, options: OutputOptions): unknown {
  if (isAsyncIterator(output)) return guardEvents(output, options);
  const path = findUnwireable(output);
  if (path !== undefined) throw notSerialisable(options.method, path);
  return output;
}

function isAsyncIterator(value: unknown): value is AsyncIterator<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value;
}

/** An iterator that waits for its next event does not see that its call was cancelled; this one is ended at once. */
function guardEvents(source: AsyncIterator<unknown>, { method, log, signal }: OutputOptions) {
  const end = () => {
    source
      .return?.()
      .catch((error: unknown) => log.warn({ method, err: error }, 'an event source did not end'));
  };
  signal?.addEventListener('abort', end, { once: true });
  const next = async () => {
    try {
      const result = await source.next();
      const path = findUnwireable(result.value);
      if (path !== undefined) throw notSerialisable(method, path);
      return result;
    } catch (error) {
      if (signal?.aborted) return { done: true as const, value: undefined };
      throw toWireFailure(error, method, log);
    }
  };
  return new AsyncIteratorClass(next, async () => {
    signal?.removeEventListener('abort', end);
    await source.return?.();
  });
}
