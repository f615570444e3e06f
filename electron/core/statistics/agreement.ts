import { undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/**
 * How often each item got each category, row-major: `counts[item * categories + category]`. Missing ratings
 * are simply not counted. `multiplicity[item]` items share the row (default 1), so SQL can group items with
 * the same pattern first.
 */
export interface RatingCounts {
  counts: ArrayLike<number>;
  categories: number;
  multiplicity?: ArrayLike<number>;
}

/** Counts ratings given as category codes 0 … `categories` − 1, one inner list per item; other codes are missing. */
export function countRatings(items: readonly ArrayLike<number>[], categories: number): RatingCounts {
  const counts = new Float64Array(items.length * categories);
  for (const [item, ratings] of items.entries()) {
    for (let r = 0; r < ratings.length; r++) {
      const code = ratings[r] ?? -1;
      const cell = item * categories + code;
      if (Number.isInteger(code) && code >= 0 && code < categories) counts[cell] = (counts[cell] ?? 0) + 1;
    }
  }
  return { counts, categories };
}

interface Item {
  counts: number[];
  ratings: number;
  multiplicity: number;
}

function* listItems({ counts, categories, multiplicity }: RatingCounts): Generator<Item> {
  if (!Number.isInteger(categories) || categories < 1 || counts.length % categories !== 0) {
    throw new RangeError(`${counts.length} counts do not divide into ${categories} categories.`);
  }
  for (let item = 0; item * categories < counts.length; item++) {
    const row = Array.from({ length: categories }, (_, c) => counts[item * categories + c] ?? 0);
    const ratings = row.reduce((sum, count) => sum + count, 0);
    yield { counts: row, ratings, multiplicity: multiplicity ? (multiplicity[item] ?? 0) : 1 };
  }
}

export interface FleissEstimate {
  kappa: number;
  /** Mean share of agreeing pairs of ratings within an item. */
  observed: number;
  expected: number;
  items: number;
  ratersPerItem: number;
}

/**
 * Fleiss' kappa for m ratings on every item: P_i = (Σ_c n_ic² − m)/(m(m−1)), P̄ its mean, Pe = Σ_c p_c²,
 * κ = (P̄ − Pe)/(1 − Pe). Source: J. L. Fleiss (1971), Psychol. Bull. 76.
 *
 * Undefined without items, below two ratings per item, for items with unequal numbers of ratings (use
 * {@link krippendorffAlpha}), or where one category takes every rating.
 */
export function fleissKappa(ratings: RatingCounts): Outcome<FleissEstimate> {
  const totals = new Float64Array(ratings.categories);
  let items = 0;
  let agreement = 0;
  let raters: number | undefined;
  for (const item of listItems(ratings)) {
    raters ??= item.ratings;
    if (item.ratings !== raters) return undefinedOutcome('unequal_raters');
    if (raters < 2) return undefinedOutcome('too_few');
    const squares = item.counts.reduce((sum, count) => sum + count * count, 0);
    agreement += (item.multiplicity * (squares - raters)) / (raters * (raters - 1));
    items += item.multiplicity;
    for (const [c, count] of item.counts.entries()) totals[c] = (totals[c] ?? 0) + item.multiplicity * count;
  }
  if (raters === undefined || items === 0) return undefinedOutcome('no_data');
  const all = items * raters;
  const observed = agreement / items;
  const expected = totals.reduce((sum, total) => sum + (total / all) ** 2, 0);
  if (totals.some((total) => total === all)) return undefinedOutcome('one_category');
  const kappa = (observed - expected) / (1 - expected);
  return { status: 'ok', kappa, observed, expected, items, ratersPerItem: raters };
}

/** The difference function of Krippendorff's alpha. */
export type AlphaLevel = 'nominal' | 'ordinal' | 'interval';

export interface AlphaOptions {
  level: AlphaLevel;
  /** The number each category stands for, for `interval`; default 0, 1, 2, … */
  values?: ArrayLike<number>;
}

export interface AlphaEstimate {
  alpha: number;
  /** Share of agreeing pairs of ratings, Σ o_cc / n: print it beside alpha (prevalence paradox). */
  observedAgreement: number;
  /** Items with at least two ratings. */
  items: number;
  /** Items dropped for having fewer than two ratings. */
  droppedItems: number;
  /** Ratings on the items kept. */
  ratings: number;
}

/**
 * Krippendorff's alpha, any number of raters, missing ratings allowed. With the coincidences
 * o_ck = Σ_u n_uc(n_uk − [c=k])/(n_u − 1), n_c = Σ_k o_ck, n = Σ n_c and e_ck = (n_c n_k − [c=k] n_c)/(n − 1):
 * α = 1 − Σ o δ²/Σ e δ². δ² is 0/1 (`nominal`), (v_c − v_k)² (`interval`), or
 * (Σ_{g=c..k} n_g − (n_c + n_k)/2)² over the categories in their order (`ordinal`).
 * Source: K. Krippendorff, Content Analysis (2nd ed. 2004), chapter 11.
 *
 * Items with fewer than two ratings are dropped and counted. Undefined without pairable ratings, or where only
 * one category is used.
 */
export function krippendorffAlpha(ratings: RatingCounts, options: AlphaOptions): Outcome<AlphaEstimate> {
  const { categories } = ratings;
  const totals = new Float64Array(categories * categories);
  let items = 0;
  let droppedItems = 0;
  for (const item of listItems(ratings)) {
    if (item.ratings < 2) droppedItems += item.multiplicity;
    else items += item.multiplicity;
    addCoincidences(totals, item);
  }
  if (items === 0) return undefinedOutcome('no_data');
  const alpha = alphaOfTotals(totals, categories, options);
  if (Number.isNaN(alpha)) return undefinedOutcome('one_category');
  const count = totals.reduce((sum, value) => sum + value, 0);
  let agreeing = 0;
  for (let c = 0; c < categories; c++) agreeing += totals[c * categories + c] ?? 0;
  return {
    status: 'ok',
    alpha,
    observedAgreement: agreeing / count,
    items,
    droppedItems,
    ratings: Math.round(count * 1e6) / 1e6,
  };
}

/**
 * Per-cluster coincidence columns for a bootstrap of alpha: column c·k+j holds o_cj of each cluster, so that
 * {@link alphaOfTotals} of the column totals is alpha of the resample.
 *
 * @param clusterOf The cluster of each item, 0 … `clusters` − 1.
 */
export function coincidenceColumns(
  ratings: RatingCounts,
  clusterOf: ArrayLike<number>,
  clusters: number,
): Float64Array[] {
  const cells = ratings.categories * ratings.categories;
  const columns = Array.from({ length: cells }, () => new Float64Array(clusters));
  const one = new Float64Array(cells);
  let index = 0;
  for (const item of listItems(ratings)) {
    const cluster = clusterOf[index++] ?? -1;
    if (!(cluster >= 0 && cluster < clusters)) throw new RangeError(`There is no cluster ${cluster}.`);
    one.fill(0);
    addCoincidences(one, item);
    for (const [cell, column] of columns.entries()) {
      column[cluster] = (column[cluster] ?? 0) + (one[cell] ?? 0);
    }
  }
  return columns;
}

/** Alpha of a flat row-major coincidence matrix, NaN where undefined: the statistic function of a bootstrap. */
export function alphaOfTotals(totals: ArrayLike<number>, categories: number, options: AlphaOptions): number {
  const sizes = new Float64Array(categories);
  for (let cell = 0; cell < totals.length; cell++) {
    const c = Math.floor(cell / categories);
    sizes[c] = (sizes[c] ?? 0) + (totals[cell] ?? 0);
  }
  const count = sizes.reduce((sum, size) => sum + size, 0);
  const distance = squaredDistance(sizes, options);
  let observed = 0;
  let expected = 0;
  for (let c = 0; c < categories; c++) {
    for (let k = 0; k < categories; k++) {
      if (c === k) continue;
      const square = distance(c, k);
      observed += (totals[c * categories + k] ?? 0) * square;
      expected += (((sizes[c] ?? 0) * (sizes[k] ?? 0)) / (count - 1)) * square;
    }
  }
  return expected > 0 ? 1 - observed / expected : Number.NaN;
}

function addCoincidences(totals: Float64Array, item: Item): void {
  if (item.ratings < 2) return;
  const scale = item.multiplicity / (item.ratings - 1);
  const { counts } = item;
  for (const [c, first] of counts.entries()) {
    if (first === 0) continue;
    for (const [k, second] of counts.entries()) {
      const cell = c * counts.length + k;
      totals[cell] = (totals[cell] ?? 0) + scale * first * (second - (c === k ? 1 : 0));
    }
  }
}

function squaredDistance(sizes: Float64Array, options: AlphaOptions): (c: number, k: number) => number {
  if (options.level === 'nominal') return () => 1;
  if (options.level === 'interval') {
    const { values } = options;
    return (c, k) => (values ? (values[c] ?? Number.NaN) - (values[k] ?? Number.NaN) : c - k) ** 2;
  }
  return (c, k) => {
    let between = -((sizes[c] ?? 0) + (sizes[k] ?? 0)) / 2;
    for (let g = Math.min(c, k); g <= Math.max(c, k); g++) between += sizes[g] ?? 0;
    return between * between;
  };
}
