import type { AuditFigure, AuditTable } from '../../../../contract/audit.contract.ts';
import { findCholesky, invertCholesky } from '../../../statistics/linear-algebra.ts';
import { fitLogistic, type LogisticFit } from '../../../statistics/logistic.ts';
import { type AuditContext as Context, makeFigure, minimumItems } from '../audit.ts';
import { describeCoefficient } from '../coefficient-figure.ts';
import { divideByRootMeanSquare, type SideFeature } from '../discordance.ts';

type AuditContext = Context<{ ridge: number; max_models: number }>;

export interface StyleRating {
  readonly model: string;
  readonly pairs: number;
  /** Elo-like: 1000 + 400/ln 10 · coefficient; the mean over models is near 1000. */
  readonly without: number;
  readonly withStyle: number;
}

export interface StyleFit {
  readonly figures: AuditFigure[];
  readonly ratings: StyleRating[];
  /** Features with one value only. */
  readonly dropped: string[];
  /** Largest variance inflation factor; above 10 the features can only be read together. */
  readonly largestVif: number;
}

/** FastChat's contrast of two counts, −1..1: (a − b)/(a + b + 1). */
export const contrast = (a: number, b: number): number => (a - b) / (a + b + 1);

/**
 * Bradley-Terry with style features: logit P(chosen) = Σ β_j z_j + r(chosen model) − r(rejected model), z_j the
 * contrast of a style count divided by its root mean square, ridge on all terms, errors clustered by prompt. Without
 * model names the features alone.
 */
export async function fitStyle(
  context: AuditContext,
  { from, features }: { from: string; features: readonly SideFeature[] },
): Promise<StyleFit> {
  const { session, signal, params } = context;
  const models = await listModels(context, from);
  const columns = await session.columns(
    `SELECT cluster, ${features.map(({ chosen, rejected }, index) => `((${chosen} - ${rejected}) / (${chosen} + ${rejected} + 1.0))::DOUBLE AS f${index}`).join(', ')},
       coalesce(mc.place, -1) AS winner, coalesce(mr.place, -1) AS loser
     FROM ${from} x LEFT JOIN ${models.table} mc ON mc.model = x.chosen_model LEFT JOIN ${models.table} mr ON mr.model = x.rejected_model ORDER BY row_id`,
    [],
    { signal },
  );
  const column = (name: string) => columns[name] ?? new Float64Array(0);
  const rows = column('cluster').length;
  const scaled = features.map((_, index) => divideByRootMeanSquare(column(`f${index}`)));
  const dummies = models.names.map((_, place) => makeDummy(column('winner'), column('loser'), place));
  const fit = async (terms: Float64Array[]): Promise<LogisticFit | undefined> => {
    if (rows === 0 || terms.length === 0) return undefined;
    const fitted = await fitLogistic(
      { features: terms, outcome: new Float64Array(rows).fill(1), clusters: column('cluster') },
      { intercept: false, ridge: params.ridge, ...(signal ? { signal } : {}) },
    );
    return 'coefficients' in fitted ? fitted : undefined;
  };
  const full = await fit([...scaled, ...dummies]);
  const plain = models.names.length > 0 ? await fit(dummies) : undefined;
  return {
    figures: features.map(({ title }, index) =>
      makeFigure(
        { audit: 'style', metric: 'style_effect', title: 'Effect beside the others (log-odds per SD)' },
        {
          slice_dim: 'feature',
          slice_value: title,
          n_items: rows,
          n_clusters: full?.clusters ?? 0,
          ...describeCoefficient(full?.coefficients[index], rows),
          neutral: 0,
        },
      ),
    ),
    ratings: rate(models, plain, { fit: full, from: features.length }),
    dropped: features.flatMap(({ title }, index) =>
      scaled[index]?.some((value) => value !== 0) ? [] : [title],
    ),
    largestVif: findLargestVif(scaled),
  };
}

interface Models {
  readonly table: string;
  readonly names: readonly string[];
  readonly pairs: readonly number[];
}

async function listModels(context: AuditContext, from: string): Promise<Models> {
  const table = context.scratch('style_models');
  await context.session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT model, pairs, row_number() OVER (ORDER BY pairs DESC, model) - 1 AS place FROM (
       SELECT model, count(*) AS pairs FROM (SELECT unnest([model_a, model_b]) AS model FROM ${from} WHERE model_a <> model_b)
       WHERE model IS NOT NULL GROUP BY model HAVING count(*) >= ${minimumItems}) ORDER BY place LIMIT ?`,
    [context.params.max_models],
  );
  const rows = await context.session.all<{ model: string; pairs: number }>(
    `SELECT model, pairs FROM ${table} ORDER BY place`,
  );
  return { table, names: rows.map(({ model }) => model), pairs: rows.map(({ pairs }) => pairs) };
}

function makeDummy(winner: Float64Array, loser: Float64Array, place: number): Float64Array {
  return winner.map((value, row) => (value === place ? 1 : 0) - (loser[row] === place ? 1 : 0));
}

function rate(
  models: Models,
  plain: LogisticFit | undefined,
  full: { fit: LogisticFit | undefined; from: number },
): StyleRating[] {
  if (!plain || !full.fit) return [];
  const scale = 400 / Math.LN10;
  const toRatings = (slopes: Float64Array) => {
    const mean = slopes.reduce((sum, value) => sum + value, 0) / Math.max(1, slopes.length);
    return slopes.map((value) => 1000 + scale * (value - mean));
  };
  const without = toRatings(plain.slopes);
  const withStyle = toRatings(full.fit.slopes.subarray(full.from));
  return models.names.map((model, index) => ({
    model,
    pairs: models.pairs[index] ?? 0,
    without: without[index] ?? Number.NaN,
    withStyle: withStyle[index] ?? Number.NaN,
  }));
}

/** Largest diagonal element of the inverse correlation matrix (about zero); MAX_VALUE where it is singular. */
function findLargestVif(columns: readonly Float64Array[]): number {
  const kept = columns.filter((column) => column.some((value) => value !== 0));
  const size = kept.length;
  const rows = kept[0]?.length ?? 0;
  if (size < 2 || rows === 0) return 1;
  const matrix = new Float64Array(size * size);
  for (const [i, left] of kept.entries()) {
    for (const [j, right] of kept.entries()) {
      if (j > i) continue;
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += (left[row] ?? 0) * (right[row] ?? 0);
      matrix[i * size + j] = sum / rows;
      matrix[j * size + i] = sum / rows;
    }
  }
  const factor = findCholesky(matrix, size);
  if (!factor) return Number.MAX_VALUE;
  const inverse = invertCholesky(factor, size);
  return Math.max(...kept.map((_, index) => inverse[index * size + index] ?? 1));
}

/** Ratings with and without style, by the rating with style. */
export function tabulateRatings({ ratings }: StyleFit): AuditTable {
  const rankOf = (key: 'without' | 'withStyle') => {
    const order = [...ratings].sort((a, b) => b[key] - a[key]);
    return new Map(order.map(({ model }, index) => [model, index + 1]));
  };
  const [before, after] = [rankOf('without'), rankOf('withStyle')];
  return {
    id: 'ratings',
    title: 'Bradley-Terry ratings (mean 1000) without and with style held equal',
    columns: ['Model', 'Pairs', 'Rating', 'Rating, style held equal', 'Rank', 'Rank, style held equal'],
    rows: [...ratings]
      .sort((a, b) => b.withStyle - a.withStyle)
      .map(({ model, pairs, without, withStyle }) => [
        model,
        pairs,
        Math.round(without * 10) / 10,
        Math.round(withStyle * 10) / 10,
        before.get(model) ?? null,
        after.get(model) ?? null,
      ]),
  };
}
