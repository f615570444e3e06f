import type { AuditFigure, Finding } from '../../../contract/audit.contract.ts';
import { chiSquaredP } from '../../statistics/chi-squared.ts';
import { fitLogistic } from '../../statistics/logistic.ts';
import type { AuditContext as Context } from './audit.ts';
import { makeFigure } from './audit.ts';
import { describeCoefficient } from './coefficient-figure.ts';
import { makeFinding } from './finding.ts';
import { measureShares } from './slices.ts';
import { sayMany, sayShare } from './wording.ts';

type AuditContext = Context<unknown>;

/** A number that both sides of a pair have, as SQL over the columns of a relation. */
export interface SideFeature {
  readonly id: string;
  /** What the side with the larger number has: “more question marks”. */
  readonly title: string;
  readonly chosen: string;
  readonly rejected: string;
}

export interface FeatureRelation {
  readonly audit: string;
  /** A relation with row_id, comparison_id, cluster and the columns of the features. */
  readonly from: string;
  readonly features: readonly SideFeature[];
}

/** A trait as a feature of `joinTraits`. */
export const traitFeature = (id: string, title: string): SideFeature => ({
  id,
  title,
  chosen: `"chosen_${id}"`,
  rejected: `"rejected_${id}"`,
});

const moreOf = ({ chosen, rejected }: SideFeature) =>
  `CASE WHEN ${chosen} > ${rejected} THEN 1 WHEN ${chosen} < ${rejected} THEN 0 END`;

/**
 * For each feature, over the pairs where the sides differ in it, the share whose chosen side has more; one metric, so
 * that p is adjusted over the features. With a slice, the same by slice, a metric for each feature.
 */
export async function measureFeatures(
  context: AuditContext,
  relation: FeatureRelation,
): Promise<AuditFigure[]> {
  const whole: AuditFigure[] = [];
  const sliced: AuditFigure[] = [];
  for (const feature of relation.features) {
    const [first, ...others] = await measureShares(context, {
      head: { audit: relation.audit, metric: 'chosen_has_more', title: 'The chosen side has more' },
      from: relation.from,
      outcome: moreOf(feature),
    });
    if (first) whole.push({ ...first, slice_dim: 'feature', slice_value: feature.title });
    sliced.push(
      ...others.map((figure) => ({
        ...figure,
        metric: `chosen_has_more_${feature.id}`,
        title: `The chosen side has ${feature.title}`,
      })),
    );
  }
  return [...whole, ...sliced];
}

/**
 * Discordance test of a feature: χ² = (more − fewer)²/(more + fewer) with one degree of freedom. Rows of one prompt are
 * not independent, so findings use the clustered p instead; this one is for comparison with the literature.
 */
export function discordanceTest(more: number, fewer: number): { statistic: number; p: number } {
  const statistic = (more - fewer) ** 2 / (more + fewer);
  return { statistic, p: chiSquaredP(statistic, 1) };
}

/**
 * Findings for the features that go with the label most, at most `most`, from adjusted figures. Where none does, one
 * finding that says so, on the feature nearest to it.
 */
export async function describeFeatures(
  context: AuditContext,
  relation: FeatureRelation,
  options: { figures: readonly AuditFigure[]; most: number; warnFrom: number; noticeFrom: number },
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const candidates = options.figures
    .filter(
      (figure) =>
        figure.metric === 'chosen_has_more' && figure.slice_dim === 'feature' && figure.value !== null,
    )
    .sort((a, b) => leastDistance(b) - leastDistance(a));
  for (const figure of candidates.slice(0, options.most)) {
    const feature = relation.features.find((candidate) => candidate.title === figure.slice_value);
    if (!feature) continue;
    const chosenHasMore = (figure.value ?? 0.5) >= 0.5;
    findings.push(
      makeFinding({
        id: feature.id,
        sentence: `The side with ${feature.title} wins ${sayShare(figure)} of the ${sayMany(figure.n_items, 'pair')} that differ in it.`,
        figure,
        scale: 'share',
        warnFrom: options.warnFrom,
        noticeFrom: options.noticeFrom,
        rows: await context.keepRows({
          set: feature.id,
          relation: 'pairs',
          sql: `SELECT DISTINCT comparison_id AS row_id, abs(${feature.chosen} - ${feature.rejected}) AS size FROM ${relation.from}
            WHERE ${feature.chosen} ${chosenHasMore ? '>' : '<'} ${feature.rejected} ORDER BY size DESC, row_id`,
        }),
      }),
    );
  }
  return findings;
}

/** How far from one half the interval stays; below 0 where it covers it, so that the clear come first. */
function leastDistance({ value, ci_lo: low, ci_hi: high, status }: AuditFigure): number {
  if (status !== 'ok' || value === null || low === null || high === null) return -1;
  return Math.max(low - 0.5, 0.5 - high);
}

/**
 * All features in one logistic regression of the label on the differences chosen − rejected, each divided by its root
 * mean square, without intercept (both orders of a pair say the same), so that correlated features compete. Log-odds
 * per SD with cluster-robust intervals.
 */
export async function fitFeatures(
  { session, signal }: AuditContext,
  relation: FeatureRelation,
  ridge = 1e-3,
): Promise<AuditFigure[]> {
  const { features, from, audit } = relation;
  const columns = await session.columns(
    `SELECT cluster, ${features.map(({ chosen, rejected }, index) => `coalesce(${chosen} - ${rejected}, 0)::DOUBLE AS f${index}`).join(', ')}
     FROM ${from} ORDER BY row_id`,
    [],
    { signal },
  );
  const clusters = columns['cluster'] ?? new Float64Array(0);
  const scaled = features.map((_, index) =>
    divideByRootMeanSquare(columns[`f${index}`] ?? new Float64Array(0)),
  );
  const rows = clusters.length;
  const fit =
    rows === 0
      ? undefined
      : await fitLogistic(
          { features: scaled, outcome: new Float64Array(rows).fill(1), clusters },
          { intercept: false, ridge, ...(signal ? { signal } : {}) },
        );
  return features.map(({ title }, index) =>
    makeFigure(
      { audit, metric: 'joint_effect', title: 'Effect beside the other features (log-odds per SD)' },
      {
        slice_dim: 'feature',
        slice_value: title,
        n_items: rows,
        n_clusters: fit && 'coefficients' in fit ? fit.clusters : 0,
        ...describeCoefficient(fit && 'coefficients' in fit ? fit.coefficients[index] : undefined, rows),
        neutral: 0,
      },
    ),
  );
}

/** Divides by √(Σx²/n): unlike an SD about the mean it does not depend on which side is called first. */
export function divideByRootMeanSquare(values: Float64Array): Float64Array {
  const spread = Math.sqrt(
    values.reduce((sum, value) => sum + value * value, 0) / Math.max(1, values.length),
  );
  return spread > 0 ? values.map((value) => value / spread) : values;
}
