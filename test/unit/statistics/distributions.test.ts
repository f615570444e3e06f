import { describe, expect, it } from 'vitest';
import { chiSquaredP } from '../../../electron/core/statistics/chi-squared.ts';
import { incompleteBeta, logGamma } from '../../../electron/core/statistics/gamma.ts';
import {
  normalCdf,
  normalCritical,
  normalQuantile,
  normalTwoSidedP,
} from '../../../electron/core/statistics/normal.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import {
  studentCdf,
  studentCritical,
  studentQuantile,
  studentTwoSidedP,
} from '../../../electron/core/statistics/student.ts';

function expectRelative(actual: number, expected: number, tolerance = 1e-12): void {
  expect(Math.abs(actual / expected - 1)).toBeLessThan(tolerance);
}

// Reference values: SciPy 1.17 (norm.cdf, norm.ppf, t.cdf, t.ppf, chi2.sf, gammaln, betainc).
describe('normal distribution', () => {
  it.each([
    [-37, 5.7255712225239266e-300],
    [-8, 6.22096057427174e-16],
    [-1.959963984540054, 0.025],
    [-0.5, 0.3085375387259869],
    [1, 0.8413447460685429],
    [3, 0.9986501019683699],
  ])('cdf at %d matches SciPy, tails included (a cdf that underflows early would give p = 0)', (z, p) => {
    expectRelative(normalCdf(z), p);
  });

  it.each([
    [1e-300, -37.0470962993612],
    [1e-10, -6.361340902404056],
    [0.025, -1.9599639845400545],
    [0.3, -0.5244005127080409],
    [0.999, 3.090232306167813],
  ])('quantile at %d matches SciPy (an unpolished approximation errs in the fourth digit)', (p, z) => {
    expectRelative(normalQuantile(p), z);
  });

  it('has the textbook critical value 1.959964 and two-sided p 0.05 there', () => {
    expect(normalCritical(0.95)).toBeCloseTo(1.959964, 6);
    expect(normalTwoSidedP(-1.959963984540054)).toBeCloseTo(0.05, 12);
  });

  it.each([11, 12, 13])('cdf inverts quantile for random p (seed %i)', (seed) => {
    const random = createRandom(seed);
    for (let i = 0; i < 300; i++) {
      const p = random.next() ** 4;
      expectRelative(normalCdf(normalQuantile(p)), p, 1e-11);
    }
  });

  it('refuses a probability outside [0, 1]', () => {
    expect(() => normalQuantile(1.2)).toThrow(RangeError);
    expect(normalQuantile(0)).toBe(-Infinity);
  });
});

describe("Student's t distribution", () => {
  it.each([
    [-1, 1, 0.25],
    [-4.3, 2, 0.025028577058545796],
    [2.5, 7.5, 0.9805898708631873],
    [-0.01, 3, 0.496324555706426],
  ])('cdf at t = %d, df = %d matches SciPy', (t, df, p) => {
    expectRelative(studentCdf(t, df), p);
  });

  it('keeps its tail at 100,000 degrees of freedom, where ln Γ differences cancel', () => {
    expectRelative(studentCdf(-6, 100_000), 9.899647278008859e-10, 1e-9);
  });

  it.each([
    [0.975, 2, 4.302652729749462],
    [0.975, 10, 2.228138851986274],
    [0.9, 1.5, 2.1963984175655376],
  ])('quantile at p = %d, df = %d matches SciPy', (p, df, t) => {
    expectRelative(studentQuantile(p, df), t, 1e-11);
  });

  it('approaches the normal quantile for many degrees of freedom', () => {
    expectRelative(studentQuantile(0.995, 1_000_000), 2.5758342201053344, 1e-8);
  });

  it('two-sided p at the critical value is 1 − level', () => {
    expect(studentTwoSidedP(studentCritical(0.9, 4), 4)).toBeCloseTo(0.1, 12);
  });
});

describe('chi-squared, gamma and beta functions', () => {
  it('χ² = 10 with 1 df has p 0.0016 (audit specification G3, brackets 30 against 10)', () => {
    expect(chiSquaredP(10, 1)).toBeCloseTo(0.0016, 4);
  });

  it.each([
    [3.2, 4, 0.5249309467861041],
    [0.1, 2, 0.951229424500714],
    [500, 100, 1.720121005369523e-54],
  ])('p of χ² = %d with %d df matches SciPy', (x, df, p) => {
    expectRelative(chiSquaredP(x, df), p, 1e-11);
  });

  it.each([
    [0.1, 2.252712651734206],
    [0.5, 0.5723649429247],
    [3.7, 1.428072326665388],
    [10, 12.801827480081469],
    [1e5, 1051287.7089736569],
  ])('ln Γ(%d) matches SciPy on both sides of the series threshold', (x, value) => {
    expectRelative(logGamma(x), value);
  });

  it.each([
    [0.3, 0.5, 0.5, 0.36901011956554536],
    [0.9, 2, 3, 0.9963],
    [0.4, 500, 700, 0.1205162890894316],
    [0.499, 1e5, 1e5, 0.18554674455755774],
  ])('I_%d(%d, %d) matches SciPy', (x, a, b, value) => {
    expectRelative(incompleteBeta(x, a, b), value, 1e-9);
  });
});
