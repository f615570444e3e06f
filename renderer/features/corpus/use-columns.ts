import type { ComputedRef, Ref } from 'vue';
import { computed, shallowRef, watch } from 'vue';
import type { Field } from '../../../electron/contract/corpus.contract.ts';
import type { ColumnLayout } from '../../grid/columns.ts';
import { clampWidth, fitColumns } from '../../grid/columns.ts';
import type { GridColumn } from '../../grid/row-source.ts';

export interface BrowseColumns {
  readonly layout: Ref<readonly ColumnLayout[]>;
  readonly defaults: ComputedRef<readonly ColumnLayout[]>;
  readonly columns: ComputedRef<readonly GridColumn[]>;
}

/** Pixels the words of a label need, "Chosen, stored as A" the longest. */
const labelWidth = 148;

/** Pixels a text is left with where there is room, the least it is left with, and pixels that row numbers and scroll bar take. */
const comfortableText = 200;
const narrowestText = 144;
const besideColumns = 62;

/** Width of a column nobody has resized, in CSS pixels. */
export function defaultWidth(field: Pick<Field, 'id' | 'width'>): number {
  return clampWidth(field.id === 'label' ? Math.max(labelWidth, field.width) : field.width);
}

/** How narrow the first texts may become so that the column after them, the label of a pair, is seen whole. */
export function leastTextWidth(
  layout: readonly ColumnLayout[],
  texts: ReadonlySet<string>,
  room: number,
): number {
  const after = layout.findIndex((column) => !texts.has(column.id));
  if (after < 1 || room === Infinity) return comfortableText;
  const share = Math.floor((room - (layout[after]?.width ?? 0)) / after);
  return Math.min(comfortableText, Math.max(narrowestText, share));
}

/**
 * The arranged columns of a dataset, remembered in this browser. Until somebody arranges them, texts make room so that
 * the columns after them are seen. `room` is the grid's width in pixels, 0 while it is not known.
 */
export function useColumns(
  datasetId: () => number,
  fields: () => readonly Field[],
  room: () => number,
): BrowseColumns {
  const defaults = computed(() => {
    const shown = fields().filter((f) => f.isDefault);
    const texts = new Set(shown.filter((f) => f.kind === 'text').map((f) => f.id));
    const given = shown.map((f) => ({ id: f.id, width: defaultWidth(f) }));
    const space = room() === 0 ? Infinity : room() - besideColumns;
    return fitColumns(given, space, {
      canNarrow: (id) => texts.has(id),
      narrowest: leastTextWidth(given, texts, space),
    });
  });
  const layout = shallowRef<readonly ColumnLayout[]>([]);
  const key = () => `assay.columns.${datasetId()}`;

  watch(
    defaults,
    (given) => {
      const names = new Set(fields().map((f) => f.id));
      const stored = readLayout(key()).filter((c) => names.has(c.id));
      layout.value = stored.length > 0 ? stored : given;
    },
    { immediate: true },
  );
  watch(layout, (next) => {
    if (next.length > 0 && next !== defaults.value) localStorage.setItem(key(), JSON.stringify(next));
  });

  const columns = computed(() => {
    const byId = new Map(fields().map((f) => [f.id, f]));
    return layout.value.flatMap(({ id, width }) => {
      const field = byId.get(id);
      if (!field) return [];
      return [{ id, width, title: field.title, kind: field.kind, isSortable: field.isSortable }];
    });
  });
  return { layout, defaults, columns };
}

function readLayout(key: string): ColumnLayout[] {
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(parsed) ? parsed.filter(isLayout) : [];
  } catch {
    return [];
  }
}

function isLayout(value: unknown): value is ColumnLayout {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Record<string, unknown>;
  return typeof entry['id'] === 'string' && typeof entry['width'] === 'number';
}
