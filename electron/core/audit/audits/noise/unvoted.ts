import { z } from 'zod';
import type { AuditFigure, AuditResult } from '../../../../contract/audit.contract.ts';
import { fitLogistic } from '../../../statistics/logistic.ts';
import { falseNegativeProbability } from '../../../statistics/unvoted.ts';
import { type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { measureMean, measureShare, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{
  shown: string;
  positive: string;
  scorer: string;
  hiding_rate: number;
  drop_above: number;
}>;

const headOf = (metric: string, title: string) => ({ audit: 'unvoted', metric, title });

/** Voted responses needed to calibrate the scorer. */
const calibrationItems = 50;
const sensitivity = [0.1, 0.2, 0.4] as const;

export const unvotedAudit = defineAudit({
  id: 'unvoted',
  family: 'noise',
  title: 'Unvoted is not rejected',
  description:
    'How likely a response that was shown but not voted for was liked all the same, for logs that record only positives.',
  inputs: ['ratings', 'annotator'],
  parameters: {
    /** Aspect of a rating that says the response was shown (an impression), 1 each. */
    shown: z.string().default('shown'),
    /** Aspect that says it was liked: copied, upvoted. */
    positive: z.string().default('upvote'),
    /** Aspect of the score that predicts liking; empty = the numeric aspect rated most. */
    scorer: z.string().default(''),
    /** Share of liked responses that stay unvoted (our choice; shown at .1, .2 and .4 as well). */
    hiding_rate: z.number().min(0).lt(1).default(0.2),
    drop_above: z.number().min(0).max(1).default(0.5),
  },
  findObstacle: (dataset) =>
    dataset.aspects.includes('shown') || dataset.aspects.includes('impression')
      ? null
      : 'No rating says that a response was shown (aspect shown): what was never shown is not unvoted.',
  run: async (context) => {
    const items = context.scratch('items');
    const scorer = await prepare(context, items);
    if (scorer === undefined)
      return {
        obstacle:
          'No score of the shown responses exists to model the liking from (numeric aspect of rating).',
      };
    const fit = await calibrate(context, items);
    if (typeof fit === 'string') return { obstacle: fit };
    const figures: AuditFigure[] = [];
    for (const rate of [...new Set([context.params.hiding_rate, ...sensitivity])])
      figures.push(...(await measureRate(context, items, { fit, rate })));
    return {
      figures,
      findings: [await conclude(context, { items, figures, fit })],
      series: [drawPosterior(context.params.hiding_rate)],
      params: {
        scorer,
        calibration: 'Platt: logistic regression of the positive mark on the score',
        intercept: fit.intercept,
        slope: fit.slope,
      },
    };
  },
});

interface Calibration {
  intercept: number;
  slope: number;
}

/** One row per response shown: response_id, cluster, score, liked (0/1). Answers the aspect of the score. */
async function prepare(
  { session, dataset, signal, params }: AuditContext,
  items: string,
): Promise<string | undefined> {
  const row = await session.find<{ aspect: string }>(
    `SELECT aspect FROM rating WHERE dataset_id = $1 AND "value" IS NOT NULL AND aspect NOT IN ($2, $3) AND ($4 = '' OR aspect = $4)
     GROUP BY aspect HAVING count(DISTINCT "value") > 1 ORDER BY count(*) DESC, aspect LIMIT 1`,
    [dataset.datasetId, params.shown, params.positive, params.scorer],
    { signal },
  );
  if (!row) return undefined;
  await session.run(
    `CREATE OR REPLACE TABLE ${items} AS
     SELECT g.response_id, any_value(r.prompt_id) AS cluster, avg(g."value") FILTER (g.aspect = $4) AS score, max((g.aspect = $3 AND g."value" > 0)::INTEGER) AS liked
     FROM rating g JOIN response r USING (response_id) WHERE g.dataset_id = $1 AND g.aspect IN ($2, $3, $4) GROUP BY g.response_id
     HAVING bool_or(g.aspect = $2 AND coalesce(g."value", 1) > 0) AND score IS NOT NULL ORDER BY g.response_id`,
    [dataset.datasetId, params.shown, params.positive, row.aspect],
    { signal },
  );
  return row.aspect;
}

async function calibrate(
  { session, signal, params }: AuditContext,
  items: string,
): Promise<Calibration | string> {
  const { voted, shown } = await session.one<{ voted: number; shown: number }>(
    `SELECT coalesce(sum(liked), 0) AS voted, count(*) AS shown FROM ${items}`,
  );
  if (voted < calibrationItems)
    return `Only ${voted} shown responses are marked ${params.positive} (aspect of rating); calibrating the score needs ${calibrationItems}.`;
  if (voted === shown) return 'Every shown response is voted for: there are no unvoted ones.';
  const columns = await session.columns(
    `SELECT score, liked, cluster FROM ${items} ORDER BY response_id`,
    [],
    { signal },
  );
  const { score = new Float64Array(0), liked = new Float64Array(0), cluster = new Float64Array(0) } = columns;
  const fit = await fitLogistic(
    { features: [score], outcome: liked, clusters: cluster },
    signal ? { signal } : {},
  );
  if (!('slopes' in fit)) return 'The score cannot be calibrated: it takes one value only.';
  return { intercept: fit.interceptValue, slope: fit.slopes[0] ?? 0 };
}

/** The posterior as SQL, of the calibrated liking; takes the hiding rate as parameter twice. */
function posterior({ intercept, slope }: Calibration): string {
  const liking = `(1 / (1 + exp(-(${intercept} + ${slope} * score))))`;
  return `(?::DOUBLE * ${liking} / (1 - ${liking} + ?::DOUBLE * ${liking}))`;
}

async function measureRate(
  { session, signal, params }: AuditContext,
  items: string,
  { fit, rate }: { fit: Calibration; rate: number },
): Promise<AuditFigure[]> {
  const from = (outcome: string) =>
    `(SELECT NULL AS slice, cluster, ${outcome} AS outcome FROM ${items} WHERE liked = 0)`;
  const [mean] = await sumClusterMoments(session, from(posterior(fit)), { parameters: [rate, rate], signal });
  const [dropped] = await sumClusterMoments(session, from(`(${posterior(fit)} > ?)::INTEGER`), {
    parameters: [rate, rate, params.drop_above],
    signal,
  });
  const place = { slice_dim: 'hiding_rate', slice_value: String(rate) };
  return [
    makeFigure(headOf('mean_fn_prob', 'Mean chance that an unvoted response was liked'), {
      ...place,
      ...measureMean(mean),
      p: null,
    }),
    makeFigure(headOf('drop_share', 'Unvoted responses to leave out as negatives'), {
      ...place,
      ...measureShare(dropped),
      p: null,
    }),
  ];
}

async function conclude(
  context: AuditContext,
  { items, figures, fit }: { items: string; figures: readonly AuditFigure[]; fit: Calibration },
) {
  const { params } = context;
  const of = (metric: string) =>
    figures.find((figure) => figure.metric === metric && figure.slice_value === String(params.hiding_rate));
  const [mean, dropped] = [of('mean_fn_prob'), of('drop_share')];
  return makeFinding({
    id: 'false_negatives',
    sentence: `An unvoted response was liked with probability ${mean ? sayShare(mean) : '?'} (${sayMany(mean?.n_items ?? 0, 'unvoted response')}, hiding rate ${params.hiding_rate}); ${dropped ? sayShare(dropped) : '?'} are no negatives.`,
    figure: mean ? { ...mean, neutral: 0 } : null,
    scale: 'amount',
    isDescriptive: true,
    noticeFrom: 0.1,
    rows: await context.keepRows({
      set: 'false_negatives',
      relation: 'responses',
      sql: `SELECT response_id AS row_id FROM ${items} WHERE liked = 0 AND ${posterior(fit)} > ? ORDER BY score DESC, response_id`,
      parameters: [params.hiding_rate, params.hiding_rate, params.drop_above],
    }),
  });
}

function drawPosterior(rate: number): AuditResult['series'][number] {
  return {
    id: 'posterior',
    title: `Chance that an unvoted response was liked, at hiding rate ${rate}`,
    x_title: 'Modelled liking',
    y_title: 'Chance that it was liked',
    points: Array.from({ length: 21 }, (_, index) => ({
      ...{ label: (index / 20).toFixed(2), x: index / 20, y: falseNegativeProbability(index / 20, rate) },
      ...{ ci_lo: null, ci_hi: null, n: 0 },
    })),
  };
}
