/** A column as the person arranged it: visible columns in order, width in CSS pixels. */
export interface ColumnLayout {
  readonly id: string;
  readonly width: number;
}

export const minColumnWidth = 48;
export const maxColumnWidth = 1200;
export const columnStep = 16;

export function clampWidth(width: number): number {
  return Math.round(Math.min(maxColumnWidth, Math.max(minColumnWidth, width)));
}

export function resizeColumn(layout: readonly ColumnLayout[], id: string, width: number): ColumnLayout[] {
  return layout.map((c) => (c.id === id ? { ...c, width: clampWidth(width) } : c));
}

/**
 * Narrows the columns that `canNarrow` names, all alike, until the layout is `room` pixels wide or each is `narrowest`.
 * Columns are never widened, and a layout that fits stays as it is.
 */
export function fitColumns(
  layout: readonly ColumnLayout[],
  room: number,
  { canNarrow, narrowest }: { readonly canNarrow: (id: string) => boolean; readonly narrowest: number },
): ColumnLayout[] {
  const total = (columns: readonly ColumnLayout[]) => columns.reduce((sum, column) => sum + column.width, 0);
  const excess = total(layout) - room;
  const flexible = layout.filter((column) => canNarrow(column.id) && column.width > narrowest);
  if (excess <= 0 || flexible.length === 0) return [...layout];
  const spare = total(flexible) - flexible.length * narrowest;
  const share = Math.min(1, excess / spare);
  return layout.map((column) =>
    flexible.includes(column)
      ? { ...column, width: Math.floor(column.width - (column.width - narrowest) * share) }
      : column,
  );
}

/** Moves a column so that it ends at index `to` of the new order; out-of-range targets are clamped. */
export function moveColumn(layout: readonly ColumnLayout[], id: string, to: number): ColumnLayout[] {
  const column = layout.find((c) => c.id === id);
  if (!column) return [...layout];
  const rest = layout.filter((c) => c.id !== id);
  const index = Math.min(Math.max(0, to), rest.length);
  return [...rest.slice(0, index), column, ...rest.slice(index)];
}

/** Shows a hidden column at the end, or hides a visible one; the last visible column stays. */
export function toggleColumn(layout: readonly ColumnLayout[], column: ColumnLayout): ColumnLayout[] {
  if (!layout.some((c) => c.id === column.id)) return [...layout, column];
  return layout.length > 1 ? layout.filter((c) => c.id !== column.id) : [...layout];
}
