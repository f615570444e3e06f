import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { JudgeFigure, JudgeReport } from '../../contract/judging.contract.ts';
import {
  type Measured,
  measureMean,
  measureShare,
  sumClusterMoments,
} from '../audit/audits/clustered-share.ts';
import { binomialTest } from '../statistics/binomial.ts';
import { cohenKappa, kappaOfTotals } from '../statistics/cohen-kappa.ts';
import { bootstrapFigure } from './figure.ts';
import { type ComparedOptions, withComparedLabels } from './compared-labels.ts';

const labels = ['a', 'b', 'tie'] as const;
const smallSlice = 20;
const largestSlices = 12;
const bootstrapSeed = 1;

interface ReportContext {
  readonly session: Session;
  readonly table: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * How a judge agrees with a reference, keeps to its choice when the order changes, follows length, and knows how sure
 * it may be. Intervals resample whole prompts or are robust to them; kappa's is a seeded percentile bootstrap of 1,000
 * rounds. A judge may be a run of ours, imported verdicts, or a person. Throws JUDGE_RUN_MISSING for an unknown one.
 */
export async function buildJudgeReport(database: Database, options: ComparedOptions): Promise<JudgeReport> {
  const judge = await getRater(database, options.datasetId, options.annotatorId);
  const reference =
    options.referenceId === null
      ? { annotatorId: null, name: 'The dataset’s labels' }
      : await getRater(database, options.datasetId, options.referenceId);
  const { name: dataset } = await database.one<{ name: string }>(
    'SELECT name FROM dataset WHERE dataset_id = ?',
    [options.datasetId],
  );
  const invalid = await countInvalid(database, options.annotatorId);
  return withComparedLabels(database, options, async (session, table) => {
    const context = { session, table, signal: options.signal };
    const counted = await session.one<{ judged: number; compared: number }>(
      `SELECT count(*) AS judged, count(*) FILTER (reference IN ('a', 'b', 'tie')) AS compared FROM ${table}`,
    );
    const length = await measureLength(context);
    const position = await measurePosition(context);
    return {
      schema: 'assay.judge-report/1',
      dataset,
      datasetId: options.datasetId,
      judge,
      reference: { annotatorId: reference.annotatorId, name: reference.name },
      items: { ...counted, judged: counted.judged + invalid, invalid },
      agreement: await measureAgreement(context),
      position,
      length,
      calibration: await measureCalibration(context),
      confusion: await session.all(
        `SELECT reference, judge, count(*) AS count FROM ${table} WHERE reference IN ('a', 'b', 'tie') GROUP BY ALL ORDER BY ALL`,
      ),
      slices: await measureSlices(context),
      warnings: listWarnings({ ...counted, invalid }, position, length),
    };
  });
}

async function getRater(
  database: Database,
  datasetId: number,
  annotatorId: number,
): Promise<{ annotatorId: number; name: string; kind: string }> {
  const rater = await database.find<{ annotatorId: number; name: string; kind: string }>(
    'SELECT annotator_id AS "annotatorId", name, kind FROM annotator WHERE dataset_id = ? AND annotator_id = ?',
    [datasetId, annotatorId],
  );
  if (rater) return rater;
  throw new AppError('JUDGE_RUN_MISSING', `Dataset ${datasetId} has no judge or rater ${annotatorId}.`, {
    annotatorId,
  });
}

async function countInvalid(database: Database, annotatorId: number): Promise<number> {
  const { n } = await database.one<{ n: number }>(
    `SELECT (SELECT count(*) FROM judgement j JOIN judge_run u USING (judge_run_id) WHERE u.annotator_id = ? AND j.label = 'invalid')
       + (SELECT count(DISTINCT v.comparison_id) FROM vote v WHERE v.annotator_id = ? AND v.aspect IS NULL AND v.label = 'skip'
           AND NOT EXISTS (SELECT 1 FROM vote o WHERE o.comparison_id = v.comparison_id AND o.annotator_id = v.annotator_id
             AND o.aspect IS NULL AND o.label <> 'skip')) AS n`,
    [annotatorId, annotatorId],
  );
  return n;
}

function toFigure(measured: Measured): JudgeFigure {
  return { value: measured.value, low: measured.ci_lo, high: measured.ci_hi, n: measured.n_items };
}

async function share(context: ReportContext, outcome: string): Promise<JudgeFigure> {
  const [moments] = await sumClusterMoments(
    context.session,
    `(SELECT NULL AS slice, cluster, (${outcome})::INTEGER AS outcome FROM ${context.table})`,
    { parameters: [], signal: context.signal },
  );
  return toFigure(measureShare(moments));
}

async function mean(context: ReportContext, outcome: string): Promise<JudgeFigure> {
  const [moments] = await sumClusterMoments(
    context.session,
    `(SELECT NULL AS slice, cluster, ${outcome} AS outcome FROM ${context.table})`,
    { parameters: [], signal: context.signal },
  );
  return toFigure(measureMean(moments));
}

const decided = `reference IN ('a', 'b') AND judge IN ('a', 'b')`;

async function measureAgreement(context: ReportContext): Promise<JudgeReport['agreement']> {
  return {
    accuracy: await share(context, `CASE WHEN ${decided} THEN reference = judge END`),
    accuracyWithTies: await share(
      context,
      `CASE WHEN reference IN ('a', 'b', 'tie') THEN reference = judge END`,
    ),
    kappa: await measureKappa(context, ['a', 'b']),
    kappaWithTies: await measureKappa(context, labels),
  };
}

async function measureKappa(
  { session, table, signal }: ReportContext,
  categories: readonly string[],
): Promise<JudgeFigure> {
  const cells = categories.flatMap((reference) =>
    categories.map(
      (judge, index) =>
        `count(*) FILTER (reference = '${reference}' AND judge = '${judge}') AS "${reference}${index}"`,
    ),
  );
  const within = categories.map((category) => `'${category}'`).join(', ');
  const columns = await session.columns(
    `SELECT ${cells.join(', ')} FROM ${table} WHERE reference IN (${within}) AND judge IN (${within}) GROUP BY cluster ORDER BY cluster`,
    [],
    { signal },
  );
  const counts = Object.values(columns);
  const n = counts.reduce((total, column) => total + column.reduce((sum, value) => sum + value, 0), 0);
  return bootstrapFigure(counts, (totals) => kappaOfTotals(totals, categories.length, 'identity'), {
    n,
    seed: bootstrapSeed,
    signal,
  });
}

async function measurePosition(context: ReportContext): Promise<JudgeReport['position']> {
  const state = (name: string) => `CASE WHEN order_state IS NOT NULL THEN order_state = '${name}' END`;
  const counts = await context.session.one<{ first: number; second: number }>(
    `SELECT count(*) FILTER (order_state = 'first') AS first, count(*) FILTER (order_state = 'second') AS second FROM ${context.table}`,
  );
  const exact = binomialTest(counts.first, counts.first + counts.second);
  return {
    consistent: await share(context, state('consistent')),
    firstBiased: await share(context, state('first')),
    secondBiased: await share(context, state('second')),
    consistentAndCorrect: await share(
      context,
      `CASE WHEN order_state IS NOT NULL AND reference IN ('a', 'b') THEN order_state = 'consistent' AND kept_choice = reference END`,
    ),
    p: exact.status === 'undefined' ? null : exact.p,
    meanLean: await mean(context, 'lean'),
  };
}

async function measureLength(context: ReportContext): Promise<JudgeReport['length']> {
  const { session, table, signal } = context;
  const columns = await session.columns(
    `SELECT count(*)::DOUBLE AS n, sum(x) AS x, sum(y) AS y, sum(x * x) AS xx, sum(y * y) AS yy, sum(x * y) AS xy
     FROM (SELECT cluster, delta::DOUBLE AS x, CASE judge WHEN 'a' THEN 1.0 WHEN 'b' THEN 0.0 ELSE 0.5 END AS y FROM ${table})
     GROUP BY cluster ORDER BY cluster`,
    [],
    { signal },
  );
  const n = columns.n?.reduce((sum, value) => sum + value, 0) ?? 0;
  const longer = (side: string) =>
    `CASE WHEN delta <> 0 AND ${side} IN ('a', 'b') THEN (delta > 0) = (${side} = 'a') END`;
  return {
    correlation: await bootstrapFigure(Object.values(columns), pearsonOfTotals, {
      n,
      seed: bootstrapSeed,
      signal,
    }),
    longerWins: await share(context, longer('judge')),
    referenceLongerWins: await share(context, longer('reference')),
  };
}

/** Pearson's r from the totals n, Σx, Σy, Σx², Σy², Σxy; NaN where one side does not vary. */
export function pearsonOfTotals(totals: ArrayLike<number>): number {
  const [n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0] = Array.from(totals);
  const spread = (n * xx - x * x) * (n * yy - y * y);
  return spread > 0 ? (n * xy - x * y) / Math.sqrt(spread) : Number.NaN;
}

async function measureCalibration(context: ReportContext): Promise<JudgeReport['calibration']> {
  const { session, table, signal } = context;
  const confidence = 'greatest(p_a, 1 - p_a)';
  const correct = `((p_a > 0.5) = (reference = 'a'))::INTEGER`;
  const rows = `(SELECT least(floor((${confidence} - 0.5) * 20), 9)::INTEGER AS slice, cluster, ${correct} AS outcome, ${confidence} AS confidence
    FROM ${table} WHERE p_a IS NOT NULL AND p_a <> 0.5 AND reference IN ('a', 'b'))`;
  const moments = await sumClusterMoments(session, rows, { parameters: [], signal });
  const means = await session.all<{ slice: number; x: number }>(
    `SELECT slice, avg(confidence) AS x FROM ${rows} GROUP BY slice ORDER BY slice`,
    [],
    { signal },
  );
  const bins = moments.map((one) => {
    const { value, low, high, n } = toFigure(measureShare(one));
    const bin = Number(one.slice);
    const x = means.find((row) => row.slice === bin)?.x ?? 0;
    return { label: `${50 + bin * 5}–${55 + bin * 5} %`, x, value, low, high, n };
  });
  return { bins, expectedError: await measureCalibrationError(context, rows) };
}

/** Expected calibration error over the ten bins, Σ n_b/n |accuracy_b − confidence_b|, with its bootstrap interval. */
async function measureCalibrationError(
  { session, signal }: ReportContext,
  rows: string,
): Promise<JudgeFigure> {
  const bins = Array.from({ length: 10 }, (_, bin) => bin);
  const columns = await session.columns(
    `SELECT ${bins.map((bin) => `coalesce(sum(outcome - confidence) FILTER (slice = ${bin}), 0) AS d${bin}`).join(', ')}, count(*)::DOUBLE AS n
     FROM ${rows} GROUP BY cluster ORDER BY cluster`,
    [],
    { signal },
  );
  const n = columns.n?.reduce((sum, value) => sum + value, 0) ?? 0;
  return bootstrapFigure(
    Object.values(columns),
    (totals) => bins.reduce((sum, bin) => sum + Math.abs(totals[bin] ?? 0), 0) / (totals[bins.length] ?? 0),
    { n, seed: bootstrapSeed, signal },
  );
}

async function measureSlices(context: ReportContext): Promise<JudgeReport['slices']> {
  const { session, table, signal } = context;
  const slices: JudgeReport['slices'] = [];
  for (const field of ['subset', 'topic', 'language', 'model_pair'] as const) {
    const moments = await sumClusterMoments(
      session,
      `(SELECT ${field} AS slice, cluster, CASE WHEN ${decided} THEN (reference = judge)::INTEGER END AS outcome FROM ${table})`,
      { parameters: [], signal },
    );
    if (moments.length < 2) continue;
    const tables = await readTables(context, field);
    const largest = [...moments].sort((left, right) => right.sumX - left.sumX).slice(0, largestSlices);
    for (const one of largest) {
      const value = one.slice === null ? null : String(one.slice);
      const accuracy = toFigure(measureShare(one));
      const kappa = cohenKappa(
        tables.get(value) ?? [
          [0, 0],
          [0, 0],
        ],
      );
      slices.push({
        field,
        value,
        accuracy,
        kappa:
          kappa.status === 'undefined'
            ? { value: null, low: null, high: null, n: accuracy.n }
            : {
                value: kappa.kappa,
                low: kappa.error?.lower ?? null,
                high: kappa.error?.upper ?? null,
                n: accuracy.n,
              },
        isSmall: accuracy.n < smallSlice,
      });
    }
  }
  return slices;
}

async function readTables(
  { session, table, signal }: ReportContext,
  field: string,
): Promise<Map<string | null, number[][]>> {
  const rows = await session.all<{ value: string | null; aa: number; ab: number; ba: number; bb: number }>(
    `SELECT ${field}::VARCHAR AS value, count(*) FILTER (reference = 'a' AND judge = 'a') AS aa, count(*) FILTER (reference = 'a' AND judge = 'b') AS ab,
       count(*) FILTER (reference = 'b' AND judge = 'a') AS ba, count(*) FILTER (reference = 'b' AND judge = 'b') AS bb
     FROM ${table} GROUP BY ${field}`,
    [],
    { signal },
  );
  return new Map(
    rows.map(({ value, aa, ab, ba, bb }) => [
      value,
      [
        [aa, ab],
        [ba, bb],
      ],
    ]),
  );
}

function listWarnings(
  items: { judged: number; compared: number; invalid: number },
  position: JudgeReport['position'],
  length: JudgeReport['length'],
): string[] {
  const warnings: string[] = [];
  const share = (value: number) => `${(value * 100).toFixed(1)} %`;
  const asked = items.judged + items.invalid;
  if (asked > 0 && items.invalid / asked > 0.05)
    warnings.push(
      `${share(items.invalid / asked)} of ${asked} pairs have no valid answer; they are in no figure here.`,
    );
  if (items.judged > 0 && items.compared === 0)
    warnings.push('None of the judged pairs has a reference label, so there is nothing to compare with.');
  if (
    position.p !== null &&
    position.p < 0.05 &&
    (position.firstBiased.value ?? 0) + (position.secondBiased.value ?? 0) > 0.1
  )
    warnings.push(
      'The judge follows the order in which responses are shown more than chance would. Keep both orders.',
    );
  if (length.correlation.value !== null && (length.correlation.low ?? 0) > 0.3)
    warnings.push(
      `The judge’s choice follows length (r = ${length.correlation.value.toFixed(2)}); compare with how often the reference prefers the longer response.`,
    );
  return warnings;
}
