import type { AuditResult } from '../../../contract/audit.contract.ts';
import { rankFindings } from '../../../contract/finding-order.ts';
import type { ReportDocument } from '../../../contract/report.contract.ts';
import { drawCurveChart } from '../charts/curve-chart.ts';
import { joinMarkup, markup, nothing, type Markup } from '../markup.ts';
import {
  type AuditSeries,
  auditTable,
  findNeutral,
  isPercentSeries,
  seriesTable,
} from '../report-content.ts';
import { drawTable } from './table.ts';

const severities = { none: 'No concern', notice: 'Notice', warning: 'Warning' } as const;
const rowsShown = 10;

function drawSeries(audit: AuditResult, series: AuditSeries, id: string): Markup {
  const points = series.points.map((point) => ({
    label: point.label,
    y: point.y,
    ci: point.ci_lo === null || point.ci_hi === null ? null : ([point.ci_lo, point.ci_hi] as const),
    n: point.n,
  }));
  const isPercent = isPercentSeries(series);
  const chart = drawCurveChart({
    id,
    title: series.title,
    points,
    isPercent,
    neutral: findNeutral(audit, series),
  });
  return markup`<figure><figcaption dir="auto"><strong>${series.title}</strong><br>${series.y_title}, by ${series.x_title}; bars are 95 % intervals.</figcaption>${chart}
<details><summary>The points as a table</summary>${drawTable(seriesTable(series), { name: 'small' })}</details></figure>`;
}

function drawFigures(audit: AuditResult): Markup {
  if (audit.figures.length === 0) return nothing;
  const table = drawTable(auditTable(audit), { name: 'small' });
  if (audit.figures.length <= rowsShown) return table;
  return markup`<details><summary>All ${audit.figures.length} figures</summary>${table}</details>`;
}

function drawAudit(audit: AuditResult, index: number): Markup {
  const settings = Object.entries(audit.params)
    .map(([name, value]) => `${name} = ${String(value)}`)
    .join(', ');
  return markup`<article class="audit ${audit.severity}" aria-labelledby="audit-${index}">
<h3 id="audit-${index}" dir="auto">${audit.title} <span class="severity">${severities[audit.severity]}</span></h3>
<p class="finding" dir="auto">${audit.finding}</p>
${audit.series.map((series, place) => drawSeries(audit, series, `curve-${index}-${place}`))}
${drawFigures(audit)}
${settings === '' ? nothing : markup`<p class="settings" dir="auto">Settings: ${settings}.</p>`}
</article>\n`;
}

const certainties = {
  clear: 'clear',
  unclear: 'not clear',
  too_few: 'too few rows to rank',
  descriptive: 'a count',
} as const;

/** Every finding, the gravest and most certain first. */
function drawFindings(audits: readonly AuditResult[]): Markup {
  const ranked = rankFindings(audits);
  if (ranked.length === 0) return nothing;
  return markup`<h3>Findings in order</h3><ol class="findings">${ranked.map(
    ({ audit, finding }) =>
      markup`<li dir="auto"><strong>${audit.title}</strong> <span class="severity">${severities[finding.severity]}, ${certainties[finding.certainty]}</span>: ${finding.sentence}</li>\n`,
  )}</ol>`;
}

export function drawAudits({ audits: { audits, seed } }: ReportDocument): Markup {
  const applied = audits.filter((audit) => audit.is_applicable);
  const others = audits.filter((audit) => !audit.is_applicable);
  const lead =
    audits.length === 0
      ? markup`<p>No audit has been run on this dataset.</p>`
      : markup`<p class="lead">What in the data, other than quality, goes with the label. Resampling used seed ${seed}. Figures marked † rest on too few pairs.</p>`;
  const skipped =
    others.length === 0
      ? nothing
      : markup`<h3>Not applicable to this dataset</h3><ul class="skipped">${others.map((audit) => markup`<li dir="auto"><strong>${audit.title}</strong>: ${audit.reason ?? audit.finding}</li>\n`)}</ul>`;
  return markup`<section aria-labelledby="audits">
<h2 id="audits">Audits</h2>
${lead}
${drawFindings(applied)}
${joinMarkup(applied.map(drawAudit))}${skipped}
</section>`;
}
