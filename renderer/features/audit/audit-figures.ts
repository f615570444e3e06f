import type { AuditDocument, AuditFigure, AuditResult } from '../../../electron/contract/audit.contract.ts';
import type { Interval } from '../../charts/figure-text.ts';
import { plainText, shareText } from '../../charts/figure-text.ts';

const shareName =
  /(^|_)(share|rate|accuracy|consistency|probability)(_|$)|^(repeated_pairs|conflicts|identical_sides|near_prompts|contam_(13|cov))$/;

/** The figure a finding is about: the first of the whole dataset that is not undefined. */
export function headlineOf(audit: AuditResult): AuditFigure | undefined {
  const whole = audit.figures.filter((figure) => figure.slice_dim === null);
  return whole.find((figure) => figure.value !== null) ?? whole[0];
}

export const isShareFigure = (figure: AuditFigure): boolean =>
  figure.neutral === 0.5 || shareName.test(figure.metric);

/** Whether a figure is on the scale of log-odds, which its sentence tells as odds. */
export const isLogOdds = (figure: AuditFigure): boolean => /log[- ](odds|ratio)/i.test(figure.title);

export function formatOf(figure: AuditFigure): (value: number) => string {
  return isShareFigure(figure) ? shareText : plainText;
}

export function intervalOf(figure: { ci_lo: number | null; ci_hi: number | null }): Interval {
  return figure.ci_lo === null || figure.ci_hi === null ? null : [figure.ci_lo, figure.ci_hi];
}

/** The shares of one metric, e.g. the win rate of each model. */
export interface ShareGroup {
  readonly metric: string;
  readonly title: string;
  readonly figures: readonly AuditFigure[];
}

/**
 * Shares measured against one half, which can be drawn on one scale, by metric in the order of the document; at
 * most `most` of each metric.
 */
export function groupShares(audit: AuditResult, most: number): ShareGroup[] {
  const drawable = audit.figures.filter((figure) => figure.neutral === 0.5 && figure.value !== null);
  const metrics = [...new Set(drawable.map((figure) => figure.metric))];
  return metrics.map((metric) => {
    const figures = drawable.filter((figure) => figure.metric === metric);
    return { metric, title: figures[0]?.title ?? metric, figures: figures.slice(0, most) };
  });
}

/** One figure that two runs have in common. */
export interface FigurePair {
  readonly key: string;
  readonly audit: string;
  readonly left: AuditFigure;
  readonly right: AuditFigure;
  /** right − left. */
  readonly difference: number;
  /** Whether the two intervals have no point in common. */
  readonly isApart: boolean;
  /** Either rests on too few rows. */
  readonly isWeak: boolean;
}

const keyOf = (figure: AuditFigure): string =>
  [figure.audit, figure.metric, figure.slice_dim ?? '', figure.slice_value ?? ''].join('\u0000');

/**
 * Figures of two runs side by side, the largest difference in units of the two intervals first and those on too few rows
 * last; `onlyIn` counts the figures that one run has alone.
 */
export function compareRuns(
  left: AuditDocument,
  right: AuditDocument,
): { readonly pairs: readonly FigurePair[]; readonly onlyIn: number } {
  const titles = new Map([...left.audits, ...right.audits].map((audit) => [audit.audit, audit.title]));
  const list = (document: AuditDocument) =>
    new Map(
      document.audits.flatMap((audit) => audit.figures.map((figure) => [keyOf(figure), figure] as const)),
    );
  const [first, second] = [list(left), list(right)];
  const pairs = [...first].flatMap(([key, figure]): (FigurePair & { size: number })[] => {
    const other = second.get(key);
    if (!other || figure.value === null || other.value === null) return [];
    const [a, b] = [intervalOf(figure), intervalOf(other)];
    const difference = other.value - figure.value;
    const width = (a ? a[1] - a[0] : 0) + (b ? b[1] - b[0] : 0);
    return [
      {
        key,
        audit: titles.get(figure.audit) ?? figure.audit,
        left: figure,
        right: other,
        difference,
        isApart: a !== null && b !== null && (a[0] > b[1] || b[0] > a[1]),
        isWeak: figure.status !== 'ok' || other.status !== 'ok',
        size: width > 0 ? Math.abs(difference) / width : 0,
      },
    ];
  });
  pairs.sort((x, y) => Number(x.isWeak) - Number(y.isWeak) || y.size - x.size);
  const shared = [...first.keys()].filter((key) => second.has(key)).length;
  return { pairs, onlyIn: first.size + second.size - 2 * shared };
}

/** A scale that holds a figure with its interval and "no effect"; 0..1 for shares. */
export function domainOf(figure: AuditFigure): [number, number] {
  if (isShareFigure(figure)) return [0, 1];
  const neutral = figure.neutral ?? 0;
  const reach = Math.max(
    ...[figure.value, figure.ci_lo, figure.ci_hi].map((bound) =>
      bound === null ? 0 : Math.abs(bound - neutral),
    ),
    1e-6,
  );
  return [neutral - reach * 1.1, neutral + reach * 1.1];
}

/** The other groups of the metric that a finding rests on, the largest first. */
export function listSiblings(audit: AuditResult, figure: AuditFigure | null): readonly AuditFigure[] {
  if (!figure || figure.slice_dim !== null) return [];
  return audit.figures.filter((other) => other.metric === figure.metric && other.slice_dim !== null);
}
