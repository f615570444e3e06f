import { type AppError, isAppError } from '../../contract/app-error.ts';

export interface JudgeAllOptions<Item, Result> {
  /** Items judged at the same time. */
  readonly concurrency: number;
  readonly judge: (item: Item) => Promise<Result>;
  /** The result of an item that twice took the engine with it. */
  readonly giveUp: (item: Item) => Result;
  readonly onResult: (item: Item, result: Result) => Promise<void>;
  /** Told of suspects before any is tried again, so that the death is counted even if the whole process dies next. */
  readonly onDeath: (items: readonly Item[]) => Promise<void>;
  /** Deaths an item has been part of in earlier runs. */
  readonly deathsOf: (item: Item) => number;
  readonly signal: AbortSignal;
}

const deathsAllowed = 2;

/** An item that was in flight when the engine went. */
interface Interrupted<Item> {
  readonly item: Item;
  readonly isSuspect: boolean;
}

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
    const { interrupted, isExhausted } = await judgeTogether(queue, options);
    if (interrupted.length > 0) {
      const suspects = interrupted.filter((one) => one.isSuspect).map((one) => one.item);
      await options.onDeath(suspects);
      for (const { item, isSuspect } of interrupted)
        await judgeAlone(item, options.deathsOf(item) + (isSuspect ? 1 : 0), options);
    }
    if (isExhausted) return;
  }
}

async function judgeTogether<Item, Result>(
  queue: AsyncIterator<Item>,
  { concurrency, judge, giveUp, deathsOf, onResult, signal }: JudgeAllOptions<Item, Result>,
): Promise<{ interrupted: Interrupted<Item>[]; isExhausted: boolean }> {
  const interrupted: Interrupted<Item>[] = [];
  let isExhausted = false;
  let failure: { readonly cause: unknown } | undefined;
  const work = async (): Promise<void> => {
    while (!isExhausted && !failure && interrupted.length === 0) {
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
        interrupted.push({ item, isSuspect: isSuspicious(error) });
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
  return { interrupted, isExhausted };
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
    const isSuspect = isSuspicious(error);
    await options.onDeath(isSuspect ? [item] : []);
    await judgeAlone(item, deaths + (isSuspect ? 1 : 0), options);
  }
}

function isDeath(error: unknown): error is AppError {
  return isAppError(error) && error.code === 'ENGINE_DIED';
}

/** False where the engine was stopped on request, or died of another model's loading: no item is to blame. */
function isSuspicious({ details }: AppError): boolean {
  return details.isRequested !== true && details.isTrial !== true;
}
