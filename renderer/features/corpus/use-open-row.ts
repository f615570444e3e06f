import type { Ref } from 'vue';
import { shallowRef, watch } from 'vue';
import type { Client } from '../../../electron/contract/contract.ts';
import type { ViewInfo } from '../../../electron/contract/corpus.contract.ts';
import type { RowSource } from '../../grid/row-source.ts';

export interface OpenRow {
  /** Position of the open row in the view, null where the view does not hold it. */
  readonly position: Readonly<Ref<number | null>>;
  /** Id of the row `step` rows further, undefined at the ends. */
  findNeighbour(step: number): Promise<number | undefined>;
}

/** Knows where the open row stands in the current view, for previous and next. */
export function useOpenRow(
  client: Client,
  row: () => number | null,
  view: { readonly info: Readonly<Ref<ViewInfo | null>>; readonly source: Readonly<Ref<RowSource | null>> },
): OpenRow {
  const position = shallowRef<number | null>(null);

  watch(
    [row, () => view.info.value?.viewId],
    async ([id, viewId]) => {
      if (id === null || viewId === undefined) {
        position.value = null;
        return;
      }
      const found = await client.view.locate({ viewId, id }).catch(() => ({ position: null }));
      if (row() === id && view.info.value?.viewId === viewId) position.value = found.position;
    },
    { immediate: true },
  );

  async function findNeighbour(step: number): Promise<number | undefined> {
    const source = view.source.value;
    if (!source || position.value === null) return undefined;
    const target = position.value + step;
    if (target < 0 || target >= source.count) return undefined;
    const rows = await source.page(target, 1, new AbortController().signal);
    return rows[0]?.id;
  }

  return { position, findNeighbour };
}
