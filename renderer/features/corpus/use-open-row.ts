import type { Ref } from 'vue';
import { shallowRef, watch } from 'vue';
import type { Client } from '../../../electron/contract/contract.ts';
import type { ViewInfo } from '../../../electron/contract/corpus.contract.ts';
import type { RowSource } from '../../grid/row-source.ts';

export interface OpenRow {
  /** Position of the open row in the view, null where the view does not hold it. */
  readonly position: Readonly<Ref<number | null>>;
  /** The row `step` rows further, undefined at the ends; quick presses add up before the page followed. */
  findNeighbour(step: number): Promise<{ id: number; position: number } | undefined>;
  /** The row at a position of the view. */
  findAt(position: number): Promise<{ id: number; position: number } | undefined>;
}

/** Knows where the open row stands in the current view, for previous and next. */
export function useOpenRow(
  client: Client,
  row: () => number | null,
  view: { readonly info: Readonly<Ref<ViewInfo | null>>; readonly source: Readonly<Ref<RowSource | null>> },
): OpenRow {
  const position = shallowRef<number | null>(null);
  let target: number | null = null;

  watch(
    [row, () => view.info.value?.viewId],
    async ([id, viewId]) => {
      if (id === null || viewId === undefined) {
        position.value = null;
        return;
      }
      const found = await client.view.locate({ viewId, id }).catch(() => ({ position: null }));
      if (row() === id && view.info.value?.viewId === viewId) {
        position.value = found.position;
        target = null;
      }
    },
    { immediate: true },
  );

  async function findNeighbour(step: number): Promise<{ id: number; position: number } | undefined> {
    const source = view.source.value;
    const from = target ?? position.value;
    if (!source || from === null) return undefined;
    const next = from + step;
    if (next < 0 || next >= source.count) return undefined;
    target = next;
    try {
      return await findAt(next);
    } catch (error) {
      target = null;
      throw error;
    }
  }

  async function findAt(at: number): Promise<{ id: number; position: number } | undefined> {
    const [row] = (await view.source.value?.page(at, 1, new AbortController().signal)) ?? [];
    return row && { id: row.id, position: at };
  }

  return { position, findNeighbour, findAt };
}
