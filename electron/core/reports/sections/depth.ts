import type { ReportDocument } from '../../../contract/report.contract.ts';
import { drawHeatMap } from '../charts/heat-map.ts';
import {
  agreementTable,
  ceilingTable,
  executorTable,
  factorTable,
  groupTable,
  provenanceFacts,
  sliceTable,
} from '../depth-content.ts';
import { joinMarkup, markup, nothing, type Markup } from '../markup.ts';
import { findStem } from '../report-content.ts';
import { drawTable, drawTerms } from './table.ts';

const drawRemarkList = (remarks: readonly string[]) =>
  markup`<ul class="remarks">${remarks.map((remark) => markup`<li dir="auto">${remark}</li>`)}</ul>`;

/** Executors of a run with principles side by side. */
export function drawExecutors({ constitution: { run } }: ReportDocument): Markup {
  if (!run) return nothing;
  return markup`<section aria-labelledby="executors">
<h2 id="executors">Executors</h2>
<p class="lead">The same principles applied by different rules, and a model that reads none of them.</p>
${drawTable(executorTable(run), { name: 'small' })}
${run.agreement.length > 0 ? drawTable(agreementTable(run), { name: 'small' }) : nothing}
</section>`;
}

/** Heat map and table for every column the constitution was sliced by, and the constitutions of single groups. */
export function drawSlices({ depth }: ReportDocument): Markup {
  if (!depth || (depth.slices.length === 0 && depth.groups.length === 0)) return nothing;
  const parts = depth.slices.map((slices) => {
    const stem = findStem(slices.principles.map((one) => one.text));
    return markup`<h3 dir="auto">By ${slices.column}</h3>
${drawRemarkList(slices.remarks)}
<figure class="scroll" role="region" aria-label="Heat map by ${slices.column}" tabindex="0">${drawHeatMap(slices, stem)}</figure>
<details><summary>The same figures as a table</summary>
${drawTable(sliceTable(slices), { name: 'dense' })}
</details>`;
  });
  const groups = depth.groups.map(
    (group) =>
      markup`<h4 dir="auto">${group.column}: ${group.value}</h4><ol>${group.principles.map(({ text }) => markup`<li dir="auto">${text}</li>`)}</ol>${drawRemarkList(group.remarks)}`,
  );
  return markup`<section aria-labelledby="groups">
<h2 id="groups">Principles by group</h2>
<p class="lead">Colour is strength, one hue either side of zero; a dashed border marks few labels. • marks principles of the constitution.</p>
${parts}
${groups.length > 0 ? markup`<h3>Constitutions of single groups</h3>${drawTable(groupTable(depth), { name: 'small' })}${joinMarkup(groups)}` : nothing}
</section>`;
}

/** What a linear probe on embeddings tells, and the directions principles were named from. */
export function drawCeiling({ depth }: ReportDocument): Markup {
  if (!depth || (depth.ceiling === null && depth.factors.length === 0)) return nothing;
  const { ceiling, factors } = depth;
  const probe = ceiling
    ? markup`${drawRemarkList(ceiling.remarks)}${drawTable(ceilingTable(ceiling), { name: 'small' })}`
    : nothing;
  const directions =
    factors.length > 0
      ? markup`<h3>Contrast directions</h3>${drawTable(factorTable(depth), { name: 'small' })}`
      : nothing;
  return markup`<section aria-labelledby="ceiling">
<h2 id="ceiling">What embeddings can tell</h2>
${probe}${directions}
</section>`;
}

export function drawPrincipleExamples({ principle_examples: examples = [] }: ReportDocument): Markup {
  if (examples.length === 0) return nothing;
  const texts = [...new Set(examples.map((example) => example.principle))];
  const drawn = texts.map((text) => {
    const own = examples.filter((example) => example.principle === text);
    return markup`<h3 dir="auto">${text}</h3>
${own.map(
  (
    example,
  ) => markup`<article class="example"><h4 dir="auto">Speaks ${example.which} the label <span class="id">${example.example_id}</span></h4>
<div class="prompt"><h5>Prompt</h5><p class="text" dir="auto">${example.prompt}</p></div>
<div class="sides"><div class="side chosen"><h5>Chosen</h5><p class="text" dir="auto">${example.chosen}</p></div><div class="side rejected"><h5>Rejected</h5><p class="text" dir="auto">${example.rejected}</p></div></div></article>\n`,
)}`;
  });
  return markup`<section aria-labelledby="by-principle">
<h2 id="by-principle">Examples for and against each principle</h2>
<p class="lead">Drawn by seed among the pairs on which the principle speaks; long texts are cut.</p>
<details><summary>Pairs of ${String(texts.length)} principles</summary>
${joinMarkup(drawn)}
</details>
</section>`;
}

export function drawProvenance({ constitution, depth }: ReportDocument): Markup {
  if (!constitution.run && !depth?.ceiling) return nothing;
  return markup`<section aria-labelledby="provenance">
<h2 id="provenance">Provenance</h2>
${drawTerms(provenanceFacts(constitution, depth), 'pairs')}
</section>`;
}
