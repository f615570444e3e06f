import { isAppError } from '../../contract/app-error.ts';

export interface JudgeAllOptions<Item, Result> {
  /** Items judged at the same time. */
  readonly concurrency: number;
  readonly judge: (item: Item) => Promise<Result>;
  /** The result of an item that twice took the engine with it. */
  readonly giveUp: (item: Item) => Result;
  readonly onResult: (item: Item, result: Result) => Promise<void>;
  /** Told before an item is tried again, so that it is counted even if the whole process dies next. */
  readonly onDeath: (items: readonly Item[]) => Promise<void>;
  /** Deaths an item has been part of in earlier runs. */
  readonly deathsOf: (item: Item) => number;
  readonly signal: AbortSignal;
}

const deathsAllowed = 2;

/**
 * Judges items, several at a time. When the engine dies, all that were in flight are suspects: they are tried again
 * one at a time, so that the poison among them is found and given up after its second death, and the rest goes on.
 * Any other failure ends the run.
 */
export async function judgeAll<Item, Result>(
  items: AsyncIterable<Item>,
  options: JudgeAllOptions<Item, Result>,
): Promise<void> {
  const queue = items[Symbol.asyncIterator]();
  for (;;) {
    const { suspects, isExhausted } = await judgeTogether(queue, options);
    if (suspects.length > 0) {
      await options.onDeath(suspects);
      for (const item of suspects) await judgeAlone(item, options.deathsOf(item) + 1, options);
    }
    if (isExhausted) return;
  }
}

async function judgeTogether<Item, Result>(
  queue: AsyncIterator<Item>,
  { concurrency, judge, giveUp, deathsOf, onResult, signal }: JudgeAllOptions<Item, Result>,
): Promise<{ suspects: Item[]; isExhausted: boolean }> {
  const suspects: Item[] = [];
  let isExhausted = false;
  let failure: { readonly cause: unknown } | undefined;
  const work = async (): Promise<void> => {
    while (!isExhausted && !failure && suspects.length === 0) {
      signal.throwIfAborted();
      const next = await queue.next();
      if (next.done === true) {
        isExhausted = true;
        return;
      }
      const item = next.value;
      if (deathsOf(item) >= deathsAllowed) {
        await onResult(item, giveUp(item));
        continue;
      }
      try {
        await onResult(item, await judge(item));
      } catch (error) {
        if (!isDeath(error)) throw error;
        suspects.push(item);
      }
    }
  };
  await Promise.all(
    Array.from({ length: concurrency }, () =>
      work().catch((cause: unknown) => {
        failure ??= { cause };
      }),
    ),
  );
  if (failure) throw failure.cause;
  return { suspects, isExhausted };
}

async function judgeAlone<Item, Result>(
  item: Item,
  deaths: number,
  options: JudgeAllOptions<Item, Result>,
): Promise<void> {
  if (deaths >= deathsAllowed) return options.onResult(item, options.giveUp(item));
  options.signal.throwIfAborted();
  try {
    await options.onResult(item, await options.judge(item));
  } catch (error) {
    if (!isDeath(error)) throw error;
    await options.onDeath([item]);
    await judgeAlone(item, deaths + 1, options);
  }
}

function isDeath(error: unknown): boolean {
  return isAppError(error) && error.code === 'ENGINE_DIED';
}
