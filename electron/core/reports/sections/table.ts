import { joinMarkup, markup, nothing, type Markup } from '../markup.ts';
import type { TextTable } from '../report-content.ts';

/**
 * A table of figures with caption and scopes, in a region of its own that scrolls sideways where it does not fit and
 * can be reached by keyboard.
 */
export function drawTable(table: TextTable, { name = '' }: { name?: string } = {}): Markup {
  const heads = table.columns.map(
    ({ title, isNumber }) =>
      markup`<th scope="col"${isNumber ? markup` class="num"` : nothing}>${title}</th>`,
  );
  const rows = table.rows.map(({ cells, isWeak }) => {
    const drawn = cells.map((cell, index) =>
      index === 0
        ? markup`<th scope="row" dir="auto">${cell}</th>`
        : markup`<td${table.columns[index]?.isNumber ? markup` class="num"` : markup` dir="auto"`}>${cell}</td>`,
    );
    return markup`<tr${isWeak ? markup` class="weak"` : nothing}>${drawn}</tr>\n`;
  });
  return markup`<div class="scroll ${name}" role="region" aria-label="${table.caption}" tabindex="0">
<table><caption dir="auto"><span>${table.caption}</span></caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}

export function drawTerms(terms: readonly (readonly [string, string])[], name: string): Markup {
  const items = terms.map(([term, text]) => markup`<div><dt>${term}</dt><dd dir="auto">${text}</dd></div>\n`);
  return markup`<dl class="${name}">\n${joinMarkup(items)}</dl>`;
}
