import type { ReportDocument } from '../../contract/report.contract.ts';
import { markup } from './markup.ts';
import { reportStyle } from './report-style.ts';
import { drawAudits } from './sections/audits.ts';
import { drawExamples, drawMethod, drawReproduction } from './sections/closing.ts';
import {
  drawCeiling,
  drawExecutors,
  drawPrincipleExamples,
  drawProvenance,
  drawSlices,
} from './sections/depth.ts';
import { drawAllPrinciples, drawPrinciples, drawReconstruction } from './sections/evidence.ts';
import { drawConstitution, drawOpening, drawRemarks } from './sections/opening.ts';

const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * The report as one HTML page that needs nothing else: style and charts are inline, there is no script, and its own
 * security policy forbids loading anything. Every text of the document is escaped.
 */
export function renderReportHtml(document: ReportDocument): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Assay ${document.product_version}">
<title>${document.title}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
${drawOpening(document)}
${drawRemarks(document)}
${drawConstitution(document)}
${drawReconstruction(document)}
${drawExecutors(document)}
${drawPrinciples(document)}
${drawSlices(document)}
${drawCeiling(document)}
${drawAudits(document)}
${drawExamples(document)}
${drawPrincipleExamples(document)}
${drawMethod(document)}
${drawProvenance(document)}
${drawReproduction(document)}
${drawAllPrinciples(document)}
</main>
</body>
</html>
`.source;
}
