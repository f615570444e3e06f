import type { ReportDocument } from '../../../contract/report.contract.ts';
import { markup, nothing, type Markup } from '../markup.ts';
import {
  countSentences,
  datasetFacts,
  findStem,
  heldOutText,
  selectedPrinciples,
  strengthText,
  weakMark,
} from '../report-content.ts';
import { absent, formatCount, formatSigned, formatTime } from '../report-numbers.ts';
import { drawTerms } from './table.ts';

const sourcesShown = 8;

function drawSources(sources: readonly string[]): Markup {
  const list = (items: readonly string[]) =>
    markup`<ul class="files">${items.map((item) => markup`<li dir="auto">${item}</li>`)}</ul>`;
  if (sources.length <= sourcesShown) return list(sources);
  return markup`${list(sources.slice(0, sourcesShown))}<details><summary>${formatCount(sources.length - sourcesShown)} more files</summary>${list(sources.slice(sourcesShown))}</details>`;
}

/** Title, what the report is about, and where its data came from. */
export function drawOpening(document: ReportDocument): Markup {
  const { dataset, constitution } = document;
  return markup`<header>
<p class="eyebrow">Assay report</p>
<h1 dir="auto">${document.title}</h1>
<p class="byline"><time datetime="${document.created_at}">${formatTime(document.created_at)}</time> · seed ${constitution.seed} · Assay ${document.product_version}</p>
</header>
<nav aria-label="Sections"><ul>
<li><a href="#short">In short</a></li><li><a href="#constitution">Constitution</a></li><li><a href="#reconstruction">Reconstruction</a></li><li><a href="#principles">Principles</a></li><li><a href="#audits">Audits</a></li><li><a href="#examples">Examples</a></li><li><a href="#method">Method</a></li><li><a href="#reproduce">Reproduce</a></li><li><a href="#all">All figures</a></li>
</ul></nav>
<section class="card" aria-labelledby="dataset">
<h2 id="dataset" dir="auto">${dataset.name}</h2>
${drawTerms(datasetFacts(document), 'facts')}
<h3>Source ${dataset.sources.length === 1 ? 'file' : 'files'}</h3>
${dataset.sources.length > 0 ? drawSources(dataset.sources) : markup`<p>${absent}</p>`}
<p class="sum">${countSentences(document).join(' ')}</p>
</section>`;
}

export function drawRemarks({ constitution: { remarks } }: ReportDocument): Markup {
  return markup`<section aria-labelledby="short">
<h2 id="short">In short</h2>
${
  remarks.length > 0
    ? markup`<ul class="remarks">${remarks.map((remark) => markup`<li dir="auto">${remark}</li>\n`)}</ul>`
    : markup`<p>No remarks were recorded with this constitution.</p>`
}
</section>`;
}

/** The selected principles in order, as sentences with their figures. */
export function drawConstitution({ constitution }: ReportDocument): Markup {
  const selected = selectedPrinciples(constitution);
  if (selected.length === 0)
    return markup`<section aria-labelledby="constitution"><h2 id="constitution">Constitution</h2><p>No principle was selected: none improves the vote on the training pairs.</p></section>`;
  const stem = findStem(selected.map((principle) => principle.text));
  const rows = selected.map((principle) => {
    const rest = stem === '' ? principle.text : principle.text.slice(stem.length + 1);
    const start = stem === '' ? nothing : markup`<span class="stem">${stem}</span> `;
    const mark =
      principle.status === 'ok' ? nothing : markup` <span class="flag">${weakMark} too few pairs</span>`;
    return markup`<tr><td class="rank">${formatCount(principle.rank)}</td><th scope="row" class="sentence" dir="auto">${start}${rest}${mark}</th><td class="num" data-head="Weight">${formatSigned(principle.weight)}</td><td class="num" data-head="Strength">${strengthText(principle)}</td><td class="num" data-head="n">${formatCount(principle.n)}</td><td class="num" data-head="Held-out strength">${heldOutText(principle)}</td><td class="num" data-head="n held out">${formatCount(constitution.reconstruction.test)}</td></tr>\n`;
  });
  return markup`<section aria-labelledby="constitution">
<h2 id="constitution">Constitution</h2>
<p class="lead">The ${selected.length === 1 ? 'principle' : `${selected.length} principles`} selected on the training pairs, in order of selection. Weights are log-odds in the weighted vote; strengths run from −1 to +1, with 95 % intervals clustered by prompt.</p>
<table class="cards principles-chosen"><caption class="aside">The constitution with its figures</caption>
<thead><tr><td></td><th scope="col">Principle</th><th scope="col" class="num">Weight</th><th scope="col" class="num">Strength</th><th scope="col" class="num">n</th><th scope="col" class="num">Held-out strength</th><th scope="col" class="num">n held out</th></tr></thead>
<tbody>
${rows}</tbody></table>
</section>`;
}
