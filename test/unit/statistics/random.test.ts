import { describe, expect, it } from 'vitest';
import { createRandom, sampleIndices, shuffle } from '../../../electron/core/statistics/random.ts';

describe('createRandom', () => {
  it('repeats a stream for a seed and differs between neighbouring seeds', () => {
    const draw = (seed: number): number[] => {
      const random = createRandom(seed);
      return Array.from({ length: 8 }, () => random.nextUint32());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(new Set([...draw(1), ...draw(2), ...draw(0)]).size).toBe(24);
  });

  it('fillUint32 is the same stream as word by word, in any mixture', () => {
    const single = createRandom(7);
    const expected = Array.from({ length: 20 }, () => single.nextUint32());
    const mixed = createRandom(7);
    const words = new Uint32Array(9);
    const first = mixed.nextUint32();
    mixed.fillUint32(words);
    const rest = Array.from({ length: 10 }, () => mixed.nextUint32());
    expect([first, ...words, ...rest]).toEqual(expected);
  });

  it.each([41, 42])('next() is uniform: mean, variance and the share of set bits (seed %i)', (seed) => {
    const random = createRandom(seed);
    const n = 100_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const u = random.next();
      if (!(u >= 0 && u < 1)) throw new Error(`${u} is outside [0, 1)`);
      sum += u;
      squares += u * u;
    }
    expect(Math.abs(sum / n - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(squares / n - 1 / 3)).toBeLessThan(5 * Math.sqrt(4 / 45 / n));
    let bits = 0;
    for (let i = 0; i < n; i++) {
      for (let word = random.nextUint32(); word; word >>>= 1) bits += word & 1;
    }
    expect(Math.abs(bits / (32 * n) - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / (32 * n)));
  });

  it('nextBelow covers every value evenly: χ² of 7 cells (seed 43)', () => {
    const random = createRandom(43);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) {
      const value = random.nextBelow(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    const statistic = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(statistic).toBeLessThan(22.46); // χ² with 6 df, upper 0.1% point
    expect(() => random.nextBelow(0)).toThrow(RangeError);
  });

  it('nextNormal has mean 0, variance 1 and 5% beyond ±1.96 (seed 44)', () => {
    const random = createRandom(44);
    const values = Array.from({ length: 50_000 }, () => random.nextNormal());
    const n = values.length;
    expect(Math.abs(values.reduce((a, b) => a + b, 0) / n)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(values.reduce((a, b) => a + b * b, 0) / n - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(values.filter((z) => Math.abs(z) > 1.96).length / n).toBeCloseTo(0.05, 2);
  });
});

describe('shuffle and sampleIndices', () => {
  it('shuffle reaches all 6 orders of 3 items evenly (a biased swap loop does not; seed 45)', () => {
    const random = createRandom(45);
    const seen = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = shuffle(['a', 'b', 'c'], random).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    const statistic = [...seen.values()].reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    expect(statistic).toBeLessThan(20.52); // χ² with 5 df, upper 0.1% point
  });

  it('shuffle keeps the elements of a typed array', () => {
    const values = shuffle(
      Float64Array.from({ length: 100 }, (_, i) => i),
      createRandom(46),
    );
    expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect([...values]).not.toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('sampleIndices draws distinct indices in range, each equally often (seed 47)', () => {
    const random = createRandom(47);
    const hits = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const drawn = [...sampleIndices(10, 3, random)];
      expect(new Set(drawn).size).toBe(3);
      for (const index of drawn) hits[index] = (hits[index] ?? 0) + 1;
    }
    for (const count of hits) expect(Math.abs(count - 3000)).toBeLessThan(5 * Math.sqrt(3000 * 0.7));
    expect([...sampleIndices(4, 4, random)]).toEqual([0, 1, 2, 3]);
    expect(() => sampleIndices(3, 4, random)).toThrow(RangeError);
  });
});
