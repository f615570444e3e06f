import { normalQuantile, normalTwoSidedP } from './normal.ts';

/** Half the summed absolute differences of two distributions, 0..1; both are normalised first. NaN for an empty one. */
export function totalVariation(left: readonly number[], right: readonly number[]): number {
  if (left.length !== right.length) throw new RangeError('The distributions have unequal lengths.');
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const [l, r] = [sum(left), sum(right)];
  return left.reduce((total, value, index) => total + Math.abs(value / l - (right[index] ?? 0) / r), 0) / 2;
}

/** Wasserstein-1 distance of two samples on the line: the area between their distribution functions. NaN for an empty one. */
export function wassersteinDistance(left: ArrayLike<number>, right: ArrayLike<number>): number {
  if (left.length === 0 || right.length === 0) return Number.NaN;
  const [a, b] = [Float64Array.from(left).sort(), Float64Array.from(right).sort()];
  const points = Float64Array.from([...a, ...b]).sort();
  let [i, j, distance] = [0, 0, 0];
  for (let index = 0; index + 1 < points.length; index++) {
    const x = points[index] ?? 0;
    while (i < a.length && (a[i] ?? 0) <= x) i += 1;
    while (j < b.length && (b[j] ?? 0) <= x) j += 1;
    distance += Math.abs(i / a.length - j / b.length) * ((points[index + 1] ?? 0) - x);
  }
  return distance;
}

export interface OddsRatio {
  readonly ratio: number;
  readonly log: number;
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
  readonly p: number;
}

/** Odds ratio of [[a, b], [c, d]] with ½ added to each cell, and its log with Woolf's standard error √Σ1/n. */
export function oddsRatio(table: readonly [number, number, number, number]): OddsRatio {
  const [a, b, c, d] = table.map((count) => count + 0.5) as [number, number, number, number];
  const log = Math.log((a * d) / (b * c));
  const standardError = Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d);
  const half = normalQuantile(0.975) * standardError;
  return {
    ratio: Math.exp(log),
    log,
    standardError,
    lower: log - half,
    upper: log + half,
    p: normalTwoSidedP(log / standardError),
  };
}

/** ln[(x/n) / (y/m)]; with `smooth` ½ is added to the counts (and 1 to the totals). */
export function logShareRatio(
  counts: { x: number; n: number; y: number; m: number },
  smooth: boolean,
): number {
  const [s, t] = smooth ? [0.5, 1] : [0, 0];
  return Math.log((counts.x + s) / (counts.n + t)) - Math.log((counts.y + s) / (counts.m + t));
}

/** Toxicity of generations by prompt: mean of the maxima, share of prompts with any ≥ cut, share of texts ≥ cut. */
export function toxicityOf(
  byPrompt: readonly (readonly number[])[],
  cut = 0.5,
): { expectedMaximum: number; promptShare: number; textShare: number } {
  const texts = byPrompt.flat();
  const maxima = byPrompt.map((scores) => Math.max(...scores));
  return {
    expectedMaximum: maxima.reduce((sum, value) => sum + value, 0) / maxima.length,
    promptShare: maxima.filter((value) => value >= cut).length / maxima.length,
    textShare: texts.filter((value) => value >= cut).length / texts.length,
  };
}
