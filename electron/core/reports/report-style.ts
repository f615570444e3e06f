import type { Markup } from './markup.ts';

const light = `color-scheme: light;
    --paper: #ffffff; --tint: #f5f6f8; --ink: #1a2030; --soft: #545e70; --rule: #dde1e8; --strong-rule: #8b94a4;
    --first: #1d5fb8; --second: #b4530a; --plain: #5c6576; --warn: #8a4b00; --warn-tint: #fdf1dc;`;
const dark = `color-scheme: dark;
    --paper: #12151b; --tint: #1b2028; --ink: #e6e9ef; --soft: #a3adbd; --rule: #2d3440; --strong-rule: #768296;
    --first: #7fb0f5; --second: #f0a25c; --plain: #a3adbd; --warn: #f3c06a; --warn-tint: #35290f;`;

/** The system's theme, or that of the page the report is shown in; paper is always white. */
const colours = `
:root { ${light} }
@media screen and (prefers-color-scheme: dark) {
  :root:not([data-theme='light']) { ${dark} }
}
@media screen {
  :root[data-theme='dark'] { ${dark} }
}
@media print {
  :root { --ink: #10141c; --soft: #485164; --rule: #d3d8e0; --strong-rule: #7d8798; }
}`;

const text = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 56px 32px 96px; }
h1, h2, h3, .sentence, .remarks li, .finding { font-family: Charter, 'Bitstream Charter', 'Sitka Text', Cambria, Georgia, 'Liberation Serif', serif; overflow-wrap: anywhere; }
h1, h2, .remarks li, .finding { text-wrap: pretty; }
h1 { font-size: 38px; line-height: 1.15; font-weight: 600; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 25px; line-height: 1.25; font-weight: 600; margin: 0 0 12px; }
h3 { font-size: 18px; line-height: 1.35; font-weight: 600; margin: 28px 0 8px; }
h4 { font-size: 13px; font-weight: 600; margin: 0 0 12px; overflow-wrap: anywhere; }
h5 { font-size: 12px; font-weight: 600; margin: 0 0 4px; color: var(--soft); }
p { margin: 0 0 12px; max-width: 74ch; overflow-wrap: anywhere; }
section { margin-top: 56px; }
a { color: var(--first); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--first); outline-offset: 2px; }
code, pre, .formula, .files { font-family: ui-monospace, 'SF Mono', 'Cascadia Mono', 'Liberation Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace; }
pre { margin: 12px 0; padding: 14px 16px; background: var(--tint); border-radius: 4px; font-size: 13px; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font-size: 0.92em; }
.eyebrow { margin: 0 0 8px; font-size: 13px; color: var(--soft); }
.byline { margin: 12px 0 0; color: var(--soft); font-variant-numeric: tabular-nums; }
.lead { color: var(--soft); }
.aside { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 28px 0 0; padding: 10px 0; list-style: none; border-block: 1px solid var(--rule); font-size: 13px; }
nav a { display: inline-block; padding: 3px 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }
summary { cursor: pointer; padding: 4px 0; color: var(--first); font-size: 13px; }`;

const opening = `
.card { margin-top: 28px; padding: 22px 24px; background: var(--tint); border-radius: 6px; }
.card h2 { font-size: 19px; }
.card h3 { font: 600 13px/1.4 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; margin: 18px 0 4px; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 12px 24px; margin: 0; }
dt { font-size: 12px; color: var(--soft); }
dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.files { margin: 0; padding: 0; list-style: none; font-size: 13px; overflow-wrap: anywhere; }
.sum { margin: 14px 0 0; font-size: 13px; color: var(--soft); font-variant-numeric: tabular-nums; }
.remarks { margin: 0; padding: 0 0 0 20px; max-width: 70ch; }
.remarks li { font-size: 17px; line-height: 1.5; margin: 0 0 10px; padding-left: 4px; }
.remarks li::marker { color: var(--strong-rule); }
.sentence { font-size: 17px; line-height: 1.35; }
.stem { color: var(--soft); font-size: 14px; }
.flag { color: var(--warn); font-size: 13px; white-space: nowrap; }
.rank { width: 34px; font: 600 20px/1.2 Charter, 'Bitstream Charter', 'Sitka Text', Cambria, Georgia, serif; color: var(--soft); }`;

const tables = `
table { width: 100%; border-collapse: collapse; font-size: 13px; line-height: 1.4; font-variant-numeric: tabular-nums; }
caption { text-align: start; padding: 0 0 8px; font-size: 13px; color: var(--soft); }
th, td { padding: 7px 0 7px 14px; text-align: start; vertical-align: top; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { padding-left: 0; }
thead th, thead td { font-size: 12px; font-weight: 500; color: var(--soft); vertical-align: bottom; border-bottom: 1px solid var(--strong-rule); }
tbody th { font-weight: 400; overflow-wrap: anywhere; }
.num { text-align: end; white-space: nowrap; }
.weak > * { color: var(--soft); font-style: italic; }
.scroll { overflow-x: auto; margin: 20px 0; }
.scroll caption span { display: block; position: sticky; left: 0; max-width: min(74ch, calc(100vw - 32px)); }
.small table { width: auto; min-width: min(100%, 620px); }
.small tbody th { min-width: 170px; max-width: 380px; }
.dense table { font-size: 12px; }
.dense tbody th { min-width: 240px; position: sticky; left: 0; background: var(--paper); }
.pairs { margin: 20px 0 0; }
.pairs div { display: flex; flex-wrap: wrap; gap: 0 16px; justify-content: space-between; max-width: 620px; padding: 6px 0; border-bottom: 1px solid var(--rule); font-size: 13px; }
.pairs dt { font-size: 13px; color: var(--ink); }
.cards th.sentence { padding-right: 8px; }
.cards td { padding-top: 9px; }
.principles-chosen td.rank { padding-top: 7px; }
.forest { margin: 0 0 32px; table-layout: fixed; }
.forest caption { color: var(--ink); font-weight: 600; }
.forest th:first-child { width: 30%; }
.forest td.num { font-size: 12px; }
.forest th:nth-child(3), .forest th:nth-child(4) { width: 172px; }
.forest th:nth-child(5) { width: 66px; }
.forest tbody tr > * { height: 40px; vertical-align: middle; padding-block: 4px; }
.forest .plot { position: relative; padding: 0; }`;

const charts = `
svg { display: block; overflow: visible; }
svg text { fill: var(--soft); font-size: 12px; font-family: inherit; font-variant-numeric: tabular-nums; }
svg .strong { fill: var(--ink); font-size: 13px; }
svg .number { fill: var(--ink); }
figure { margin: 20px 0 8px; max-width: 760px; }
figcaption { font-size: 13px; color: var(--soft); margin-bottom: 10px; }
figcaption strong { color: var(--ink); font-weight: 600; }
.forest-row { position: absolute; inset: 0; width: 100%; height: 100%; }
.forest-axis { width: 100%; height: 16px; }
.forest-axis text { font-size: 11px; }
.axis { padding-left: 0; }
.grid { stroke: var(--rule); stroke-width: 1; }
.zero { stroke: var(--strong-rule); stroke-width: 1.5; }
.bar { stroke-width: 2; stroke-linecap: round; }
.bar.thick { stroke-width: 5; opacity: 0.38; }
.curve { stroke: var(--first); stroke-width: 1.5; opacity: 0.55; }
.bar.first { stroke: var(--first); } .bar.second { stroke: var(--second); } .bar.plain { stroke: var(--plain); }
.dot { stroke: var(--paper); stroke-width: 1; }
.dot.first { fill: var(--first); } .dot.second { fill: var(--second); } .dot.plain { fill: var(--plain); }
.heat rect { stroke: var(--paper); }
.heat .heat-for { fill: var(--first); } .heat .heat-against { fill: var(--second); }
.heat .heat-weak { fill: none; stroke: var(--strong-rule); stroke-dasharray: 3 2; }
.heat text { fill: var(--ink); } .heat .heat-head { fill: var(--soft); }
figure.scroll { max-width: none; }
.key { display: flex; gap: 20px; font-size: 13px; color: var(--soft); }
.key span { display: inline-flex; align-items: center; gap: 8px; }`;

const closing = `
.audit { padding-top: 4px; margin-bottom: 36px; }
.severity { font: 500 12px/1 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; color: var(--soft); margin-left: 8px; white-space: nowrap; }
.notice .severity, .warning .severity { color: var(--warn); background: var(--warn-tint); padding: 3px 8px; border-radius: 3px; }
.warning .severity::before { content: '▲ '; }
.finding { font-size: 17px; line-height: 1.5; }
.settings { font-size: 12px; color: var(--soft); }
.skipped { padding-left: 20px; font-size: 14px; }
.example { margin: 20px 0; padding: 18px 20px; border: 1px solid var(--rule); border-radius: 6px; }
.id { font-weight: 400; color: var(--soft); margin-left: 8px; }
.text { white-space: pre-wrap; font-size: 14px; margin: 0; max-width: none; }
.empty { color: var(--soft); font-style: italic; margin: 0; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 24px; margin: 16px 0; }
.side { border-top: 3px solid var(--first); padding-top: 8px; min-width: 0; }
.side.rejected { border-top-color: var(--second); }
.chosen h5 { color: var(--first); } .rejected h5 { color: var(--second); }
.votes { display: grid; grid-template-columns: 1fr 1fr; gap: 24px; font-size: 13px; }
.speakers { margin: 0; } .speakers strong { font-weight: 600; } .speakers ul { margin: 4px 0 0; padding-left: 18px; }
.notes { margin: 0; }
.notes > div { display: grid; grid-template-columns: 150px 1fr; gap: 4px 24px; padding: 12px 0; border-top: 1px solid var(--rule); }
.notes dt { font-size: 14px; font-weight: 600; color: var(--ink); }
.notes dd p { margin: 0; font-size: 14px; }
.notes .formula { font-size: 13px; white-space: pre-line; margin-bottom: 6px; }`;

const narrow = `
@media (max-width: 760px) {
  main { padding: 32px 16px 64px; }
  h1 { font-size: 29px; } h2 { font-size: 22px; }
  section { margin-top: 44px; }
  .card { padding: 18px 16px; margin-inline: -4px; }
  .facts { grid-template-columns: 1fr 1fr; gap: 12px 16px; }
  .minor { display: none; }
  .sides, .votes, .notes > div { grid-template-columns: 1fr; gap: 16px; }
  .notes > div { gap: 4px; }
  .example { padding: 16px 14px; }
  .dense tbody th { position: static; }
  .cards, .cards caption, .cards tbody { display: block; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards tr { display: grid; grid-template-columns: 1fr; padding: 10px 0; border-bottom: 1px solid var(--rule); }
  .cards tr > * { border: 0; padding: 0; text-align: start; white-space: normal; }
  .cards td.num { display: flex; justify-content: space-between; gap: 12px; padding-top: 3px; }
  .cards td.num::before { content: attr(data-head); color: var(--soft); }
  .principles-chosen tr { grid-template-columns: 30px 1fr; }
  .principles-chosen tr > .num { grid-column: 2; }
  .forest tbody tr > *, .forest tbody th:first-child { width: auto; height: auto; }
  .forest tbody th { font-weight: 600; }
  .small table { min-width: 0; }
  .small tbody th { min-width: 120px; max-width: 220px; }
  .forest .plot { height: 40px; margin: 6px 0; }
}`;

const print = `
@page { size: A4; margin: 18mm 16mm; }
@page wide { size: A4 landscape; margin: 14mm 12mm; }
@media print {
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  nav, summary { display: none; }
  details::details-content { content-visibility: visible; block-size: auto; display: block; }
  h1 { font-size: 24pt; } h2 { font-size: 16pt; } h3 { font-size: 12.5pt; }
  section { margin-top: 26pt; }
  h2, h3, h4, caption, figcaption, .lead { break-after: avoid; }
  tr, figure, .side, .pairs div, .remarks li, .notes > div { break-inside: avoid; }
  .example, .principles-chosen { break-inside: avoid; }
  .scroll { overflow: visible; margin: 10pt 0; }
  .card { border: 0.5pt solid var(--rule); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  table { font-size: 8.5pt; }
  .sentence, .remarks li, .finding { font-size: 11.5pt; }
  .forest td.num { font-size: 7pt; }
  .forest th:nth-child(3), .forest th:nth-child(4) { width: 132px; }
  .forest th:nth-child(5) { width: 50px; }
  .forest tbody tr > * { height: 32px; }
  .appendix { page: wide; break-before: page; }
  .dense table { font-size: 6.4pt; }
  .dense thead th { font-size: 6.4pt; white-space: normal; }
  .dense tbody th { min-width: 50mm; position: static; }
  .dense caption span { max-width: none; }
  .dense th, .dense td { padding: 2.5pt 0 2.5pt 5pt; }
  a { color: inherit; text-decoration: none; }
}`;

/** The style sheet of the page: light and dark, from 360 px to print on A4. */
export const reportStyle: Markup = {
  source: [colours, text, opening, tables, charts, closing, narrow, print].join('\n'),
};
