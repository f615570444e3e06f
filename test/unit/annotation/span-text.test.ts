import { describe, expect, it } from 'vitest';
import type { Span } from '../../../electron/contract/annotation.contract.ts';
import {
  cutAtSpans,
  rawOffset,
  toggleSpan,
  trimSpan,
} from '../../../renderer/features/annotate/span-text.ts';

const span = (start: number, end: number, side: 'a' | 'b' = 'a'): Span => ({ side, start, end, label: 'x' });

describe('a marked part', () => {
  it('of a text with CR LF has the offsets of the raw text; would catch marks that slip by one a line', () => {
    const raw = 'ab\r\ncd\ref';
    // shown as "ab\ncd\nef": a0 b1 \n2 c3 d4 \n5 e6 f7
    expect([0, 2, 3, 5, 6, 8].map((shown) => rawOffset(raw, shown))).toEqual([0, 2, 4, 6, 7, 9]);
    expect(raw.slice(rawOffset(raw, 3), rawOffset(raw, 5))).toBe('cd');
  });

  it('holds whole characters without white space at its ends, or is none', () => {
    expect(trimSpan(' a 🙂 ', span(0, 6))).toEqual(span(1, 5));
    expect(trimSpan('a🙂b', span(2, 2))).toEqual(span(1, 3));
    expect(trimSpan('a🙂b', span(0, 2))).toEqual(span(0, 3));
    expect(trimSpan('   ', span(0, 3))).toBeUndefined();
  });

  it('is put in by the order of the texts and taken out by the same again', () => {
    const first = toggleSpan(undefined, span(5, 6, 'b'));
    const second = toggleSpan(first, span(7, 9));
    const third = toggleSpan(second, span(1, 2));
    expect(third).toEqual({ kind: 'span', spans: [span(1, 2), span(7, 9), span(5, 6, 'b')] });
    expect(toggleSpan(third, span(7, 9))).toEqual({ kind: 'span', spans: [span(1, 2), span(5, 6, 'b')] });
  });

  it('cuts a text where marks begin and end, with overlaps told apart; would catch letters that are lost or shown twice', () => {
    const one = { start: 1, end: 4, label: 'x' };
    const two = { start: 3, end: 9, label: 'y', who: 'Ben' };
    const pieces = cutAtSpans('abcdef', [one, two]);
    expect(
      pieces.map(({ text, spans, begins }) => [text, spans.map((s) => s.label), begins.map((s) => s.label)]),
    ).toEqual([
      ['a', [], []],
      ['bc', ['x'], ['x']],
      ['d', ['x', 'y'], ['y']],
      ['ef', ['y'], []],
    ]);
  });
});
