import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { fitLogistic } from '../../../statistics/logistic.ts';
import { type AuditContext as Context, makeFigure, maximumSlices, minimumItems } from '../audit.ts';
import { measureShare, sumClusterMoments } from '../clustered-share.ts';
import { describeCoefficient, toProbability } from '../coefficient-figure.ts';
import { lengthPairs } from './length-pairs.ts';

type AuditContext = Context<unknown>;

/**
 * The models with the most pairs: one row per pair and model, seen from the model's side. Pairs of a model with itself
 * say nothing about it.
 */
const listModelRows = (
  context: AuditContext,
) => `(WITH pair AS (SELECT * FROM ${lengthPairs(context)} WHERE model_a <> model_b),
    seen AS (SELECT model_a AS model, delta_ab AS delta, (label = 'a')::INTEGER AS won, cluster, row_id FROM pair
      UNION ALL SELECT model_b, -delta_ab, (label = 'b')::INTEGER, cluster, row_id FROM pair),
    top AS (SELECT model, row_number() OVER (ORDER BY count(*) DESC, model) AS place FROM seen GROUP BY model
      HAVING count(*) >= ${minimumItems} ORDER BY place LIMIT ${maximumSlices})
  SELECT * FROM seen JOIN top USING (model))`;

/**
 * Raw and length-controlled win rate of each model: logit P(model wins) = θ + φ·tanh(Δ/SD), Δ its length minus its
 * opponent's, the controlled rate σ(θ) at Δ = 0 (AlpacaEval's form without the instruction-difficulty term).
 */
export async function measureModels(context: AuditContext): Promise<AuditFigure[]> {
  const { session, signal } = context;
  const modelRows = listModelRows(context);
  const parameters: [] = [];
  const names = await session.all<{ place: number; model: string }>(
    `SELECT DISTINCT place, model FROM ${modelRows} ORDER BY place`,
    parameters,
    { signal },
  );
  const raw = await sumClusterMoments(
    session,
    `(SELECT place AS slice, cluster, won AS outcome FROM ${modelRows})`,
    { parameters, signal },
  );
  const columns = await session.columns(
    `SELECT place, delta::DOUBLE AS delta, won, cluster FROM ${modelRows} ORDER BY place, row_id`,
    parameters,
    { signal },
  );
  const figures: AuditFigure[] = [];
  let from = 0;
  for (const [index, { model }] of names.entries()) {
    const moments = raw[index];
    const to = from + (moments?.sumX ?? 0);
    const slice = { slice_dim: 'model', slice_value: model, neutral: 0.5 };
    figures.push(
      makeFigure(
        { audit: 'length', metric: 'win_rate', title: 'Win rate' },
        { ...slice, ...measureShare(moments) },
      ),
      makeFigure(
        { audit: 'length', metric: 'length_controlled_win_rate', title: 'Win rate at equal length' },
        {
          ...slice,
          n_items: to - from,
          n_clusters: moments?.clusters ?? 0,
          ...(await controlModel(columns, from, to, signal)),
        },
      ),
    );
    from = to;
  }
  return figures;
}

async function controlModel(
  columns: Record<string, Float64Array>,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
): Promise<Partial<AuditFigure>> {
  const part = (name: string) => columns[name]?.subarray(from, to) ?? new Float64Array(0);
  const lengths = part('delta');
  const mean = lengths.reduce((sum, value) => sum + value, 0) / Math.max(1, lengths.length);
  const spread = Math.sqrt(
    lengths.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, lengths.length - 1),
  );
  const fit = await fitLogistic(
    {
      features: spread > 0 ? [lengths.map((value) => Math.tanh(value / spread))] : [],
      outcome: part('won'),
      clusters: part('cluster'),
    },
    signal ? { signal } : {},
  );
  return toProbability(describeCoefficient('coefficients' in fit ? fit.intercept : undefined, to - from));
}
