import { describe, expect, it } from 'vitest';
import { selectPrinciples, type SelectionInput } from '../../../electron/core/constitution/selection.ts';
import { simulatePairs } from './simulated-votes.ts';

const sign = (value: number) => Math.sign(value);

function makeInput(votes: readonly Int8Array[], options: Partial<SelectionInput> = {}): SelectionInput {
  const rows = votes[0]?.length ?? 0;
  return {
    votes,
    hasOpposite: votes.map(() => true),
    fold: Uint8Array.from({ length: rows }, (_, row) => row % 5),
    folds: 5,
    top: 7,
    ...options,
  };
}

describe('selectPrinciples', () => {
  it('finds the effects and their log-odds, and not their copy or the noise (would catch selection by strength alone)', async () => {
    const pairs = simulatePairs(
      { rows: 6000, seed: 11 },
      (_, normal) => {
        const strong = sign(normal());
        const copy = normal() > -1.3 ? strong : sign(normal());
        return [strong, copy, sign(normal()), sign(normal()), sign(normal())];
      },
      ([strong = 0, , weak = 0]) => 1 * strong - 0.4 * weak,
    );
    const { selected, isSupported } = await selectPrinciples(makeInput(pairs.votes));
    expect(isSupported).toBe(true);
    expect(selected.slice(0, 2).map(({ trait, direction }) => [trait, direction])).toEqual([
      [0, 1],
      [2, -1],
    ]);
    expect(selected[0]?.weight).toBeCloseTo(1, 0.8);
    expect(selected[1]?.weight).toBeCloseTo(0.4, 0.8);
    expect(selected.some(({ trait, weight }) => trait === 1 && weight > 0.2)).toBe(false);
  });

  it('never selects a direction that has no wording, nor a trait twice', async () => {
    const pairs = simulatePairs(
      { rows: 2000, seed: 12 },
      (_, normal) => [sign(normal()), sign(normal())],
      ([down = 0, up = 0]) => up - 2 * down,
    );
    const { selected } = await selectPrinciples(makeInput(pairs.votes, { hasOpposite: [false, false] }));
    expect(selected.map(({ trait }) => trait)).toEqual([1]);
    const both = await selectPrinciples(makeInput(pairs.votes));
    expect(new Set(both.selected.map(({ trait }) => trait)).size).toBe(both.selected.length);
    expect(both.selected[0]).toMatchObject({ trait: 0, direction: -1 });
  });

  it('admits that noise explains nothing (would catch cross-validation after selection on all rows)', async () => {
    let supported = 0;
    for (let seed = 0; seed < 10; seed++) {
      const pairs = simulatePairs(
        { rows: 600, seed: 40 + seed },
        (_, normal) => Array.from({ length: 40 }, () => sign(normal())),
        () => 0,
      );
      const selection = await selectPrinciples(makeInput(pairs.votes));
      if (selection.isSupported) supported += 1;
      else expect(selection.selected).toHaveLength(1);
    }
    expect(supported).toBeLessThanOrEqual(3);
  });

  it('stops at top', async () => {
    const pairs = simulatePairs(
      { rows: 3000, seed: 13 },
      (_, normal) => Array.from({ length: 6 }, () => sign(normal())),
      (votes) => votes.reduce((sum, vote) => sum + 0.6 * vote, 0),
    );
    const { selected } = await selectPrinciples(makeInput(pairs.votes, { top: 3 }));
    expect(selected).toHaveLength(3);
  });

  it('gives nothing where no principle speaks', async () => {
    const { selected, isSupported } = await selectPrinciples(makeInput([new Int8Array(50)]));
    expect(selected).toEqual([]);
    expect(isSupported).toBe(false);
  });

  it('stops when its signal aborts', async () => {
    const pairs = simulatePairs(
      { rows: 50_000, seed: 14 },
      (_, normal) => [sign(normal())],
      () => 0,
    );
    const controller = new AbortController();
    controller.abort(new Error('changed my mind'));
    const selecting = selectPrinciples(makeInput(pairs.votes), { signal: controller.signal });
    await expect(selecting).rejects.toThrow('changed my mind');
  });
});
