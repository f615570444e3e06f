import { describe, expect, it } from 'vitest';
import { combineOrders, logit, type OrderReading } from '../../../electron/core/judging/pair-record.ts';

const average = { policy: 'average', tieEpsilon: 0.05 } as const;
const readings: OrderReading[] = [
  { first: 'a', pFirst: 0.8 },
  { first: 'b', pFirst: 0.6 },
];

describe('both orders as one judgement (judging spec 0.3)', () => {
  it('averages the probability of a and keeps the lean to the first slot apart', () => {
    const combined = combineOrders(readings, average);
    expect(combined.pA).toBeCloseTo(0.6, 12);
    expect(combined.positionBias).toBeCloseTo(0.2, 12);
    expect(combined).toMatchObject({ label: 'a', isOrderConsistent: false, calls: 2, invalidCalls: 0 });
    expect(combined.strength).toBeCloseTo(0.2, 12);
    expect(combined.margin).toBeCloseTo(Math.log(0.6 / 0.4), 12);
  });

  it('makes a tie of orders that disagree under consistent_only', () => {
    expect(combineOrders(readings, { ...average, policy: 'consistent_only' }).label).toBe('tie');
  });

  it('answers 1 - p_a when a and b are swapped', () => {
    const swapped = readings.map(
      (reading) => ({ ...reading, first: reading.first === 'a' ? 'b' : 'a' }) as const,
    );
    expect(combineOrders(swapped, average).pA).toBeCloseTo(0.4, 12);
    expect(combineOrders(swapped, average).label).toBe('b');
  });

  it('calls less than tie_eps from one half a tie, and exactly tie_eps not', () => {
    const at = (p: number) =>
      combineOrders([{ first: 'a', pFirst: p }], { policy: 'random_single', tieEpsilon: 0.25 });
    expect(at(0.7499).label).toBe('tie');
    expect(at(0.75).label).toBe('a');
  });

  it('never reads a failed call as a tie', () => {
    const none = combineOrders(
      [
        { first: 'a', pFirst: null },
        { first: 'b', pFirst: null },
      ],
      average,
    );
    expect(none).toMatchObject({ label: 'invalid', pA: null, strength: null, margin: null, invalidCalls: 2 });
    const one = combineOrders(
      [
        { first: 'a', pFirst: 0.9 },
        { first: 'b', pFirst: null },
      ],
      average,
    );
    expect(one).toMatchObject({
      label: 'a',
      pA: 0.9,
      isOrderConsistent: null,
      positionBias: null,
      invalidCalls: 1,
    });
  });

  it('keeps a logit finite at the ends', () => {
    expect(Number.isFinite(logit(0))).toBe(true);
    expect(logit(1)).toBeGreaterThan(10);
    expect(logit(0.8)).toBeCloseTo(1.386, 3);
  });
});
