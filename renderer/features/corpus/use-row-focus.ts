import { useDebounceFn } from '@vueuse/core';
import type { Ref } from 'vue';
import { shallowRef, watch } from 'vue';
import type { Client } from '../../../electron/contract/contract.ts';
import { useShellStore } from '../../app/shell-store.ts';
import type { RangeSet } from '../../grid/ranges.ts';
import type { GridHandle } from '../../grid/row-source.ts';
import { toFailure } from '../../rpc/failure.ts';
import type { BrowseQuery } from './use-browse-query.ts';
import { useOpenRow } from './use-open-row.ts';
import type { OpenView } from './use-view.ts';

/** Milliseconds the grid's focus rests on a row before the open pane follows it. */
const followDelay = 120;

export interface RowFocus {
  readonly selection: Ref<RangeSet>;
  /** True while the open row takes the whole page. */
  readonly isFull: Ref<boolean>;
  /** Position of the open row in the view, null where the view does not hold it. */
  readonly position: Readonly<Ref<number | null>>;
  /** Opens a row beside the grid, or closes it and gives the grid the focus back. */
  readonly openAt: (id: number | null) => void;
  /** Shows the focused row in the pane, where that is open; its id is asked for where the grid has not read it yet. */
  readonly follow: (position: number, id: number | undefined) => void;
  /** Opens the row that many rows further. */
  readonly step: (by: number) => Promise<void>;
}

/** Keeps the grid's focus, the open row and the view together: a new view keeps the row that was looked at in place. */
export function useRowFocus(
  client: Client,
  { browse, view }: { readonly browse: BrowseQuery; readonly view: OpenView },
  grid: () => GridHandle | null,
): RowFocus {
  const shell = useShellStore();
  const selection = shallowRef<RangeSet>([]);
  const isFull = shallowRef(false);
  const openRow = useOpenRow(client, () => browse.query.value.row, view);

  let shownViewId: string | undefined;
  watch(view.source, async () => {
    const info = view.info.value;
    const place = grid()?.place();
    if (!info || info.viewId === shownViewId) return;
    shownViewId = info.viewId;
    selection.value = [];
    if (place?.id === undefined) return;
    const found = await client.view
      .locate({ viewId: info.viewId, id: place.id })
      .catch(() => ({ position: null }));
    if (view.info.value?.viewId !== info.viewId) return;
    grid()?.focusPosition(found.position ?? 0, found.position === null ? undefined : place.offset);
  });

  function openAt(id: number | null): void {
    browse.change({ row: id });
    if (id === null) {
      isFull.value = false;
      grid()?.focus();
    }
  }

  function tell(error: unknown): undefined {
    shell.notify(toFailure(error).message);
  }

  const follow = useDebounceFn(async (position: number, known: number | undefined) => {
    if (browse.query.value.row === null) return;
    const id = known ?? (await openRow.findAt(position))?.id;
    if (id !== undefined && browse.query.value.row !== null) openAt(id);
  }, followDelay);

  async function step(by: number): Promise<void> {
    const next = await openRow.findNeighbour(by).catch(tell);
    if (next === undefined) return;
    browse.change({ row: next.id });
    grid()?.focusPosition(next.position);
  }

  return {
    selection,
    isFull,
    position: openRow.position,
    openAt,
    follow: (row, id) => void follow(row, id).catch(tell),
    step,
  };
}
