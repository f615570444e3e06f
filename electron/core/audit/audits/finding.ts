import type { AuditFigure, Finding } from '../../../contract/audit.contract.ts';
import { adjustPValues } from '../../statistics/benjamini-hochberg.ts';
import { normalCdf } from '../../statistics/normal.ts';

/**
 * How a figure is put on the common scale 0..1, on which findings are ranked: twice the distance of a win probability
 * from one half, or what equals it.
 *
 * - `share`: 2·|v − neutral|, at most 1.
 * - `log_odds`: 2σ(|v|) − 1.
 * - `standardised`: a mean difference in SDs, 2Φ(|v|/√2) − 1.
 * - `difference`: |v − neutral|, for a difference of shares, a correlation, an index in −1..1.
 * - `amount`: v itself, for a share of rows that is bad as such (duplicates); neutral is 0.
 */
export type EffectScale = 'share' | 'log_odds' | 'standardised' | 'difference' | 'amount';

const scales: Readonly<Record<EffectScale, (distance: number) => number>> = {
  share: (distance) => 2 * distance,
  log_odds: (distance) => 2 / (1 + Math.exp(-distance)) - 1,
  standardised: (distance) => 2 * normalCdf(distance / Math.SQRT2) - 1,
  difference: (distance) => distance,
  amount: (distance) => distance,
};

/** The effect of a value, and the least effect its interval allows. */
export function measureEffect(
  figure: Pick<AuditFigure, 'value' | 'ci_lo' | 'ci_hi' | 'neutral'>,
  scale: EffectScale,
): Pick<Finding, 'effect' | 'effect_low'> {
  const { value, ci_lo: low, ci_hi: high } = figure;
  if (value === null) return { effect: null, effect_low: null };
  const neutral = figure.neutral ?? 0;
  const toScale = (bound: number) => Math.min(1, scales[scale](Math.abs(bound - neutral)));
  if (low === null || high === null) return { effect: toScale(value), effect_low: null };
  const covers = low <= neutral && high >= neutral;
  const nearest = Math.abs(low - neutral) < Math.abs(high - neutral) ? low : high;
  return { effect: toScale(value), effect_low: covers ? 0 : toScale(nearest) };
}

export interface FindingParts {
  readonly id: string;
  readonly sentence: string;
  readonly figure: AuditFigure | null;
  readonly scale: EffectScale;
  /** Effect (on the common scale) from which a clear finding is a warning; below it is a notice. Never without. */
  readonly warnFrom?: number;
  /** Effect below which even a clear finding is not worth a notice. Default 0. */
  readonly noticeFrom?: number;
  /** True for a count that nothing is tested about: its severity follows from its size alone. */
  readonly isDescriptive?: boolean;
  readonly series?: string;
  readonly rows?: Finding['rows'];
}

/**
 * A finding with effect, certainty and severity. It is `clear`, and then a notice or a warning, where p_adj (or p) of
 * its figure is at most 5 % and its interval leaves out "no effect"; `settleFindings` later takes back those that do
 * not survive the adjustment over the whole run.
 */
export function makeFinding(parts: FindingParts): Finding {
  const { figure, scale, isDescriptive = false } = parts;
  const effects = figure ? measureEffect(figure, scale) : { effect: null, effect_low: null };
  const certainty = judgeCertainty(figure, effects.effect_low, isDescriptive);
  const isSpeaking = certainty === 'clear' || certainty === 'descriptive';
  return {
    id: parts.id,
    sentence: parts.sentence,
    severity: isSpeaking ? judgeSeverity(effects.effect ?? 0, parts) : 'none',
    figure,
    ...effects,
    certainty,
    series: parts.series ?? null,
    rows: parts.rows ?? null,
  };
}

function judgeCertainty(
  figure: AuditFigure | null,
  low: number | null,
  isDescriptive: boolean,
): Finding['certainty'] {
  if (!figure || figure.value === null || figure.status !== 'ok') return 'too_few';
  if (isDescriptive) return 'descriptive';
  const p = figure.p_adj ?? figure.p;
  return p !== null && p <= 0.05 && low !== 0 ? 'clear' : 'unclear';
}

function judgeSeverity(effect: number, parts: FindingParts): Finding['severity'] {
  if (effect === 0 || effect < (parts.noticeFrom ?? 0)) return 'none';
  return parts.warnFrom !== undefined && effect >= parts.warnFrom ? 'warning' : 'notice';
}

/**
 * Adjusts over all tested findings of a run (Benjamini-Hochberg, 5 %): a finding that does not survive is no longer
 * `clear` and loses its severity. Where no finding is true, at most 5 % of the runs flag any.
 */
export function settleFindings<A extends { readonly findings: readonly Finding[] }>(
  audits: readonly A[],
): A[] {
  const tested = audits.flatMap((audit) => audit.findings.filter(isTested));
  const adjusted = adjustPValues(tested.map((finding) => finding.figure?.p_adj ?? finding.figure?.p ?? 1));
  const fails = new Set(tested.filter((_, index) => (adjusted[index] ?? 1) > 0.05));
  return audits.map((audit) => ({
    ...audit,
    findings: audit.findings.map((finding) =>
      fails.has(finding) && finding.certainty === 'clear'
        ? { ...finding, certainty: 'unclear' as const, severity: 'none' as const }
        : finding,
    ),
  }));
}

const isTested = ({ certainty, figure }: Finding) =>
  certainty !== 'descriptive' && figure !== null && figure.value !== null && figure.p !== null;
