import { z } from 'zod';
import type { AuditFigure, AuditResult } from '../../../../contract/audit.contract.ts';
import { fitLogistic, type LogisticFit } from '../../../statistics/logistic.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  defineAudit,
  makeFigure,
  maximumSlices,
  minimumItems,
} from '../audit.ts';
import { measureShare, statusOf, sumClusterMoments } from '../clustered-share.ts';
import { describeCoefficient, toProbability } from '../coefficient-figure.ts';
import { lengthPairs } from './length-pairs.ts';
import { measureModels } from './length-by-model.ts';
import { makeFinding } from '../finding.ts';
import { measureMeans, measureShares } from '../slices.ts';
import { sayCount, sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{ warn_above: number; balance: boolean }>;

const headOf = (metric: string, title: string) => ({ audit: 'length', metric, title });

export const lengthAudit = defineAudit({
  id: 'length',
  family: 'surface',
  title: 'Length',
  description:
    'Whether the longer response wins more often than chance, and what remains of win rates at equal length.',
  inputs: ['label', 'chars', 'sides', 'model'],
  parameters: {
    /** Longer-wins rates beyond this (or below its mirror image) are a warning. */
    warn_above: z.number().min(0.5).max(1).default(0.6),
    /** Whether to propose leaving out pairs until the longer side wins half of each tenth of the difference. */
    balance: z.boolean().default(false),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context) => {
    const differences = await measureDifferences(context);
    const model = await fitLength(context);
    const models = context.dataset.withModels > 0 ? await measureModels(context) : [];
    const figures = adjustFigures([...differences, ...describeModel(model, context), ...models]);
    if (context.params.balance) await proposeBalance(context);
    return {
      findings: [await describeLonger(figures, context)],
      figures,
      series: await drawCurves(context),
      params: {
        unit: 'chars',
        min_n: minimumItems,
        max_models: maximumSlices,
        length_term: 'tanh(difference / SD)',
        length_sd: model.spread,
      },
    };
  },
});

async function describeLonger(figures: readonly AuditFigure[], context: AuditContext) {
  const [rate] = figures;
  const equal = figures.find((figure) => figure.metric === 'equal_length_share');
  const side = (rate?.value ?? 0.5) >= 0.5 ? '>' : '<';
  return makeFinding({
    id: 'longer_wins',
    sentence: sayFinding(rate, Math.round((equal?.value ?? 0) * (equal?.n_items ?? 0))),
    figure: rate ?? null,
    scale: 'share',
    warnFrom: 2 * (context.params.warn_above - 0.5),
    series: 'longer_wins_by_difference',
    rows: await context.keepRows({
      set: side === '>' ? 'longer_chosen' : 'shorter_chosen',
      relation: 'pairs',
      sql: `SELECT DISTINCT comparison_id AS row_id, abs(delta) AS size FROM ${context.pairs} WHERE delta ${side} 0 ORDER BY size DESC, row_id`,
    }),
  });
}

/**
 * Pairs to leave out so that in each tenth of the length difference the longer side wins half: the surplus of the more
 * frequent outcome, drawn by the md5 of row and seed.
 */
async function proposeBalance(context: AuditContext): Promise<void> {
  await context.propose({
    kind: 'drop',
    sql: `WITH cut AS (SELECT comparison_id, delta, ntile(10) OVER (ORDER BY abs(delta), comparison_id) AS tenth FROM ${context.pairs} WHERE delta <> 0),
        placed AS (SELECT *, row_number() OVER (PARTITION BY tenth, delta > 0 ORDER BY md5(comparison_id || '.' || ${Number(context.seed)})) AS place,
          count(*) FILTER (delta > 0) OVER (PARTITION BY tenth) AS longer, count(*) FILTER (delta < 0) OVER (PARTITION BY tenth) AS shorter FROM cut)
      SELECT comparison_id, NULL AS before, NULL AS after, NULL AS score,
        format('Balance: the longer side wins {} of {} pairs of this length difference', longer, longer + shorter) AS reason
      FROM placed WHERE (delta > 0) = (longer > shorter) AND place > least(longer, shorter)`,
  });
}

/** Longer-wins rate first, then mean and median difference and the share of pairs of equal length. */
async function measureDifferences(context: AuditContext): Promise<AuditFigure[]> {
  const from = lengthPairs(context);
  const longer = await measureShares(context, {
    head: headOf('longer_win_rate', 'The longer side wins'),
    from,
    outcome: 'CASE WHEN delta <> 0 THEN (delta > 0)::INTEGER END',
  });
  const difference = await measureMeans(context, {
    head: headOf('mean_difference', 'Mean length difference, chosen − rejected (characters)'),
    from,
    outcome: 'delta',
  });
  const equal = await measureShares(context, {
    head: headOf('equal_length_share', 'Sides of equal length'),
    from,
    outcome: '(delta = 0)::INTEGER',
    neutral: null,
  });
  const [whole] = difference;
  const median = makeFigure(
    headOf('median_difference', 'Median length difference, chosen − rejected (characters)'),
    {
      ...(await findMedian(context, whole?.n_clusters ?? 0)),
      n_items: whole?.n_items ?? 0,
      n_clusters: whole?.n_clusters ?? 0,
      status: statusOf(whole?.n_items ?? 0),
      neutral: 0,
    },
  );
  return [...longer, ...difference, median, ...equal];
}

/** The median and its order-statistic interval, with the number of prompts in place of the number of pairs. */
async function findMedian(
  context: AuditContext,
  clusters: number,
): Promise<Pick<AuditFigure, 'value' | 'ci_lo' | 'ci_hi'>> {
  const reach = clusters === 0 ? 0.5 : Math.min(0.5, 0.98 / Math.sqrt(clusters));
  return context.session.one(
    `SELECT median(delta)::DOUBLE AS value, quantile_disc(delta, ?::DOUBLE)::DOUBLE AS ci_lo, quantile_disc(delta, ?::DOUBLE)::DOUBLE AS ci_hi
     FROM ${lengthPairs(context)}`,
    [0.5 - reach, 0.5 + reach],
    { signal: context.signal },
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
async function fitLength(context: AuditContext): Promise<LengthFit> {
  const { session, dataset, signal } = context;
  const delta = dataset.hasSides ? 'delta_ab' : 'delta';
  const columns = await session.columns(
    `SELECT ${delta}::DOUBLE AS delta, cluster, ${dataset.hasSides ? "(label = 'a')::INTEGER" : '1'} AS won FROM ${lengthPairs(context)}
     ORDER BY row_id`,
    [],
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
  context: AuditContext,
  x: string,
  outcome: string,
  condition: string,
): Promise<AuditResult['series'][number]['points']> {
  const { session, signal } = context;
  const options = { parameters: [], signal };
  const cut = `(SELECT ntile(10) OVER (ORDER BY ${x}, row_id) AS slice, ${x} AS x, cluster, ${outcome} AS outcome
    FROM ${lengthPairs(context)} WHERE ${condition})`;
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

function sayFinding(rate: AuditFigure | undefined, equal: number): string {
  if (!rate || rate.value === null)
    return 'All labelled pairs have sides of equal length, so length cannot have decided any.';
  const tail = equal === 0 ? '' : `; ${sayMany(equal, 'pair')} of equal length left out`;
  return `The longer side wins ${sayShare(rate)} of ${sayMany(rate.n_items, 'pair')} of unequal length${tail}.`;
}
