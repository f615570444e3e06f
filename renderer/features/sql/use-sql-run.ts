import type { Ref } from 'vue';
import { onBeforeUnmount, shallowRef } from 'vue';
import type { ErrorPlace } from '../../editor/error-place.ts';
import { findErrorPlace, messageWithoutPlace, placeInWhole } from '../../editor/error-place.ts';
import type { Failure } from '../../rpc/failure.ts';
import { isAbort, toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';
import { chooseChart, fitsColumns } from './chart-choice.ts';
import { useSqlStore } from './sql-store.ts';

export interface SqlRun {
  readonly isRunning: Readonly<Ref<boolean>>;
  readonly wasCancelled: Readonly<Ref<boolean>>;
  readonly failure: Readonly<Ref<(Failure & { readonly place: ErrorPlace | undefined }) | null>>;
  /** Runs a statement that begins at `start` of the editor's text. A second one waits for nobody: it is ignored. */
  readonly run: (sql: string, start: ErrorPlace) => Promise<void>;
  readonly cancel: () => void;
  readonly clearFailure: () => void;
}

/** Runs one statement at a time into the store; leaving the page cancels it. `onEnd` is called after each. */
export function useSqlRun(onEnd: () => void): SqlRun {
  const client = useClient();
  const store = useSqlStore();
  const isRunning = shallowRef(false);
  const wasCancelled = shallowRef(false);
  const failure: SqlRun['failure'] & Ref = shallowRef(null);
  let abort: AbortController | undefined;

  async function run(sql: string, start: ErrorPlace): Promise<void> {
    if (isRunning.value || sql.trim() === '') return;
    const own = new AbortController();
    abort = own;
    isRunning.value = true;
    wasCancelled.value = false;
    failure.value = null;
    try {
      const result = await client.sql.run({ sql, allowWrite: store.isWriteAllowed }, { signal: own.signal });
      const keeps = store.chart !== null && fitsColumns(store.chart, result.columns);
      const isSameShape = keeps && sameColumns(store.result?.columns, result.columns);
      store.chart = isSameShape ? store.chart : (chooseChart(result.columns, result.count) ?? null);
      store.result = result;
    } catch (error) {
      const told = toFailure(error);
      const isCancel = own.signal.aborted || isAbort(error) || told.code === 'QUERY_CANCELLED';
      if (isCancel) wasCancelled.value = true;
      else failure.value = withPlace(told, sql, start);
    }
    isRunning.value = false;
    onEnd();
  }

  onBeforeUnmount(() => abort?.abort());
  return {
    isRunning,
    wasCancelled,
    failure,
    run,
    cancel: () => abort?.abort(),
    clearFailure: () => {
      failure.value = null;
    },
  };
}

function withPlace(failure: Failure, sql: string, start: ErrorPlace) {
  const place = findErrorPlace(failure.message, sql);
  return {
    ...failure,
    message: messageWithoutPlace(failure.message),
    place: place && placeInWhole(place, start),
  };
}

function sameColumns(
  before: readonly { name: string }[] | undefined,
  after: readonly { name: string }[],
): boolean {
  return before?.map((c) => c.name).join('\n') === after.map((c) => c.name).join('\n');
}
