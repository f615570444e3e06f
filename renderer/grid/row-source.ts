/** A cell as the grid draws it; a cut text carries its full length in characters. */
export type GridValue = string | number | boolean | null | { preview: string; length: number } | string[];

export interface GridRow {
  readonly id: number;
  readonly cells: readonly GridValue[];
}

/**
 * An ordered list of rows the grid can ask windows of. A new object means new content: another order, another
 * filter or other columns. `page` may answer with fewer rows than asked only at the end of the list.
 */
export interface RowSource {
  readonly count: number;
  page(offset: number, limit: number, signal: AbortSignal): Promise<readonly GridRow[]>;
}

/** How a value is drawn; an `id` is a number without group separators. */
export type ColumnKind = 'text' | 'id' | 'category' | 'number' | 'boolean' | 'time' | 'tags';

/** A visible column; `width` in CSS pixels. Cells of a row come in the order of the columns. */
export interface GridColumn {
  readonly id: string;
  readonly title: string;
  readonly kind: ColumnKind;
  readonly width: number;
  readonly isSortable: boolean;
}

/** What a page may ask of a mounted grid. */
export interface GridHandle {
  /** The focused row, and how far it is below the top of the viewport in CSS pixels. */
  place(): { row: number; id: number | undefined; offset: number };
  /** Puts a row under the focus; with `offset` it is drawn that far below the top of the viewport. */
  focusPosition(position: number, offset?: number): void;
  /** Moves the keyboard focus into the grid. */
  focus(): void;
}

export interface GridSort {
  readonly field: string;
  readonly direction: 'asc' | 'desc';
}
