import type { AuditResult, Finding } from './audit.contract.ts';

export interface RankedFinding {
  readonly audit: AuditResult;
  readonly finding: Finding;
}

const gravity = { warning: 0, notice: 1, none: 2 } as const;
const certain = { clear: 0, descriptive: 1, unclear: 2, too_few: 3 } as const;

/**
 * The findings of the audits that ran: the gravest first, then what was tested and is certain, then mere counts,
 * then the uncertain; among these by the least effect the interval allows, then by the effect. Findings on too few rows
 * come last: they take no rank.
 */
export function rankFindings(audits: readonly AuditResult[]): RankedFinding[] {
  return audits
    .flatMap((audit) => audit.findings.map((finding) => ({ audit, finding })))
    .sort(
      ({ finding: a }, { finding: b }) =>
        gravity[a.severity] - gravity[b.severity] ||
        certain[a.certainty] - certain[b.certainty] ||
        (b.effect_low ?? 0) - (a.effect_low ?? 0) ||
        (b.effect ?? 0) - (a.effect ?? 0),
    );
}
