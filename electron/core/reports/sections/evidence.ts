import type { PrincipleResult } from '../../../contract/constitution.contract.ts';
import type { ReportDocument } from '../../../contract/report.contract.ts';
import { drawAccuracyChart } from '../charts/accuracy-chart.ts';
import { drawForestAxis, drawForestRow, type ForestRow, makeForestScale } from '../charts/forest-plot.ts';
import type { Scale } from '../charts/scale.ts';
import { markup, nothing, type Markup } from '../markup.ts';
import {
  accuracyRows,
  accuracyTable,
  allPrinciplesTable,
  controlledText,
  findStem,
  forestGroups,
  reconstructionFacts,
  strengthText,
} from '../report-content.ts';
import { formatCount } from '../report-numbers.ts';
import { drawTable, drawTerms } from './table.ts';

/** How far the constitution alone gives the held-out labels. */
export function drawReconstruction({ constitution }: ReportDocument): Markup {
  const { reconstruction: held } = constitution;
  const chart = drawAccuracyChart(accuracyRows(constitution), {
    id: 'accuracy',
    title: 'Accuracy on the held-out pairs, with 95 % intervals',
  });
  return markup`<section aria-labelledby="reconstruction">
<h2 id="reconstruction">Reconstruction of the labels</h2>
<p class="lead">Accuracy on ${formatCount(held.test)} held-out pairs of ${formatCount(held.test_prompts)} prompts, none of which was used to select or weigh the principles.</p>
<figure>${chart}</figure>
${drawTable(accuracyTable(constitution), { name: 'small' })}
${drawTerms(reconstructionFacts(constitution), 'pairs')}
</section>`;
}

const toForestRow = (principle: PrincipleResult): ForestRow => ({
  strength: principle.strength,
  strengthCi: principle.strength_ci,
  controlled: principle.strength_length_controlled,
  controlledCi: principle.strength_length_controlled_ci,
});

interface ForestPart {
  readonly title: string;
  readonly principles: readonly PrincipleResult[];
}

function drawForestPart(part: ForestPart, scale: Scale, stem: string): Markup {
  if (part.principles.length === 0) return nothing;
  const rows = part.principles.map((principle) => {
    const text = stem === '' ? principle.text : `… ${principle.text.slice(stem.length + 1)}`;
    return markup`<tr><th scope="row" dir="auto">${text}</th><td class="plot">${drawForestRow(toForestRow(principle), scale)}</td><td class="num" data-head="Strength">${strengthText(principle)}</td><td class="num" data-head="Length-controlled">${controlledText(principle)}</td><td class="num" data-head="n">${formatCount(principle.n)}</td></tr>\n`;
  });
  return markup`<table class="cards forest"><caption>${part.title}</caption>
<thead><tr><th scope="col">Principle</th><th scope="col" class="axis"><span class="aside">Strengths drawn</span>${drawForestAxis(scale)}</th><th scope="col" class="num">Strength</th><th scope="col" class="num">Length-controlled</th><th scope="col" class="num">n</th></tr></thead>
<tbody>
${rows}</tbody></table>`;
}

/** The strongest principles either way, raw beside length-controlled. */
export function drawPrinciples({ constitution }: ReportDocument): Markup {
  const { rewarded, penalised, weak } = forestGroups(constitution.principles);
  const shown = [...rewarded, ...penalised];
  const stem = findStem(shown.map((principle) => principle.text));
  const scale = makeForestScale(shown.map(toForestRow));
  const stemText = stem === '' ? '' : ` Each principle begins “${stem} …”.`;
  const weakText =
    weak === 0
      ? ''
      : ` ${formatCount(weak)} of ${formatCount(constitution.principles.length)} principles rest on too few pairs, or on none, and are not ranked here.`;
  return markup`<section aria-labelledby="principles">
<h2 id="principles">What the labels reward</h2>
<p class="lead">Strength is (for − against) / n over all labelled pairs, before and after holding length neutral, with 95 % intervals.${stemText} All principles are in the <a href="#all">table at the end</a>.${weakText}</p>
<p class="key" aria-hidden="true"><span><svg width="28" height="12"><line class="bar first" x1="0" x2="28" y1="6" y2="6"/><circle class="dot first" cx="14" cy="6" r="4.5"/></svg> strength</span> <span><svg width="28" height="12"><line class="bar second" x1="0" x2="28" y1="6" y2="6"/><path class="dot second" d="M14 .5 19.5 6 14 11.5 8.5 6Z"/></svg> length-controlled</span></p>
${drawForestPart({ title: 'Rewarded, strongest first', principles: rewarded }, scale, stem)}
${drawForestPart({ title: 'Penalised, strongest first', principles: penalised }, scale, stem)}
${shown.length === 0 ? markup`<p>No principle has enough pairs to be ranked.</p>` : nothing}
</section>`;
}

/** Every figure of every principle, folded on screen and printed in full. */
export function drawAllPrinciples({ constitution }: ReportDocument): Markup {
  return markup`<section class="appendix" aria-labelledby="all">
<h2 id="all">All figures of all principles</h2>
<details><summary>Table of ${formatCount(constitution.principles.length)} principles</summary>
${drawTable(allPrinciplesTable(constitution), { name: 'dense' })}
</details>
</section>`;
}
