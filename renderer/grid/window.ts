/**
 * Window arithmetic of the grid. All heights and positions are CSS pixels. `top` is the position of the viewport
 * in the list as if it were laid out in full (row × rowHeight + offset within the row): a double holds it exactly
 * for any list we can meet, so it serves as anchor row and fractional offset in one number.
 */
export interface Geometry {
  readonly count: number;
  readonly rowHeight: number;
  readonly viewport: number;
}

/**
 * Tallest element the grid lays out. Chromium stops at 33,554,428 device pixels, so at a device scale of 4 the
 * limit is 8,388,607 CSS pixels; taller lists map scroll positions to rows.
 */
export const maxContentPx = 8_000_000;

export function listHeight(g: Geometry): number {
  return g.count * g.rowHeight;
}

/** Height of the scrolled element. */
export function contentHeight(g: Geometry): number {
  return Math.min(listHeight(g), maxContentPx);
}

/** True when one pixel of scrollbar travel stands for more than one pixel of the list. */
export function isScaled(g: Geometry): boolean {
  return listHeight(g) > maxContentPx;
}

export function maxTop(g: Geometry): number {
  return Math.max(0, listHeight(g) - g.viewport);
}

export function clampTop(g: Geometry, top: number): number {
  return Math.min(Math.max(0, top), maxTop(g));
}

/** Scroll position that shows `top`; both ends of the list meet both ends of the scrollbar. */
export function scrollOfTop(g: Geometry, top: number): number {
  const clamped = clampTop(g, top);
  if (!isScaled(g)) return clamped;
  return (clamped / maxTop(g)) * (contentHeight(g) - g.viewport);
}

/** Inverse of `scrollOfTop`. */
export function topOfScroll(g: Geometry, scroll: number): number {
  if (!isScaled(g)) return clampTop(g, scroll);
  return clampTop(g, (scroll / (contentHeight(g) - g.viewport)) * maxTop(g));
}

/** Rows that touch the viewport, `first` inclusive and `end` exclusive, widened by `overscan` on both sides. */
export function rowsInView(g: Geometry, top: number, overscan = 0): { first: number; end: number } {
  if (g.count === 0 || g.viewport <= 0) return { first: 0, end: 0 };
  const first = Math.floor(top / g.rowHeight) - overscan;
  const end = Math.ceil((top + g.viewport) / g.rowHeight) + overscan;
  return { first: Math.max(0, first), end: Math.min(g.count, Math.max(end, 0)) };
}

/** Rows a page key moves by: what is fully visible, less one row of context. */
export function rowsPerPage(g: Geometry): number {
  return Math.max(1, Math.floor(g.viewport / g.rowHeight) - 1);
}

/** The smallest move of `top` after which `row` is fully visible. */
export function topToReveal(g: Geometry, top: number, row: number): number {
  const start = row * g.rowHeight;
  const end = start + g.rowHeight;
  if (start < top) return clampTop(g, start);
  if (end > top + g.viewport) return clampTop(g, end - g.viewport);
  return clampTop(g, top);
}

export const pageSize = 256;

export function pageOfRow(row: number): number {
  return Math.floor(row / pageSize);
}

export interface PagePlan {
  /** Pages that hold rows to be drawn, to be asked first. */
  readonly visible: readonly number[];
  /** One page ahead in the direction of travel, to be asked when the visible ones are there. */
  readonly ahead: number | undefined;
}

/** Which pages rows `first`..`end` need; `direction` is the sign of the last move (0 counts as down). */
export function planPages(view: { first: number; end: number }, count: number, direction: number): PagePlan {
  if (view.end <= view.first) return { visible: [], ahead: undefined };
  const from = pageOfRow(view.first);
  const to = pageOfRow(view.end - 1);
  const visible = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const next = direction < 0 ? from - 1 : to + 1;
  const exists = next >= 0 && next * pageSize < count;
  return { visible, ahead: exists ? next : undefined };
}
