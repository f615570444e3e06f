import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import type { FeatureWeights, JudgeFigure } from '../../contract/judging.contract.ts';
import { fitLogistic, type LogisticFit } from '../statistics/logistic.ts';
import { measureShareOf } from './figure.ts';
import type { StoredRun } from './judge-run.repository.ts';
import { domainFeatures } from './protocols/domain-features.ts';
import { toAspect } from './scales.ts';

export interface WeightOptions {
  /** Share of the prompts the weights are fitted on; the rest measures them. */
  readonly trainShare: number;
  /** Decides which prompts these are. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Ridge penalty of the fit (judging spec 3.5). */
const ridge = 0.01;
/** Sizes of the learning curve, as far as there are pairs. */
const curveSizes = [25, 50, 100, 200, 400, 800, 1_600, 3_200];
const fewest = 10;

interface Pair {
  readonly prompt: number;
  readonly isA: boolean;
  /** f(a) − f(b), in the order of the features. */
  readonly difference: readonly number[];
}

/**
 * Weights of a run's features from the labels of the dataset: P(a ≻ b) = s(w · (f(a) − f(b))) without intercept, ridge .01,
 * with standard errors clustered by prompt (judging spec 3.5). Prompts are split at random; no prompt is on both sides.
 * Pairs without a side, or with a missing feature, are left out and counted. Throws INPUT_INVALID for a run of another
 * protocol, DATASET_EMPTY where fewer than 10 pairs are left to fit on.
 */
export async function fitRunWeights(
  database: Database,
  run: StoredRun,
  { trainShare, seed, signal }: WeightOptions,
): Promise<FeatureWeights> {
  if (run.protocol !== domainFeatures.id)
    throw new AppError(
      'INPUT_INVALID',
      `No weights were fitted: run ${run.judgeRunId} is not one of “${domainFeatures.title}”.`,
    );
  const { features } = domainFeatures.params.parse(run.record.request.params);
  const { pairs, leftOut } = await readPairs(database, run, {
    names: features.map(({ name }) => name),
    seed,
  });
  const [train, test] = splitByPrompt(pairs, trainShare);
  if (train.length < fewest || test.length === 0)
    throw new AppError(
      'DATASET_EMPTY',
      `No weights were fitted: ${train.length} labelled pairs with every feature of both responses are left to fit on and ${test.length} to measure on; ${fewest} and 1 are needed. Judge more rows, or label more pairs.`,
    );
  const fit = await fitPairs(train, signal);
  const sizes = curveSizes.filter((size) => size < train.length);
  const curve: FeatureWeights['curve'] = [];
  for (const size of [...sizes, train.length]) {
    const part = size === train.length ? fit : await fitPairs(train.slice(0, size), signal);
    curve.push({ pairs: size, accuracy: measureShareOf(countRight(part, test), test.length) });
  }
  return {
    schema: 'assay.feature-weights/1',
    judgeRunId: run.judgeRunId,
    isSeparated: fit.status === 'separated',
    features: features.map(({ name }, index) => ({ name, weight: describe(fit, index, train.length) })),
    heldOut: measureShareOf(countRight(fit, test), test.length),
    trained: train.length,
    tested: test.length,
    trainedPrompts: new Set(train.map(({ prompt }) => prompt)).size,
    leftOut,
    curve,
  };
}

async function readPairs(
  database: Database,
  run: StoredRun,
  { names, seed }: { readonly names: readonly string[]; readonly seed: number },
): Promise<{ pairs: Pair[]; leftOut: number }> {
  const values = names.map(() => `max("value") FILTER (aspect = ?)`).join(', ');
  const rows = await database.all<Omit<Pair, 'difference'> & { difference: (number | null)[] }>(
    `WITH scored AS (SELECT response_id, [${values}] AS f FROM rating WHERE annotator_id = ? GROUP BY response_id)
     SELECT c.prompt_id AS prompt, c.label = 'a' AS "isA", list_transform(list_zip(a.f, b.f), lambda z: z[1] - z[2]) AS difference
     FROM comparison c JOIN scored a ON a.response_id = c.response_a_id JOIN scored b ON b.response_id = c.response_b_id
     WHERE c.dataset_id = ? AND c.label IN ('a', 'b')
     ORDER BY md5(c.prompt_id::VARCHAR || ?), c.prompt_id, c.comparison_id`,
    [...names.map((name) => `f_${toAspect(name)}`), run.annotatorId, run.datasetId, `/${seed}`],
  );
  const pairs = rows.flatMap(({ difference, ...row }) => {
    const known = difference.filter((value) => value !== null);
    return known.length === names.length ? [{ ...row, difference: known }] : [];
  });
  return { pairs, leftOut: rows.length - pairs.length };
}

/** Cuts at a prompt's end, so that no prompt stands on both sides. */
function splitByPrompt(pairs: readonly Pair[], trainShare: number): [Pair[], Pair[]] {
  const aim = Math.floor(pairs.length * trainShare);
  let cut = Math.min(aim, pairs.length);
  while (cut > 0 && cut < pairs.length && pairs[cut]?.prompt === pairs[cut - 1]?.prompt) cut += 1;
  return [pairs.slice(0, cut), pairs.slice(cut)];
}

async function fitPairs(train: readonly Pair[], signal: AbortSignal | undefined): Promise<LogisticFit> {
  const [head] = train;
  const fit = await fitLogistic(
    {
      features: (head?.difference ?? []).map((_, feature) =>
        Float64Array.from(train, ({ difference }) => difference[feature] ?? 0),
      ),
      outcome: Float64Array.from(train, ({ isA }) => Number(isA)),
      clusters: train.map(({ prompt }) => prompt),
    },
    { intercept: false, ridge, ...(signal && { signal }) },
  );
  if (fit.status !== 'undefined') return fit;
  throw new AppError('DATASET_EMPTY', `No weights were fitted: the fit does not exist (${fit.reason}).`);
}

/** A pair whose score is 0 is not decided by the weights, so it does not count as right. */
function countRight({ slopes }: LogisticFit, test: readonly Pair[]): number {
  return test.filter(({ difference, isA }) => {
    const score = difference.reduce((sum, value, feature) => sum + value * (slopes[feature] ?? 0), 0);
    return isA ? score > 0 : score < 0;
  }).length;
}

function describe(fit: LogisticFit, index: number, n: number): JudgeFigure {
  const coefficient = fit.coefficients[index];
  const value = fit.slopes[index] ?? null;
  return coefficient?.status === 'ok'
    ? { value: coefficient.estimate, low: coefficient.lower, high: coefficient.upper, n }
    : { value, low: null, high: null, n };
}
