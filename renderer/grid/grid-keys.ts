/** Where the grid's focus is: row position and column index. */
export interface GridFocus {
  readonly row: number;
  readonly column: number;
}

export interface GridExtent {
  readonly rows: number;
  readonly columns: number;
  /** Rows a page key moves by. */
  readonly page: number;
}

export type GridAction =
  | { readonly kind: 'focus'; readonly focus: GridFocus; readonly isExtending: boolean }
  | { readonly kind: 'open' }
  | { readonly kind: 'toggle' }
  | { readonly kind: 'all' };

export interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** What a key does in the grid, after the ARIA grid pattern; undefined = the key is not the grid's. */
export function actionOfKey(press: KeyPress, focus: GridFocus, extent: GridExtent): GridAction | undefined {
  if (press.altKey || extent.rows === 0) return undefined;
  const isJump = press.ctrlKey || press.metaKey;
  if (press.key === 'Enter' && !isJump) return { kind: 'open' };
  if (press.key === ' ' && !isJump) return press.shiftKey ? undefined : { kind: 'toggle' };
  if (press.key.toLowerCase() === 'a' && isJump && !press.shiftKey) return { kind: 'all' };
  const target = focusTarget(press.key, isJump, focus, extent);
  if (!target) return undefined;
  return {
    kind: 'focus',
    focus: { row: clamp(target.row, extent.rows), column: clamp(target.column, extent.columns) },
    isExtending: press.shiftKey,
  };
}

function focusTarget(
  key: string,
  isJump: boolean,
  { row, column }: GridFocus,
  extent: GridExtent,
): GridFocus | undefined {
  const lastRow = extent.rows - 1;
  const lastColumn = extent.columns - 1;
  switch (key) {
    case 'ArrowDown':
      return { row: isJump ? lastRow : row + 1, column };
    case 'ArrowUp':
      return { row: isJump ? 0 : row - 1, column };
    case 'ArrowRight':
      return { row, column: isJump ? lastColumn : column + 1 };
    case 'ArrowLeft':
      return { row, column: isJump ? 0 : column - 1 };
    case 'PageDown':
      return { row: row + extent.page, column };
    case 'PageUp':
      return { row: row - extent.page, column };
    case 'Home':
      return isJump ? { row: 0, column: 0 } : { row, column: 0 };
    case 'End':
      return isJump ? { row: lastRow, column: lastColumn } : { row, column: lastColumn };
    default:
      return undefined;
  }
}

function clamp(value: number, size: number): number {
  return Math.min(Math.max(0, value), Math.max(0, size - 1));
}
