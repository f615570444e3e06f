import type { ComputedRef, Ref } from 'vue';
import { computed, shallowRef } from 'vue';
import type { Client } from '../../../electron/contract/contract.ts';
import type { Relation, ViewInfo } from '../../../electron/contract/corpus.contract.ts';
import type { Filter, Sort } from '../../../electron/contract/filter.contract.ts';
import { useAsync } from '../../app/use-async.ts';
import type { RowSource } from '../../grid/row-source.ts';
import type { Failure } from '../../rpc/failure.ts';
import { toFailure } from '../../rpc/failure.ts';

export interface ViewInput {
  readonly datasetId: number;
  readonly relation: Relation;
  readonly filter: Filter;
  readonly sort: readonly Sort[];
}

export interface OpenView {
  readonly info: Readonly<Ref<ViewInfo | null>>;
  readonly source: ComputedRef<RowSource | null>;
  readonly failure: Readonly<Ref<Failure | null>>;
  readonly isOpening: Readonly<Ref<boolean>>;
  /** Raised by `reopen`. */
  readonly revision: Readonly<Ref<number>>;
  /** Opens the view again, e.g. after rows were changed. */
  reopen(): void;
}

/** Opens a view of the core for each filter and sort, and serves its pages as a row source for the grid. */
export function useView(
  client: Client,
  input: () => ViewInput | null,
  fields: () => readonly string[],
): OpenView {
  const revision = shallowRef(0);
  const opened = useAsync(
    () => ({ input: input(), revision: revision.value }),
    ({ input: view }, signal) =>
      view ? client.view.open({ ...view, sort: [...view.sort] }, { signal }) : null,
  );
  const reopen = () => {
    revision.value += 1;
  };

  const source = computed<RowSource | null>(() => {
    const info = opened.value.value;
    const names = [...fields()];
    if (!info || names.length === 0) return null;
    return {
      count: info.count,
      page: async (offset, limit, signal) => {
        const read = async (viewId: string) =>
          (await client.view.page({ viewId, offset, limit, fields: names }, { signal })).rows;
        try {
          return await read(info.viewId);
        } catch (error) {
          const view = input();
          if (toFailure(error).code !== 'VIEW_MISSING' || !view) throw error;
          // a core that was started again knows no view of the former one
          reopen();
          const again = await client.view.open({ ...view, sort: [...view.sort] }, { signal });
          return read(again.viewId);
        }
      },
    };
  });

  return {
    info: opened.value,
    source,
    failure: opened.failure,
    isOpening: opened.isLoading,
    revision,
    reopen,
  };
}
