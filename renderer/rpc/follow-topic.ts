import { AsyncIteratorClass } from '@orpc/client';
import { isLinkLost } from './link-failure.ts';

export interface FollowOptions {
  /** Waits for a link, then subscribes on it. Rejects where no link will come any more. */
  readonly subscribe: (signal: AbortSignal) => Promise<() => Promise<AsyncIterator<unknown>>>;
  readonly signal: AbortSignal | undefined;
}

/**
 * An iterator over a topic that outlives its link: when the link is lost it subscribes on the next one, whose first
 * values are the topic's current ones. It ends with the topic, with the consumer, or when no link will come any more.
 */
export async function followTopic({ subscribe, signal }: FollowOptions): Promise<AsyncIterator<unknown>> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  const abort = () => ended.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  let current: AsyncIterator<unknown> | undefined;

  const attach = async (): Promise<AsyncIterator<unknown>> => {
    for (;;) {
      const open = await subscribe(ended.signal);
      try {
        return await open();
      } catch (error) {
        if (!isLinkLost(error)) throw error;
      }
    }
  };
  const next = async (): Promise<IteratorResult<unknown>> => {
    for (;;) {
      try {
        current ??= await attach();
        return await current.next();
      } catch (error) {
        const isResumable = current !== undefined && isLinkLost(error) && !ended.signal.aborted;
        current = undefined;
        if (!isResumable) throw error;
      }
    }
  };

  current = await attach();
  return new AsyncIteratorClass(next, async () => {
    signal?.removeEventListener('abort', abort);
    ended.abort();
    await current?.return?.();
  });
}
