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
      view ? client.view.open({ ...view, sort: [...view.sort], mayBePartial: true }, { signal }) : null,
  );
  /** All rows of a view of which the best are shown already. */
  const completed = useAsync(
    () => (opened.value.value?.isComplete === false ? opened.value.value.viewId : null),
    async (partId, signal) => {
      const view = input();
      if (partId === null || !view) return null;
      const info = await client.view.open({ ...view, sort: [...view.sort] }, { signal });
      return { partId, info };
    },
  );
  const info = computed(() => {
    const all = completed.value.value;
    return all && all.partId === opened.value.value?.viewId ? all.info : opened.value.value;
  });
  const reopen = () => {
    revision.value += 1;
  };

  const source = computed<RowSource | null>(() => {
    const current = info.value;
    const names = [...fields()];
    if (!current || names.length === 0) return null;
    return {
      count: current.count,
      page: async (offset, limit, signal) => {
        const read = async (viewId: string) =>
          (await client.view.page({ viewId, offset, limit, fields: names }, { signal })).rows;
        try {
          return await read(current.viewId);
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
    info,
    source,
    failure: computed(() => opened.failure.value ?? completed.failure.value),
    isOpening: opened.isLoading,
    revision,
    reopen,
  };
}
