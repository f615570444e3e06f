import { describe, expect, it } from 'vitest';
import type { RangeSet } from '../../../renderer/grid/ranges.ts';
import {
  addRange,
  countPositions,
  hasPosition,
  removeRange,
  togglePosition,
} from '../../../renderer/grid/ranges.ts';
import { integerBetween, seeded } from '../../support/seeded.ts';

const seed = 7;
const size = 60;

describe(`selection ranges (seed ${seed})`, () => {
  it('holds the same positions as a plain set after any mix of additions, removals and toggles', () => {
    const random = seeded(seed);
    for (let round = 0; round < 200; round += 1) {
      let set: RangeSet = [];
      const plain = new Set<number>();
      for (let step = 0; step < 30; step += 1) {
        const start = integerBetween(random, 0, size - 1);
        const end = integerBetween(random, start, Math.min(size - 1, start + 12));
        const kind = integerBetween(random, 0, 2);
        if (kind === 2) {
          set = togglePosition(set, start);
          if (!plain.delete(start)) plain.add(start);
        } else {
          set = kind === 0 ? addRange(set, { start, end }) : removeRange(set, { start, end });
          for (let p = start; p <= end; p += 1) {
            if (kind === 0) plain.add(p);
            else plain.delete(p);
          }
        }
        const held = Array.from({ length: size }, (_, p) => p).filter((p) => hasPosition(set, p));
        expect(held).toEqual([...plain].sort((a, b) => a - b));
        expect(countPositions(set)).toBe(plain.size);
        set.slice(1).forEach((r, i) => expect(r.start).toBeGreaterThan((set[i]?.end ?? 0) + 1));
      }
    }
  });
});
