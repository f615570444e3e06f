import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../../electron/core/statistics/coverage.ts';

/** Cells that each hold one visit, of the cluster of the same number modulo `clusters`. */
const cells = (count: number, clusters: number) =>
  Array.from({ length: count }, (_, cell) =>
    Float64Array.from({ length: clusters }, (__, cluster) => (cluster === cell % clusters ? 1 : 0)),
  );

describe('state-action coverage with clusters resampled', () => {
  it('30 different cells of 120 → .25 (audit specification C3), inside its interval though rounds hold fewer cells', async () => {
    const [outcome] = await measureCoverage([cells(30, 30)], cells(120, 30), { seed: 1 });
    expect(outcome).toMatchObject({ status: 'ok', estimate: 0.25 });
    if (outcome?.status !== 'ok') return;
    expect(outcome.lower).toBeLessThanOrEqual(0.25);
    expect(outcome.upper).toBeGreaterThanOrEqual(0.25);
  });

  it('counts a cell that many clusters visit once, and no cell without a visit (would catch sums of visits)', async () => {
    const shared = Float64Array.of(3, 2, 5);
    const none = Float64Array.of(0, 0, 0);
    const [outcome] = await measureCoverage([[shared, none]], [shared, Float64Array.of(1, 0, 1), none], {
      seed: 1,
    });
    expect(outcome).toMatchObject({ estimate: 0.5 });
  });

  it('may exceed 1, and is not cut: 4 cells against 2', async () => {
    const [outcome] = await measureCoverage([cells(4, 4)], cells(2, 4).map(() => Float64Array.of(1, 1, 1, 1)), { seed: 1 }); // prettier-ignore
    expect(outcome).toMatchObject({ estimate: 2 });
  });

  it('is undefined without a cell in the reference, or with a single cluster', async () => {
    expect(await measureCoverage([cells(4, 4)], [], { seed: 1 })).toEqual([
      { status: 'undefined', reason: 'zero_denominator' },
    ]);
    expect(await measureCoverage([cells(1, 1)], cells(1, 1), { seed: 1 })).toEqual([
      { status: 'undefined', reason: 'too_few' },
    ]);
  });
});
