import { describe, expect, it } from 'vitest';
import type { Clause } from '../../electron/contract/filter.contract.ts';
import { nextPace, remainingMilliseconds } from '../../renderer/app/eta.ts';
import type { Pace } from '../../renderer/app/eta.ts';
import { decodeViewQuery, emptyViewQuery, encodeViewQuery } from '../../renderer/app/view-query.ts';
import { selectedRange, setRange, toggleValue } from '../../renderer/features/corpus/clauses.ts';
import { parsePaths } from '../../renderer/features/import/import-draft.ts';
import { splitDuration } from '../../renderer/features/jobs/duration.ts';

describe('view in the address', () => {
  const clauses: Clause[] = [
    { op: 'in', field: 'model_a', values: ['a & b', null, 3] },
    { op: 'range', field: 'chars_a', min: null, max: 10.5, closed: true },
    { op: 'contains', field: 'prompt', text: 'ü?&=#"', ignoreCase: true },
  ];

  it('comes back from the address as it went in, with signs that mean something in addresses', () => {
    const view = {
      ...emptyViewQuery,
      clauses,
      words: 'sour dough',
      sort: [{ field: 'chars_a', direction: 'desc' as const }],
      row: 12,
    };
    const encoded = encodeViewQuery(view);
    const query = Object.fromEntries(Object.entries(encoded).map(([k, v]) => [k, String(v)]));
    expect(decodeViewQuery(query)).toEqual(view);
  });

  it('opens the page without a filter when somebody mangled the address, rather than failing', () => {
    expect(decodeViewQuery({ f: '[{"op":"in"', row: 'x' })).toEqual(emptyViewQuery);
    expect(decodeViewQuery({ f: '[{"op":"in","field":"a","values":[]},{"op":"drop"},7]' }).clauses).toEqual(
      [],
    );
  });
});

describe('clauses', () => {
  it('makes values of one field alternatives and drops the clause with its last value', () => {
    const one = toggleValue([], 'label', 'a');
    const two = toggleValue(one, 'label', null);
    expect(two).toEqual([{ op: 'in', field: 'label', values: ['a', null] }]);
    expect(toggleValue(toggleValue(two, 'label', 'a'), 'label', null)).toEqual([]);
  });

  it('replaces the range of a field instead of adding a second one that matches nothing', () => {
    const first = setRange([], 'n', { min: 0, max: 5, isClosed: false });
    const second = setRange(first, 'n', { min: 10, max: Infinity, isClosed: false });
    expect(second).toEqual([{ op: 'range', field: 'n', min: 10, max: null, closed: false }]);
    expect(selectedRange(second, 'n')).toEqual({ min: 10, max: Infinity, isClosed: false });
    expect(setRange(second, 'n', null)).toEqual([]);
  });
});

describe('remaining time', () => {
  it('is not shown before twenty items and follows the item time after that', () => {
    let pace: Pace | undefined;
    for (let done = 0; done <= 19; done += 1) pace = nextPace(pace, done, done * 100);
    expect(remainingMilliseconds(pace, 120)).toBeNull();
    pace = nextPace(pace, 20, 2_000);
    // 100 items left at 100 ms each.
    expect(remainingMilliseconds(pace, 120)).toBeCloseTo(10_000, 6);
  });

  it('starts over when a new phase counts from zero again', () => {
    let pace = nextPace(undefined, 0, 0);
    pace = nextPace(pace, 50, 5_000);
    expect(remainingMilliseconds(nextPace(pace, 3, 5_100), 100)).toBeNull();
  });

  it('names durations by their two largest units, carrying seconds over', () => {
    expect(splitDuration(59_600)).toEqual({ unit: 'minutes', big: 1, small: '00' });
    expect(splitDuration(3_661_000)).toEqual({ unit: 'hours', big: 1, small: '01' });
    expect(splitDuration(1_449)).toEqual({ unit: 'seconds', big: 1.4, small: '' });
  });
});

describe('pasted paths', () => {
  it('takes what file managers put on the clipboard: quotes, file addresses, Windows line ends, doubles', () => {
    const text = '"/data/my pairs.jsonl"\r\nfile:///data/a%20b.csv\n\n/data/x.parquet\n/data/x.parquet';
    expect(parsePaths(text)).toEqual(['/data/my pairs.jsonl', '/data/a b.csv', '/data/x.parquet']);
  });
});
