import { describe, expect, it } from 'vitest';
import { evaluateExecutors } from '../../../electron/core/constitution/executors.ts';

const int8 = (...values: number[]) => Int8Array.from(values);
const float = (...values: number[]) => Float64Array.from(values);

describe('evaluateExecutors', () => {
  const figures = evaluateExecutors({
    // Seen from the chosen side. Majority: +, −, 0 (draw), +, silent. Weighted (2, 1, 1): +, −, +, +, silent.
    votes: [int8(1, -1, 1, 0, 0), int8(1, 1, -1, 1, 0), int8(0, -1, 0, 0, 0)],
    charsChosen: float(20, 10, 5, 7, 9),
    charsRejected: float(10, 20, 5, 8, 3),
    cluster: [0, 1, 2, 3, 4],
    selected: [
      { trait: 0, direction: 1, weight: 2 },
      { trait: 1, direction: 1, weight: 1 },
      { trait: 2, direction: 1, weight: 1 },
    ],
  });

  it('counts a draw and silence as one half (hand calculation)', () => {
    expect(figures.majority.value).toBeCloseTo((1 + 0 + 0.5 + 1 + 0.5) / 5, 12);
    expect(figures.weighted.value).toBeCloseTo((1 + 0 + 1 + 1 + 0.5) / 5, 12);
    expect(figures.longer.value).toBeCloseTo((1 + 0 + 0.5 + 0 + 1) / 5, 12);
    expect(figures.gainOverLonger.value).toBeCloseTo(1 / 5, 12);
  });

  it('counts agreement over the pairs where an executor gives a side, and silence over all', () => {
    expect(figures.agreement).toMatchObject({ n: 4 });
    expect(figures.agreement.value).toBeCloseTo(3 / 4, 12);
    expect(figures.silent.value).toBeCloseTo(1 / 5, 12);
  });

  it('takes a principle in its direction', () => {
    const turned = evaluateExecutors({
      votes: [int8(-1, -1, 1)],
      charsChosen: float(1, 1, 1),
      charsRejected: float(2, 2, 2),
      cluster: [0, 1, 2],
      selected: [{ trait: 0, direction: -1, weight: 0.3 }],
    });
    expect(turned.weighted.value).toBeCloseTo(2 / 3, 12);
    expect(turned.longer).toMatchObject({ value: 0 });
    // Wilson 0 of 3, as all prompts score alike: [0, 3.8415 / (3 + 3.8415)].
    expect(turned.longer.ci?.[1]).toBeCloseTo(0.5615, 3);
  });

  it('widens the interval where the pairs share prompts (would catch an interval over pairs)', () => {
    const rows = 200;
    const votes = Int8Array.from({ length: rows }, (_, row) => (Math.floor(row / 20) % 2 === 0 ? 1 : -1));
    const input = {
      votes: [votes],
      charsChosen: new Float64Array(rows),
      charsRejected: new Float64Array(rows),
      selected: [{ trait: 0, direction: 1 as const, weight: 1 }],
    };
    const width = (cluster: number[]) => {
      const { ci } = evaluateExecutors({ ...input, cluster }).weighted;
      return (ci?.[1] ?? 0) - (ci?.[0] ?? 0);
    };
    const alone = width(Array.from({ length: rows }, (_, row) => row));
    const together = width(Array.from({ length: rows }, (_, row) => Math.floor(row / 20)));
    expect(together).toBeGreaterThan(4 * alone);
  });

  it('has no figures without pairs', () => {
    const empty = evaluateExecutors({
      votes: [int8()],
      charsChosen: float(),
      charsRejected: float(),
      cluster: [],
      selected: [],
    });
    expect(empty.weighted).toEqual({ value: null, ci: null, n: 0 });
    expect(empty.gainOverLonger).toEqual({ value: null, ci: null, n: 0 });
  });
});
