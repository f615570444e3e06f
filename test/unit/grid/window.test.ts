import { describe, expect, it } from 'vitest';
import type { Geometry } from '../../../renderer/grid/window.ts';
import {
  clampTop,
  contentHeight,
  isScaled,
  maxContentPx,
  maxTop,
  planPages,
  rowsInView,
  scrollOfTop,
  topOfScroll,
  topToReveal,
} from '../../../renderer/grid/window.ts';
import { integerBetween, seeded } from '../../support/seeded.ts';

const seed = 20_261_123;
const runs = 2_000;

function randomGeometry(random: () => number): Geometry {
  const count = Math.floor(10 ** (random() * 8));
  return { count, rowHeight: 28, viewport: integerBetween(random, 56, 1600) };
}

describe(`window arithmetic (seed ${seed})`, () => {
  it('never lays out an element taller than Chromium allows at any device scale up to 4', () => {
    // 33,554,428 device pixels is Chromium's limit (measured, see the architecture notes); 4 is the largest usual scale.
    const tallest = contentHeight({ count: 100_000_000, rowHeight: 28, viewport: 800 });
    expect(tallest).toBe(maxContentPx);
    expect(tallest * 4).toBeLessThan(33_554_428);
  });

  it('maps both ends of the scrollbar to both ends of the list, so that no row is out of reach', () => {
    const random = seeded(seed);
    for (let i = 0; i < runs; i += 1) {
      const g = randomGeometry(random);
      const lastScroll = Math.max(0, contentHeight(g) - g.viewport);
      expect(topOfScroll(g, 0)).toBe(0);
      expect(topOfScroll(g, lastScroll)).toBeCloseTo(maxTop(g), 3);
      expect(rowsInView(g, maxTop(g)).end).toBe(g.count);
    }
  });

  it('keeps a position through the scrollbar and back to within one row, however long the list', () => {
    const random = seeded(seed);
    for (let i = 0; i < runs; i += 1) {
      const g = randomGeometry(random);
      const top = random() * maxTop(g);
      expect(Math.abs(topOfScroll(g, scrollOfTop(g, top)) - top)).toBeLessThan(1e-3);
    }
  });

  it('moves by exactly one row at row 9,000,000 of 10,000,000, where one scrollbar pixel spans 35 rows', () => {
    const g: Geometry = { count: 10_000_000, rowHeight: 28, viewport: 700 };
    expect(isScaled(g)).toBe(true);
    const top = 9_000_000 * 28 + 13;
    const next = clampTop(g, top + 28);
    expect(next - top).toBe(28);
    expect(rowsInView(g, next).first).toBe(9_000_001);
  });

  it('shows every row that touches the viewport and no row that is outside', () => {
    const random = seeded(seed);
    for (let i = 0; i < runs; i += 1) {
      const g = randomGeometry(random);
      const top = clampTop(g, random() * maxTop(g));
      const { first, end } = rowsInView(g, top);
      expect(first * g.rowHeight).toBeLessThanOrEqual(top);
      expect((first + 1) * g.rowHeight).toBeGreaterThan(top);
      if (end < g.count) expect(end * g.rowHeight).toBeGreaterThanOrEqual(top + g.viewport);
      expect((end - 1) * g.rowHeight).toBeLessThan(top + g.viewport);
    }
  });

  it('reveals a row fully and does not move when it is already visible', () => {
    const random = seeded(seed);
    for (let i = 0; i < runs; i += 1) {
      const g = randomGeometry(random);
      const top = clampTop(g, random() * maxTop(g));
      const row = integerBetween(random, 0, g.count - 1);
      const next = topToReveal(g, top, row);
      expect(next).toBeLessThanOrEqual(row * g.rowHeight);
      expect(next + g.viewport).toBeGreaterThanOrEqual((row + 1) * g.rowHeight);
      expect(topToReveal(g, next, row)).toBe(next);
    }
  });

  it('has no rows for an empty list or a viewport without height', () => {
    expect(rowsInView({ count: 0, rowHeight: 28, viewport: 700 }, 0, 3)).toEqual({ first: 0, end: 0 });
    expect(rowsInView({ count: 10, rowHeight: 28, viewport: 0 }, 0, 3)).toEqual({ first: 0, end: 0 });
  });
});

describe('page plan', () => {
  it('asks aligned pages: rows 250 to 260 lie on pages 0 and 1 of 256 rows', () => {
    expect(planPages({ first: 250, end: 261 }, 10_000, 1)).toEqual({ visible: [0, 1], ahead: 2 });
  });

  it('looks ahead in the direction of travel and never past the ends', () => {
    expect(planPages({ first: 600, end: 620 }, 10_000, -1)).toEqual({ visible: [2], ahead: 1 });
    expect(planPages({ first: 0, end: 20 }, 10_000, -1).ahead).toBeUndefined();
    expect(planPages({ first: 600, end: 620 }, 700, 1).ahead).toBeUndefined();
  });
});
