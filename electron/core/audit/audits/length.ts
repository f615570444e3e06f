import type { AuditFigure, AuditResult } from '../../../contract/audit.contract.ts';
import { fitLogistic, type LogisticFit } from '../statistics/logistic.ts';
import {
  adjustFigures,
  type Audit,
  type AuditContext,
  makeFigure,
  maximumSlices,
  minimumItems,
} from './audit.ts';
import { measureMean, measureShare, statusOf, sumClusterMoments } from './clustered-share.ts';
import { describeCoefficient, toProbability } from './coefficient-figure.ts';
import { lengthPairs } from './length-pairs.ts';
import { measureModels } from './length-by-model.ts';
import { sayCount, sayMany, sayShare } from './wording.ts';

/** Longer-wins rates beyond this (or below its mirror image) are a warning. */
const warnAbove = 0.6;

const headOf = (metric: string, title: string) => ({ audit: 'length', metric, title });

export const lengthAudit: Audit = {
  id: 'length',
  title: 'Length',
  description:
    'Whether the longer response wins more often than chance, and what remains of win rates at equal length.',
  inputs: ['label', 'chars', 'sides', 'model'],
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context) => {
    const [winRate, ...others] = await measureDifferences(context);
    const model = await fitLength(context);
    const models = context.dataset.withModels > 0 ? await measureModels(context) : [];
    const figures = adjustFigures([winRate, ...others, ...describeModel(model, context), ...models]);
    const rate = figures[0] ?? winRate;
    const equal = others.find((figure) => figure.metric === 'equal_length_share');
    return {
      finding: sayFinding(rate, Math.round((equal?.value ?? 0) * (equal?.n_items ?? 0))),
      severity: judge(rate),
      figures,
      series: await drawCurves(context),
      params: {
        unit: 'chars',
        warn_above: warnAbove,
        min_n: minimumItems,
        max_models: maximumSlices,
        length_term: 'tanh(difference / SD)',
        length_sd: model.spread,
        seed: context.seed,
      },
    };
  },
};

/** Longer-wins rate first, then mean and median difference and the share of pairs of equal length. */
async function measureDifferences(context: AuditContext): Promise<[AuditFigure, ...AuditFigure[]]> {
  const { session, dataset, signal } = context;
  const options = { parameters: [dataset.datasetId], signal };
  const over = async (outcome: string) => {
    const relation = `(SELECT NULL AS slice, cluster, ${outcome} AS outcome FROM ${lengthPairs})`;
    return (await sumClusterMoments(session, relation, options))[0];
  };
  const longer = await over('CASE WHEN delta <> 0 THEN (delta > 0)::INTEGER END');
  const difference = await over('delta');
  const equal = await over('(delta = 0)::INTEGER');
  const median = await findMedian(context, difference?.clusters ?? 0);
  return [
    makeFigure(headOf('longer_win_rate', 'The longer side wins'), { ...measureShare(longer), neutral: 0.5 }),
    makeFigure(headOf('mean_difference', 'Mean length difference, chosen − rejected (characters)'), {
      ...measureMean(difference),
      neutral: 0,
    }),
    makeFigure(headOf('median_difference', 'Median length difference, chosen − rejected (characters)'), {
      ...median,
      n_items: difference?.sumX ?? 0,
      n_clusters: difference?.clusters ?? 0,
      status: statusOf(difference?.sumX ?? 0),
      neutral: 0,
    }),
    makeFigure(headOf('equal_length_share', 'Sides of equal length'), { ...measureShare(equal), p: null }),
  ];
}

/** The median and its order-statistic interval, with the number of prompts in place of the number of pairs. */
async function findMedian(
  { session, dataset, signal }: AuditContext,
  clusters: number,
): Promise<Pick<AuditFigure, 'value' | 'ci_lo' | 'ci_hi'>> {
  const reach = clusters === 0 ? 0.5 : Math.min(0.5, 0.98 / Math.sqrt(clusters));
  return session.one(
    `SELECT median(delta)::DOUBLE AS value, quantile_disc(delta, ?::DOUBLE)::DOUBLE AS ci_lo, quantile_disc(delta, ?::DOUBLE)::DOUBLE AS ci_hi
     FROM ${lengthPairs}`,
    [0.5 - reach, 0.5 + reach, dataset.datasetId],
    { signal },
  );
}

interface LengthFit {
  readonly fit: LogisticFit | undefined;
  readonly spread: number;
  readonly rows: number;
}

/**
 * logit P(a wins) = θ + φ·tanh(Δ/SD), Δ = length of a − length of b. Where the sides are not the source's own, the pair
 * is seen from the chosen side and there is no θ.
 */
async function fitLength({ session, dataset, signal }: AuditContext): Promise<LengthFit> {
  const delta = dataset.hasSides ? 'delta_ab' : 'delta';
  const columns = await session.columns(
    `SELECT ${delta}::DOUBLE AS delta, cluster, ${dataset.hasSides ? "(label = 'a')::INTEGER" : '1'} AS won FROM ${lengthPairs}
     ORDER BY comparison_id`,
    [dataset.datasetId],
    { signal },
  );
  const lengths = columns.delta ?? new Float64Array(0);
  const rows = lengths.length;
  const spread = Math.sqrt(lengths.reduce((sum, value) => sum + value * value, 0) / Math.max(1, rows));
  if (spread === 0) return { fit: undefined, spread, rows };
  const fit = await fitLogistic(
    {
      features: [lengths.map((value) => Math.tanh(value / spread))],
      outcome: columns.won ?? [],
      clusters: columns.cluster ?? [],
    },
    { intercept: dataset.hasSides, ...(signal ? { signal } : {}) },
  );
  return { fit: 'coefficients' in fit ? fit : undefined, spread, rows };
}

function describeModel({ fit, rows }: LengthFit, { dataset }: AuditContext): AuditFigure[] {
  const shared = { n_items: rows, n_clusters: fit?.clusters ?? 0 };
  const slope = fit?.coefficients[0];
  const effect = makeFigure(
    headOf('length_effect', 'Effect of length φ (log-odds per tanh(difference / SD))'),
    {
      ...shared,
      ...describeCoefficient(slope, rows),
      neutral: 0,
    },
  );
  if (!dataset.hasSides) return [effect];
  const intercept = describeCoefficient(fit?.intercept, rows);
  return [
    effect,
    makeFigure(headOf('a_win_rate_at_equal_length', 'Stored side a wins at equal length'), {
      ...shared,
      ...toProbability(intercept),
      neutral: 0.5,
    }),
  ];
}

/** Win rates by tenths of the length difference. */
async function drawCurves(context: AuditContext): Promise<AuditResult['series']> {
  const chosen = {
    id: 'longer_wins_by_difference',
    title: 'How often the longer side wins, by how much longer it is',
    x_title: 'Length difference (characters, median of each tenth)',
    y_title: 'Longer side wins',
    points: await drawCurve(context, 'abs(delta)', '(delta > 0)::INTEGER', 'delta <> 0'),
  };
  if (!context.dataset.hasSides) return [chosen];
  return [
    chosen,
    {
      id: 'a_wins_by_difference',
      title: 'How often side a wins, by its length advantage',
      x_title: 'Length of a − length of b (characters, median of each tenth)',
      y_title: 'Side a wins',
      points: await drawCurve(context, 'delta_ab', "(label = 'a')::INTEGER", 'true'),
    },
  ];
}

async function drawCurve(
  { session, dataset, signal }: AuditContext,
  x: string,
  outcome: string,
  condition: string,
): Promise<AuditResult['series'][number]['points']> {
  const options = { parameters: [dataset.datasetId], signal };
  const cut = `(SELECT ntile(10) OVER (ORDER BY ${x}, comparison_id) AS slice, ${x} AS x, cluster, ${outcome} AS outcome
    FROM ${lengthPairs} WHERE ${condition})`;
  const places = await session.all<{ slice: number; low: number; high: number; middle: number }>(
    `SELECT slice, min(x)::DOUBLE AS low, max(x)::DOUBLE AS high, median(x)::DOUBLE AS middle FROM ${cut} GROUP BY slice ORDER BY slice`,
    options.parameters,
    { signal },
  );
  const moments = await sumClusterMoments(session, cut, options);
  return places.map((place, index) => {
    const share = measureShare(moments[index]);
    return {
      label:
        place.low === place.high ? sayCount(place.low) : `${sayCount(place.low)} to ${sayCount(place.high)}`,
      x: place.middle,
      y: share.value,
      ci_lo: share.ci_lo,
      ci_hi: share.ci_hi,
      n: share.n_items,
    };
  });
}

function sayFinding(rate: AuditFigure, equal: number): string {
  if (rate.value === null)
    return 'All labelled pairs have sides of equal length, so length cannot have decided any.';
  const tail = equal === 0 ? '' : `; ${sayMany(equal, 'pair')} of equal length left out`;
  return `The longer side wins ${sayShare(rate)} of ${sayMany(rate.n_items, 'pair')} of unequal length${tail}.`;
}

/** Warning: the interval leaves out ½ and the rate is beyond 60 % either way; notice: the interval leaves out ½. */
function judge(rate: AuditFigure): AuditResult['severity'] {
  if (rate.status !== 'ok' || rate.value === null || rate.ci_lo === null || rate.ci_hi === null)
    return 'none';
  if (rate.ci_lo <= 0.5 && rate.ci_hi >= 0.5) return 'none';
  return Math.abs(rate.value - 0.5) > warnAbove - 0.5 ? 'warning' : 'notice';
}
