import type { ReportDocument } from '../../../contract/report.contract.ts';
import { joinMarkup, markup, nothing, type Markup } from '../markup.ts';
import { methodNotes } from '../method-notes.ts';
import { reproduceCommand } from '../report-content.ts';

type Example = ReportDocument['examples'][number];

const kinds = {
  explained: {
    title: 'Pairs the constitution explains',
    text: 'The weighted vote gives the label of these pairs, among the clearest.',
  },
  unexplained: {
    title: 'Pairs it fails to explain',
    text: 'The weighted vote contradicts these labels, most clearly. Such pairs may be label errors, or follow rules that the principles lack.',
  },
} as const;

function drawSpeakers(title: string, texts: readonly string[]): Markup {
  if (texts.length === 0) return markup`<p class="speakers"><strong>${title}:</strong> none</p>`;
  return markup`<div class="speakers"><strong>${title}:</strong><ul>${texts.map((text) => markup`<li dir="auto">${text}</li>`)}</ul></div>`;
}

function drawText(title: string, text: string, name: string): Markup {
  const body =
    text.trim() === ''
      ? markup`<p class="empty">(empty)</p>`
      : markup`<p class="text" dir="auto">${text}</p>`;
  return markup`<div class="${name}"><h5>${title}</h5>${body}</div>`;
}

function drawExample(example: Example): Markup {
  return markup`<article class="example">
<h4 dir="auto">${example.source_file}, row ${example.source_row} <span class="id">${example.example_id}</span></h4>
${drawText('Prompt', example.prompt, 'prompt')}
<div class="sides">${drawText('Chosen', example.chosen, 'side chosen')}${drawText('Rejected', example.rejected, 'side rejected')}</div>
<div class="votes">${drawSpeakers('Spoke for the chosen response', example.spoke_for)}${drawSpeakers('Spoke against it', example.spoke_against)}</div>
</article>\n`;
}

export function drawExamples({ examples }: ReportDocument): Markup {
  const groups = (['explained', 'unexplained'] as const).map((kind) => {
    const own = examples.filter((example) => example.kind === kind);
    if (own.length === 0) return nothing;
    return markup`<h3>${kinds[kind].title}</h3><p>${kinds[kind].text}</p>\n${own.map(drawExample)}`;
  });
  return markup`<section aria-labelledby="examples">
<h2 id="examples">Examples</h2>
${examples.length === 0 ? markup`<p>No examples were kept with this report.</p>` : markup`<p class="lead">Long texts are cut. The pairs illustrate; they prove nothing.</p>`}
${joinMarkup(groups)}
</section>`;
}

export function drawMethod(document: ReportDocument): Markup {
  const notes = methodNotes(document.constitution).map(
    ({ term, formula, text }) =>
      markup`<div><dt>${term}</dt><dd>${formula === '' ? nothing : markup`<p class="formula">${formula}</p>`}<p dir="auto">${text}</p></dd></div>\n`,
  );
  return markup`<section aria-labelledby="method">
<h2 id="method">Method</h2>
<dl class="notes">
${notes}</dl>
</section>`;
}

export function drawReproduction(document: ReportDocument): Markup {
  return markup`<section aria-labelledby="reproduce">
<h2 id="reproduce">How to reproduce</h2>
<p>With the same source files imported, the same version (${document.product_version}) and the same seed, every figure comes out the same:</p>
<pre dir="auto"><code>${reproduceCommand(document)}</code></pre>
<p>The figures are in <code>constitution.json</code> beside this file. Nothing was sent anywhere: Assay works offline, and this page loads nothing.</p>
</section>`;
}
