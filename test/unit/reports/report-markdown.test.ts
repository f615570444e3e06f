import MarkdownIt from 'markdown-it';
import { JSDOM } from 'jsdom';
import { describe, expect, it } from 'vitest';
import { escapeMarkdown, renderReportMarkdown } from '../../../electron/core/reports/report-markdown.ts';
import { makeSampleReport } from '../../support/sample-report.ts';
import { makeEmptyReport, makeHostileReport } from '../../support/sample-report-variants.ts';

/** Cells of a GitHub Markdown table line: split at pipes that no backslash escapes. */
const countCells = (line: string) => line.split(/(?<!\\)(?:\\\\)*\|/).length - 2;

/** Tables of a file, code blocks left out. */
function findTables(text: string): string[][] {
  const tables: string[][] = [];
  let fence = '';
  let inTable = false;
  for (const line of text.split('\n')) {
    const border = /^(`{3,})/.exec(line)?.[1] ?? '';
    if (fence === '' && border !== '') fence = border;
    else if (fence !== '' && line === fence) fence = '';
    const isRow: boolean = fence === '' && line.startsWith('|');
    if (isRow && !inTable) tables.push([]);
    if (isRow) tables.at(-1)?.push(line);
    inTable = isRow;
  }
  return tables;
}

/** Renders as a viewer that lets HTML and bare links through would. */
const render = (text: string) =>
  new JSDOM(new MarkdownIt({ html: true, linkify: true }).render(text)).window.document;

describe('Markdown report', () => {
  for (const [name, document] of [
    ['sample', makeSampleReport()],
    ['hostile', makeHostileReport()],
    ['empty', makeEmptyReport()],
  ] as const) {
    it(`gives every line of a table as many cells as its head has (${name})`, () => {
      const tables = findTables(renderReportMarkdown(document));
      expect(tables.length).toBeGreaterThan(2);
      for (const [head = '', ...rows] of tables) {
        expect(rows.length).toBeGreaterThan(0);
        for (const row of rows) expect(countCells(row)).toBe(countCells(head));
      }
    });

    it(`brings no HTML, link or image of the data to life (${name})`, () => {
      const page = render(renderReportMarkdown(document));
      expect(page.querySelectorAll('script, img, svg, a, style, iframe')).toHaveLength(0);
    });

    it(`never prints NaN, null or an object (${name})`, () => {
      expect(renderReportMarkdown(document)).not.toMatch(/NaN|\[object|Infinity|\bnull\b/);
    });
  }

  it('holds the figures of the document', () => {
    const sample = makeSampleReport();
    const text = renderReportMarkdown(sample);
    expect(text).toContain('| Weighted vote | 64.4\u{A0}% \\[62.5, 66.3\\] | 2,761 | 65.0\u{A0}% | 6,442 |');
    const page = render(text);
    const tables = [...page.querySelectorAll('table')];
    const all = tables.at(-1);
    expect(all?.querySelectorAll('tbody tr')).toHaveLength(sample.constitution.principles.length);
    for (const principle of sample.constitution.principles) {
      const row = [...(all?.querySelectorAll('tbody tr') ?? [])].find(
        (candidate) => candidate.firstElementChild?.textContent?.replace(' †', '') === principle.text,
      );
      const cells = [...(row?.children ?? [])].map((cell) => cell.textContent?.replace(',', ''));
      expect(cells.slice(2, 6)).toEqual(
        [principle.for, principle.against, principle.not_applicable, principle.n].map(String),
      );
    }
  });

  it('renders escaped texts back to what they were', () => {
    for (const text of [
      'a | b `c` *d* _e_ [f](g) <h> & "i"',
      '# no heading',
      '1. no list',
      '- no list',
      'https://example.org and www.example.org and @someone',
      'back\\slash | pipe \\| both',
      'a &amp; entity',
    ])
      expect(render(escapeMarkdown(text)).querySelector('p')?.textContent).toBe(text);
  });

  it('keeps a text with fences of its own inside its code block', () => {
    const report = makeSampleReport();
    const [first] = report.examples;
    if (first) first.chosen = 'before\n````\n# escaped\n````\nafter';
    const page = render(renderReportMarkdown(report));
    const blocks = [...page.querySelectorAll('pre')].map((block) => block.textContent?.trim());
    expect(blocks).toContain('before\n````\n# escaped\n````\nafter');
  });
});
