import { describe, expect, it } from 'vitest';
import { controlForLength, makeLengthModel } from '../../../electron/core/constitution/length-control.ts';
import { countStrength, simulatePairs, type SimulatedPairs } from './simulated-votes.ts';

async function control(pairs: SimulatedPairs, trait = 0) {
  const votes = pairs.votes[trait] ?? new Int8Array(0);
  return controlForLength(votes, await makeLengthModel(pairs));
}

const noisySign = (difference: number, normal: () => number) => Math.sign(difference + 60 * normal());
const independent = (_: number, normal: () => number) => {
  const draw = normal();
  return Math.abs(draw) < 0.5 ? 0 : Math.sign(draw);
};

describe('length-controlled strength', () => {
  it('is 0 for a trait that only stands in for length (would catch a control that leaves length in)', async () => {
    const pairs = simulatePairs(
      { rows: 8000, seed: 3 },
      (difference, normal) => [noisySign(difference, normal)],
      (_, difference) => 1.5 * Math.tanh(difference / 250),
    );
    expect(countStrength(pairs.votes[0] ?? new Int8Array(0))).toBeGreaterThan(0.25);
    const controlled = await control(pairs);
    expect(controlled?.lower).toBeLessThan(0);
    expect(controlled?.upper).toBeGreaterThan(0);
    expect(Math.abs(controlled?.value ?? 1)).toBeLessThan(0.05);
  });

  it('equals the raw strength where votes and length are independent, although length matters (would catch prediction at one length instead of the mean)', async () => {
    const pairs = simulatePairs(
      { rows: 20_000, seed: 4 },
      (difference, normal) => [independent(difference, normal)],
      ([vote = 0], difference) => 1.2 * vote + 3 * Math.tanh(difference / 250),
    );
    const controlled = await control(pairs);
    expect(controlled?.value).toBeCloseTo(countStrength(pairs.votes[0] ?? new Int8Array(0)), 1.8);
    expect(controlled?.lower).toBeGreaterThan(0.1);
  });

  it('equals the raw strength where length plays no part', async () => {
    const pairs = simulatePairs(
      { rows: 20_000, seed: 5 },
      (difference, normal) => [independent(difference, normal)],
      ([vote = 0]) => 0.8 * vote,
    );
    const controlled = await control(pairs);
    // tanh(0.8 / 2) of the pairs with a vote, P(|N(0,1)| > 0.5) = 0.617: 0.2345.
    expect(controlled?.value).toBeCloseTo(0.2345, 1.8);
    expect(controlled?.value).toBeCloseTo(countStrength(pairs.votes[0] ?? new Int8Array(0)), 2);
  });

  it('has no value for length itself, which no pair tells apart from length', async () => {
    const pairs = simulatePairs(
      { rows: 2000, seed: 6 },
      (difference) => [Math.sign(difference)],
      (_, difference) => difference / 200,
    );
    expect(await control(pairs)).toBeUndefined();
  });

  it('covers the truth about as often as it says (would catch a standard error without its gradient or its clusters)', async () => {
    let covered = 0;
    for (let seed = 0; seed < 60; seed++) {
      const pairs = simulatePairs(
        { rows: 800, seed: 100 + seed },
        (difference, normal) => [noisySign(difference, normal)],
        (_, difference) => 1.5 * Math.tanh(difference / 250),
      );
      const controlled = await control(pairs);
      if (controlled && controlled.lower <= 0 && controlled.upper >= 0) covered += 1;
    }
    // 95 % of 60 is 57; fewer than 51 has a probability of about 0.001.
    expect(covered).toBeGreaterThanOrEqual(51);
  });
});
