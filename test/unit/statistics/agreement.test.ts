import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  alphaOfTotals,
  coincidenceColumns,
  countRatings,
  fleissKappa,
  krippendorffAlpha,
} from '../../../electron/core/statistics/agreement.ts';
import type { AlphaLevel } from '../../../electron/core/statistics/agreement.ts';
import {
  adjustedKappa,
  cohenKappa,
  kappaOfTotals,
  tabulateAnswers,
} from '../../../electron/core/statistics/cohen-kappa.ts';
import type { KappaWeights } from '../../../electron/core/statistics/cohen-kappa.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';

function defined<T extends { status: string }>(outcome: T): Exclude<T, { status: 'undefined' }> {
  if (outcome.status === 'undefined') throw new Error(`undefined: ${JSON.stringify(outcome)}`);
  return outcome as Exclude<T, { status: 'undefined' }>;
}

/** Standard error of any function of a table by the delta method with numeric derivatives and multinomial covariance. */
function numericStandardError(table: number[], statistic: (cells: number[]) => number): number {
  const n = table.reduce((a, b) => a + b, 0);
  const shares = table.map((count) => count / n);
  const slopes = shares.map((_, cell) => {
    const bump = (by: number): number => statistic(shares.map((p, i) => (i === cell ? p + by : p)));
    return (bump(1e-6) - bump(-1e-6)) / 2e-6;
  });
  const mean = slopes.reduce((sum, slope, i) => sum + slope * (shares[i] ?? 0), 0);
  const squares = slopes.reduce((sum, slope, i) => sum + slope * slope * (shares[i] ?? 0), 0);
  return Math.sqrt((squares - mean * mean) / n);
}

describe('cohenKappa', () => {
  it('table 20,5;10,15 has κ 0.4 and large-sample SE 0.127, not the simple 0.1296 (audit specification E1)', () => {
    const outcome = defined(cohenKappa([[20, 5], [10, 15]])); // prettier-ignore
    expect(outcome.kappa).toBeCloseTo(0.4, 10);
    expect(outcome.observed).toBeCloseTo(0.7, 10);
    expect(outcome.expected).toBeCloseTo(0.5, 10);
    expect(outcome.error?.standardError).toBeCloseTo(0.127, 3);
    expect(outcome.n).toBe(50);
  });

  it.each(['identity', 'linear', 'quadratic'] as const)(
    'SE with %s weights equals a numeric delta method (a wrong variance term would differ)',
    (weights) => {
      const table = [12, 5, 1, 4, 9, 6, 2, 3, 18];
      const rows = [table.slice(0, 3), table.slice(3, 6), table.slice(6)];
      const normalised = (cells: number[]): number => {
        const total = cells.reduce((a, b) => a + b, 0);
        return disagreementKappa(
          cells.map((cell) => cell / total),
          3,
          weights,
        );
      };
      const outcome = defined(cohenKappa(rows, { weights }));
      expect(outcome.kappa).toBeCloseTo(normalised(table), 10);
      expect(outcome.error?.standardError).toBeCloseTo(numericStandardError(table, normalised), 6);
      expect(kappaOfTotals(table, 3, weights)).toBeCloseTo(outcome.kappa, 12);
    },
  );

  it('is undefined for one category and for no rows, and claims no error at full agreement', () => {
    expect(cohenKappa([[7, 0], [0, 0]])).toEqual({ status: 'undefined', reason: 'one_category' }); // prettier-ignore
    expect(cohenKappa([[0, 0], [0, 0]])).toEqual({ status: 'undefined', reason: 'no_data' }); // prettier-ignore
    const full = defined(cohenKappa([[7, 0], [0, 5]])); // prettier-ignore
    expect(full.kappa).toBeCloseTo(1, 12);
    expect(full.error).toBeUndefined();
    expect(kappaOfTotals([7, 0, 0, 0], 2)).toBeNaN();
  });

  it('refuses a table that is not square or holds negative counts', () => {
    expect(() => cohenKappa([[1, 2, 3], [1, 2, 3]])).toThrow(RangeError); // prettier-ignore
    expect(() => cohenKappa([[1, -2], [1, 2]])).toThrow(RangeError); // prettier-ignore
  });

  it('tabulateAnswers leaves out answers that are no category', () => {
    expect(tabulateAnswers(['a', 'b', null, 'a'], ['a', 'a', 'b', 'x'], ['a', 'b'])).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  it('adjusted kappa of accuracy 0.75 is 0.5', () => {
    expect(adjustedKappa(0.75)).toBe(0.5);
    expect(adjustedKappa(0)).toBe(-1);
  });
});

/** 1 − observed/expected disagreement: the other way round from the implementation's agreement weights. */
function disagreementKappa(shares: number[], k: number, weights: KappaWeights): number {
  const cost = (i: number, j: number): number =>
    weights === 'identity' ? Number(i !== j) : weights === 'linear' ? Math.abs(i - j) : (i - j) ** 2;
  let observed = 0;
  let expected = 0;
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      const row = shares.slice(i * k, i * k + k).reduce((a, b) => a + b, 0);
      const column = shares.filter((_, cell) => cell % k === j).reduce((a, b) => a + b, 0);
      observed += cost(i, j) * (shares[i * k + j] ?? 0);
      expected += cost(i, j) * row * column;
    }
  }
  return 1 - observed / expected;
}

describe('fleissKappa', () => {
  it('items (3,0),(2,1),(0,3) give 0.55 (audit specification E1)', () => {
    const outcome = defined(fleissKappa({ counts: [3, 0, 2, 1, 0, 3], categories: 2 }));
    expect(outcome.kappa).toBeCloseTo(0.55, 10);
    expect(outcome.ratersPerItem).toBe(3);
  });

  it('14 raters on 10 subjects give 0.210 (worked example of the Wikipedia article on Fleiss kappa)', () => {
    const counts = [
      [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
      [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ].flat(); // prettier-ignore
    const outcome = defined(fleissKappa({ counts, categories: 5 }));
    expect(outcome.kappa).toBeCloseTo(0.21, 3);
    expect(outcome.observed).toBeCloseTo(0.378, 3);
    expect(outcome.expected).toBeCloseTo(0.213, 3);
  });

  it('multiplicity stands for repeated items', () => {
    const grouped = fleissKappa({ counts: [3, 0, 2, 1, 0, 3], categories: 2, multiplicity: [2, 1, 3] });
    const repeated = fleissKappa({ counts: [3, 0, 3, 0, 2, 1, 0, 3, 0, 3, 0, 3], categories: 2 });
    expect(defined(grouped).kappa).toBeCloseTo(defined(repeated).kappa, 12);
  });

  it.each([
    ['unequal_raters', [3, 0, 1, 1]],
    ['too_few', [1, 0, 0, 1]],
    ['one_category', [3, 0, 3, 0]],
    ['no_data', []],
  ])('is undefined: %s', (reason, counts) => {
    expect(fleissKappa({ counts, categories: 2 })).toEqual({ status: 'undefined', reason });
  });
});

describe('krippendorffAlpha', () => {
  it('items (3,0),(2,1),(0,3) give 0.60 (audit specification E1)', () => {
    const outcome = krippendorffAlpha({ counts: [3, 0, 2, 1, 0, 3], categories: 2 }, { level: 'nominal' });
    expect(defined(outcome).alpha).toBeCloseTo(0.6, 10);
    expect(defined(outcome).ratings).toBe(9);
  });

  it.each<[AlphaLevel, number]>([
    ['nominal', 0.6154],
    ['interval', 0.9123],
    ['ordinal', 0.9495],
  ])('items {1,1},{2,3},{4,4}: %s %d (audit specification E1)', (level, alpha) => {
    const ratings = countRatings([[0, 0], [1, 2], [3, 3]], 4); // prettier-ignore
    const outcome = defined(krippendorffAlpha(ratings, { level, values: [1, 2, 3, 4] }));
    expect(outcome.alpha).toBeCloseTo(alpha, 4);
    expect(outcome.observedAgreement).toBeCloseTo(2 / 3, 10);
  });

  // K. Krippendorff (2011), Computing Krippendorff's Alpha-Reliability: 4 observers, 12 units, missing ratings.
  it.each<[AlphaLevel, number]>([
    ['nominal', 0.743],
    ['ordinal', 0.815],
    ['interval', 0.849],
  ])('the published data with missing ratings: %s %d', (level, alpha) => {
    const observers = ['123321412...', '1233224125.3', '.3332342251.', '1233244125 1.'.replace(' ', '')];
    const units = Array.from({ length: 12 }, (_, unit) =>
      observers.map((row) => Number(row.at(unit)) - 1).map((code) => (Number.isNaN(code) ? -1 : code)),
    );
    const outcome = defined(krippendorffAlpha(countRatings(units, 5), { level }));
    expect(outcome.alpha).toBeCloseTo(alpha, 3);
    expect(outcome.items).toBe(11);
    expect(outcome.droppedItems).toBe(1);
    expect(outcome.ratings).toBe(40);
  });

  it.each([51, 52, 53])(
    'equals 1 − Do/De over all pairs of ratings, and its bootstrap form (seed %i)',
    (seed) => {
      const random = createRandom(seed);
      const items = Array.from({ length: 30 }, () =>
        Array.from({ length: random.nextBelow(5) }, () => random.nextBelow(3)),
      );
      const values = [1, 2, 5];
      const alpha = defined(krippendorffAlpha(countRatings(items, 3), { level: 'interval', values })).alpha;
      expect(alpha).toBeCloseTo(alphaByPairs(items, values), 10);
      const columns = coincidenceColumns(
        countRatings(items, 3),
        items.map((_, i) => i % 7),
        7,
      );
      const totals = columns.map((column) => column.reduce((a, b) => a + b, 0));
      expect(alphaOfTotals(totals, 3, { level: 'interval', values })).toBeCloseTo(alpha, 12);
    },
  );

  it('is undefined when one category is used, and when no item has two ratings', () => {
    const once = krippendorffAlpha(countRatings([[0, 0], [0, 0]], 3), { level: 'nominal' }); // prettier-ignore
    expect(once).toEqual({ status: 'undefined', reason: 'one_category' });
    const single = krippendorffAlpha(countRatings([[0], [1]], 2), { level: 'nominal' });
    expect(single).toEqual({ status: 'undefined', reason: 'no_data' });
  });
});

/** Alpha from its definition over individual ratings, without a coincidence matrix. */
function alphaByPairs(items: number[][], values: number[]): number {
  const kept = items.filter((ratings) => ratings.length > 1);
  const square = (a: number, b: number): number => ((values[a] ?? 0) - (values[b] ?? 0)) ** 2;
  const all = kept.flat();
  let within = 0;
  for (const ratings of kept) {
    for (const a of ratings) for (const b of ratings) within += square(a, b) / (ratings.length - 1);
  }
  let between = 0;
  for (const a of all) for (const b of all) between += square(a, b);
  return 1 - within / all.length / (between / (all.length * (all.length - 1)));
}

const pandaFile = '../shared/data/WeOpenML__PandaLM/data/testset-v1.json';
const judgeFile = '../shared/data/WeOpenML__PandaLM/data/gpt-3.5-turbo-testset-v1.json';
const goldenFile = '../shared/data/GOLDEN.json';
const hasPanda = [pandaFile, judgeFile, goldenFile].every((file) => existsSync(file));

interface PandaRow {
  idx: string | number;
  annotator1: number;
  annotator2: number;
  annotator3: number;
}
interface Golden {
  pandalm_testset: {
    cohen_kappa: Record<string, number>;
    fleiss: number;
    majority: Record<string, number>;
    gpt35_vs_majority: { acc: number; kappa: number; n: number };
  };
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

describe.skipIf(!hasPanda)(`PandaLM test set (SKIPPED unless ${pandaFile} and ${goldenFile} exist)`, () => {
  const rows = hasPanda ? readJson<PandaRow[]>(pandaFile) : [];
  const answers = (['annotator1', 'annotator2', 'annotator3'] as const).map((key) =>
    rows.map((row) => String(row[key])),
  );
  const [first = [], second = [], third = []] = answers;
  const expected = (): Golden['pandalm_testset'] => readJson<Golden>(goldenFile).pandalm_testset;

  it.each([
    ['1-2', first, second],
    ['1-3', first, third],
    ['2-3', second, third],
  ])("annotators %s: Cohen's kappa to four digits", (pair, left, right) => {
    expect(rows.length).toBe(999);
    const outcome = defined(cohenKappa(tabulateAnswers(left, right, ['0', '1', '2'])));
    expect(outcome.kappa.toFixed(4)).toBe(expected().cohen_kappa[pair]?.toFixed(4));
  });

  it("the three annotators: Fleiss' kappa to four digits", () => {
    const items = rows.map((_, i) => answers.map((column) => Number(column[i])));
    expect(defined(fleissKappa(countRatings(items, 3))).kappa.toFixed(4)).toBe(expected().fleiss.toFixed(4));
  });

  it('GPT-3.5 against the majority: accuracy and kappa to four digits, unparsed answers left out', () => {
    const majority = rows.map((_, i) => {
      const votes = answers.map((column) => column[i] ?? '');
      return votes.find((vote) => votes.filter((other) => other === vote).length > 1) ?? 'none';
    });
    const judged = new Map(
      readJson<{ idx: string | number; gpt_result: string | number }[]>(judgeFile).map((row) => [
        String(row.idx),
        String(row.gpt_result).replace('Tie', '0'),
      ]),
    );
    const verdicts = rows.map((row) => judged.get(String(row.idx)) ?? 'none');
    const outcome = defined(cohenKappa(tabulateAnswers(verdicts, majority, ['0', '1', '2'])));
    const golden = expected().gpt35_vs_majority;
    expect(outcome.n).toBe(golden.n);
    expect(outcome.observed.toFixed(4)).toBe(golden.acc.toFixed(4));
    expect(outcome.kappa.toFixed(4)).toBe(golden.kappa.toFixed(4));
  });
});
