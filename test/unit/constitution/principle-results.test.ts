import { describe, expect, it } from 'vitest';
import {
  describePrinciple,
  estimateStrength,
  rankPrinciples,
} from '../../../electron/core/constitution/principle-results.ts';
import {
  findSurfacePrinciple,
  type SurfacePrinciple,
  surfacePrinciples,
  traitOfPrincipleId,
} from '../../../electron/core/constitution/surface-principles.ts';
import type { VoteSums } from '../../../electron/core/constitution/vote-table.ts';

function requirePrinciple(id: string): SurfacePrinciple {
  const principle = findSurfacePrinciple(id);
  if (!principle) throw new Error(`no principle ${id}`);
  return principle;
}

/** Sums of one pair per prompt: s_g ∈ {1, 0, −1}, n_g = 1. */
function singles(counts: {
  for: number;
  against: number;
  silent: number;
  forA?: number;
  againstA?: number;
}): VoteSums {
  const votes = counts.for + counts.against;
  const n = votes + counts.silent;
  return {
    n,
    clusters: n,
    largestCluster: 1,
    for: counts.for,
    against: counts.against,
    nn: n,
    ss: votes,
    sn: counts.for - counts.against,
    mm: votes,
    mn: votes,
    forA: counts.forA ?? 0,
    againstA: counts.againstA ?? 0,
  };
}

const nothing = singles({ for: 0, against: 0, silent: 0 });

describe('figures of a principle', () => {
  // 30 for, 10 against, 60 silent: agreement .30, relevance .40, accuracy .75, adjusted kappa .50, strength .20.
  // Votes and labels of the 40: a/a 18, a/b 4, b/a 6, b/b 12 → po .75, pe (22·24 + 18·16)/1600 = .51, kappa .24/.49.
  const sums = singles({ for: 30, against: 10, silent: 60, forA: 18, againstA: 6 });
  const result = describePrinciple(
    requirePrinciple('char_count'),
    { all: sums, test: nothing, controlled: { value: 0.1, lower: 0.05, upper: 0.18 } },
    true,
  );

  it('follow the formulas of the specification (hand calculation)', () => {
    expect(result).toMatchObject({ for: 30, against: 10, not_applicable: 60, n: 100, status: 'ok' });
    expect(result.agreement).toBeCloseTo(0.3, 12);
    expect(result.relevance).toBeCloseTo(0.4, 12);
    expect(result.accuracy).toBeCloseTo(0.75, 12);
    expect(result.kappa_adjusted).toBeCloseTo(0.5, 12);
    expect(result.strength).toBeCloseTo(0.2, 12);
    expect(result.kappa_cohen).toBeCloseTo(0.24 / 0.49, 12);
    expect(result.strength_test).toBeNull();
  });

  it('have an interval from the spread between prompts (would catch a division by n twice)', () => {
    // Var = n/(n−1)·Σ(s − .2)²/n² = (40 − 4)/(99·100); t(99) = 1.98422.
    const half = 1.98422 * Math.sqrt(36 / 9900);
    expect(result.strength_ci?.[0]).toBeCloseTo(0.2 - half, 5);
    expect(result.strength_ci?.[1]).toBeCloseTo(0.2 + half, 5);
  });

  it('mirror for the opposite principle, interval ends exchanged', () => {
    const opposite = describePrinciple(
      requirePrinciple('char_count.smaller'),
      { all: sums, test: nothing, controlled: { value: 0.1, lower: 0.05, upper: 0.18 } },
      true,
    );
    expect(opposite).toMatchObject({ for: 10, against: 30, not_applicable: 60 });
    expect(opposite.strength).toBeCloseTo(-0.2, 12);
    expect(opposite.strength_ci?.[0]).toBeCloseTo(-(result.strength_ci?.[1] ?? 0), 12);
    expect(opposite.strength_length_controlled_ci).toEqual([-0.18, -0.05]);
    expect(opposite.p).toBe(result.p);
    // Table with a and b of the vote exchanged: po .25, pe (18·24 + 22·16)/1600 = .49.
    expect(opposite.kappa_cohen).toBeCloseTo((0.25 - 0.49) / 0.51, 12);
  });

  it('have no Cohen kappa where the source has no sides, and no accuracy without votes', () => {
    const silent = describePrinciple(
      requirePrinciple('char_count'),
      { all: singles({ for: 0, against: 0, silent: 9 }), test: nothing, controlled: undefined },
      false,
    );
    expect(silent).toMatchObject({ accuracy: null, kappa_adjusted: null, kappa_cohen: null, p: null });
    expect(silent).toMatchObject({ strength: 0, status: 'undefined' });
  });

  it('test one pair per prompt exactly (specification: 8 of 10 gives p 0.1094)', () => {
    expect(estimateStrength(singles({ for: 8, against: 2, silent: 40 })).p).toBeCloseTo(0.1094, 4);
  });

  it('do not take pairs of one prompt for independent (would catch the exact test over pairs)', () => {
    // 10 prompts of 10 pairs; in 7 all pairs for, in 3 all against: over pairs p = 8e-5, over prompts far above .05.
    const clustered: VoteSums = {
      ...singles({ for: 70, against: 30, silent: 0 }),
      clusters: 10,
      largestCluster: 10,
      nn: 1000,
      ss: 1000,
      sn: 400,
      mm: 1000,
      mn: 1000,
    };
    const { value, p } = estimateStrength(clustered);
    expect(value).toBeCloseTo(0.4, 12);
    // SE = sqrt(10/9 · Σ(s − .4·10)²)/100 = sqrt(10/9 · (7·36 + 3·196))/100 = .30551; t(9) = 1.3093, p = .2229.
    expect(p).toBeCloseTo(0.2229, 3);
  });

  it('have a bounded interval where every vote agrees', () => {
    // Wilson 12 of 12: lower end 12 / (12 + 3.8415) = .7575, as a strength 2·.7575 − 1.
    const { ci } = estimateStrength(singles({ for: 12, against: 0, silent: 0 }));
    expect(ci?.[0]).toBeCloseTo(2 * 0.7575 - 1, 3);
    expect(ci?.[1]).toBe(1);
  });
});

describe('rankPrinciples', () => {
  it('adjusts p over traits, so that an opposite is not a second test (would catch doubling of m)', () => {
    const evidence = (counts: { for: number; against: number; silent: number }) => ({
      all: singles(counts),
      test: nothing,
      controlled: undefined,
    });
    const results = [
      describePrinciple(requirePrinciple('char_count'), evidence({ for: 8, against: 2, silent: 0 }), true),
      describePrinciple(
        requirePrinciple('char_count.smaller'),
        evidence({ for: 8, against: 2, silent: 0 }),
        true,
      ),
      describePrinciple(requirePrinciple('word_count'), evidence({ for: 12, against: 3, silent: 0 }), true),
    ];
    const ranked = rankPrinciples(results, traitOfPrincipleId);
    // Two tests: p .1094 and .0352 → .1094 and .0703 (specification: 8 of 10 and 12 of 15).
    const adjusted = Object.fromEntries(ranked.map((result) => [result.id, result.p_adjusted]));
    expect(adjusted.word_count).toBeCloseTo(2 * 0.0352, 3);
    expect(adjusted.char_count).toBeCloseTo(0.1094, 3);
    expect(adjusted['char_count.smaller']).toBe(adjusted.char_count);
    expect(ranked[0]?.strength).toBeGreaterThanOrEqual(ranked[1]?.strength ?? 1);
  });

  it('has distinct ids and texts for all principles', () => {
    expect(new Set(surfacePrinciples.map(({ id }) => id)).size).toBe(surfacePrinciples.length);
    expect(new Set(surfacePrinciples.map(({ text }) => text)).size).toBe(surfacePrinciples.length);
  });
});
