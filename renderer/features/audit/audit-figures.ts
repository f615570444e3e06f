import type { AuditDocument, AuditFigure, AuditResult } from '../../../electron/contract/audit.contract.ts';
import type { Interval } from '../../charts/figure-text.ts';
import { plainText, shareText } from '../../charts/figure-text.ts';

const severities = { warning: 0, notice: 1, none: 2 } as const;
const shareName = /(^|_)(share|rate|accuracy|consistency|probability)(_|$)/;

/** Distance of the headline figure from "no effect"; 0 where it is undefined or has no neutral value. */
export function effectOf(audit: AuditResult): number {
  const figure = headlineOf(audit);
  if (figure?.value == null || figure.neutral === null) return 0;
  return Math.abs(figure.value - figure.neutral);
}

/** The figure a finding is about: the first of the whole dataset that is not undefined. */
export function headlineOf(audit: AuditResult): AuditFigure | undefined {
  const whole = audit.figures.filter((figure) => figure.slice_dim === null);
  return whole.find((figure) => figure.value !== null) ?? whole[0];
}

/** Applicable audits, the gravest first, then by the size of their effect; apart from those not applicable. */
export function rankAudits(document: AuditDocument): {
  readonly ranked: readonly AuditResult[];
  readonly notApplicable: readonly AuditResult[];
} {
  const ranked = document.audits
    .filter((audit) => audit.is_applicable)
    .sort((a, b) => severities[a.severity] - severities[b.severity] || effectOf(b) - effectOf(a));
  return { ranked, notApplicable: document.audits.filter((audit) => !audit.is_applicable) };
}

export const isShareFigure = (figure: AuditFigure): boolean =>
  figure.neutral === 0.5 || shareName.test(figure.metric);

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
