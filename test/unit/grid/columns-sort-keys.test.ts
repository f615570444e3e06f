import { describe, expect, it } from 'vitest';
import { fitColumns, moveColumn, resizeColumn, toggleColumn } from '../../../renderer/grid/columns.ts';
import { actionOfKey } from '../../../renderer/grid/grid-keys.ts';
import { cellText } from '../../../renderer/grid/cell-text.ts';
import type { GridSort } from '../../../renderer/grid/row-source.ts';
import { nextSort } from '../../../renderer/grid/sort.ts';

const layout = ['a', 'b', 'c'].map((id) => ({ id, width: 100 }));
const ids = (columns: readonly { id: string }[]) => columns.map((c) => c.id).join('');

describe('columns', () => {
  it('moves a column to the index it has afterwards, in both directions and past the ends', () => {
    expect(ids(moveColumn(layout, 'a', 1))).toBe('bac');
    expect(ids(moveColumn(layout, 'c', 0))).toBe('cab');
    expect(ids(moveColumn(layout, 'a', 99))).toBe('bca');
    expect(ids(moveColumn(layout, 'b', -5))).toBe('bac');
  });

  it('never hides the last column, which would leave a grid nobody can bring columns back into', () => {
    const one = toggleColumn(toggleColumn(layout, { id: 'a', width: 1 }), { id: 'b', width: 1 });
    expect(ids(toggleColumn(one, { id: 'c', width: 1 }))).toBe('c');
  });

  it('keeps a column wide enough to be dragged again', () => {
    expect(resizeColumn(layout, 'b', -300)[1]?.width).toBe(48);
  });

  it('narrows texts alike until a layout fits, never past their limit, and leaves the others alone', () => {
    const wide = [
      { id: 'text', width: 400 },
      { id: 'short', width: 300 },
      { id: 'label', width: 150 },
    ];
    const rule = { canNarrow: (id: string) => id !== 'label', narrowest: 200 };
    const widths = (room: number) => fitColumns(wide, room, rule).map((c) => c.width);
    expect(widths(900)).toEqual([400, 300, 150]);
    // 150 px too wide, 300 to spare: each gives half of what it has above 200
    expect(widths(700)).toEqual([300, 250, 150]);
    expect(widths(100)).toEqual([200, 200, 150]);
  });
});

describe('sort toggle', () => {
  it('goes ascending, descending, off, and with Shift leaves the other columns alone', () => {
    const first = nextSort([], 'a', false);
    expect(first).toEqual([{ field: 'a', direction: 'asc' }]);
    const second = nextSort(first, 'b', true);
    expect(second.map((s) => s.field)).toEqual(['a', 'b']);
    const third = nextSort(second, 'a', true);
    expect(third[0]).toEqual({ field: 'a', direction: 'desc' });
    expect(nextSort(third, 'a', true).map((s) => s.field)).toEqual(['b']);
    expect(nextSort(third, 'a', false)).toEqual([]);
  });

  it('never asks for more than the four fields the contract takes', () => {
    const sort = 'abcdef'.split('').reduce((all: GridSort[], field) => nextSort(all, field, true), []);
    expect(sort.map((s) => s.field).join('')).toBe('cdef');
  });
});

describe('grid keys', () => {
  const press = (key: string, more = {}) => ({
    key,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...more,
  });
  const extent = { rows: 1000, columns: 5, page: 20 };
  const at = (key: string, more = {}) => {
    const action = actionOfKey(press(key, more), { row: 500, column: 2 }, extent);
    return action?.kind === 'focus'
      ? [action.focus.row, action.focus.column, action.isExtending]
      : action?.kind;
  };

  it('follows the ARIA grid pattern: Home is the row start, Ctrl+Home the first cell of all', () => {
    expect(at('Home')).toEqual([500, 0, false]);
    expect(at('Home', { ctrlKey: true })).toEqual([0, 0, false]);
    expect(at('End', { ctrlKey: true })).toEqual([999, 4, false]);
    expect(at('PageDown')).toEqual([520, 2, false]);
    expect(at('ArrowDown', { shiftKey: true })).toEqual([501, 2, true]);
  });

  it('leaves keys alone that belong to the page, such as Alt+arrow, Ctrl+Enter and letters', () => {
    expect(at('ArrowLeft', { altKey: true })).toBeUndefined();
    expect(at('Enter', { ctrlKey: true })).toBeUndefined();
    expect(at('j')).toBeUndefined();
    expect(at('Enter')).toBe('open');
  });
});

describe('cell text', () => {
  it('draws one line: breaks become spaces, a preview says that there is more', () => {
    expect(cellText({ preview: 'one\n\ntwo', length: 200 }, 'text')).toBe('one two…');
    expect(cellText(1234567, 'number')).toBe('1,234,567');
    expect(cellText(null, 'text')).toBe('');
  });
});
