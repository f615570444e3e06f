import { describe, expect, it } from 'vitest';
import {
  consistence,
  countTriads,
  cyclicRatio,
  maximumCycles,
  simulateCycles,
} from '../../../electron/core/statistics/intransitivity.ts';

const cycle = { size: 3, sign: [0, 1, -1, -1, 0, 1, 1, -1, 0] };
const transitive = { size: 3, sign: [0, 1, 1, -1, 0, 1, -1, -1, 0] };
const pairsOf = (p: number[]) => ({ players: 3, left: [0, 1, 2], right: [1, 2, 0], p });

describe('intransitivity', () => {
  it('A≻B≻C≻A is one cycle of at most one, ζ = 0; a transitive order has ζ = 1 (audit specification D3)', () => {
    expect(countTriads(cycle)).toMatchObject({ complete: 1, cyclic: 1, skipped: 0, examples: [[0, 1, 2]] });
    expect(consistence([1, 1, 1])).toEqual({ cycles: 1, zeta: 0 });
    expect(countTriads(transitive).cyclic).toBe(0);
    expect(consistence([2, 1, 0])).toEqual({ cycles: 0, zeta: 1 });
  });

  it('has at most 1, 2, 5, 8 cycles among 3, 4, 5, 6 items (Kendall & Babington Smith’s table)', () => {
    expect([3, 4, 5, 6].map(maximumCycles)).toEqual([1, 2, 5, 8]);
  });

  it('counts the same cycles by triples as by wins, and skips triples with a tie', () => {
    const size = 6;
    const sign = new Int8Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) {
        const drawn = (i * 7 + j * 3) % 5 < 3 ? 1 : -1;
        sign[i * size + j] = drawn;
        sign[j * size + i] = -drawn;
      }
    }
    const wins = Array.from(
      { length: size },
      (_, i) =>
        Array.from({ length: size }, (__, j) => sign[i * size + j] ?? 0).filter((value) => value > 0).length,
    );
    expect(countTriads({ size, sign }).cyclic).toBe(consistence(wins).cycles);
    sign[1] = 0;
    sign[size] = 0;
    expect(countTriads({ size, sign }).skipped).toBe(size - 2);
  });

  it('random orientations of a triple are cyclic a quarter of the time', async () => {
    const counts = await simulateCycles([cycle], { seed: 1 });
    expect(counts.reduce((sum, count) => sum + count, 0) / counts.length).toBeGreaterThan(0.22);
    expect(counts.reduce((sum, count) => sum + count, 0) / counts.length).toBeLessThan(0.28);
  });
});

describe('cyclic ratio', () => {
  it('P = .8 round a 3-cycle is 1; utilities are 0 (judging specification 6.3)', () => {
    expect(cyclicRatio(pairsOf([0.8, 0.8, 0.8]))).toBeCloseTo(1, 9);
    const sigma = (x: number) => 1 / (1 + Math.exp(-x));
    expect(cyclicRatio(pairsOf([sigma(1), sigma(0.5), sigma(-1.5)]))).toBeCloseTo(0, 9);
  });

  it('an incomplete chain has no cycle to explain; ties alone have no ratio', () => {
    expect(cyclicRatio({ players: 3, left: [0, 1], right: [1, 2], p: [0.9, 0.7] })).toBeCloseTo(0, 9);
    expect(cyclicRatio(pairsOf([0.5, 0.5, 0.5]))).toBeNaN();
  });

  it('half a cycle on top of utilities gives the share of squared logits that is cyclic', () => {
    const sigma = (x: number) => 1 / (1 + Math.exp(-x));
    const [u, c] = [1, 0.5];
    const p = [sigma(u + c), sigma(0 + c), sigma(-u + c)];
    const total = (u + c) ** 2 + c ** 2 + (c - u) ** 2;
    expect(cyclicRatio(pairsOf(p))).toBeCloseTo((3 * c * c) / total, 9);
  });
});
