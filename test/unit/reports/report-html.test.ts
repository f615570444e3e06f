import { JSDOM } from 'jsdom';
import { describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../../electron/contract/report.contract.ts';
import { reportDocumentSchema } from '../../../electron/contract/report.contract.ts';
import { renderReportHtml } from '../../../electron/core/reports/report-html.ts';
import { makeSampleReport } from '../../support/sample-report.ts';
import { makeEmptyReport, makeHostileReport } from '../../support/sample-report-variants.ts';

const parse = (document: ReportDocument) => new JSDOM(renderReportHtml(document)).window.document;

/** Cells of the data rows of a table, as texts. */
function readRows(table: Element | null | undefined): string[][] {
  return [...(table?.querySelectorAll('tbody tr') ?? [])].map((row) =>
    [...row.children].map((cell) => cell.textContent?.replace(/\s+/g, ' ').trim() ?? ''),
  );
}

/** A printed number back: the true minus and the unit undone. */
const readNumber = (text: string | undefined) =>
  Number((text ?? '').replace('−', '-').replaceAll(',', '').replace(/^\+/, '').split(/[\s[]/)[0]);

const sample = makeSampleReport();
const page = parse(sample);
const { principles, reconstruction } = sample.constitution;

describe('figures of the page', () => {
  it('is built on a document that the contract accepts', () => {
    expect(reportDocumentSchema.safeParse(sample).success).toBe(true);
  });

  it('lists every principle with the counts, shares and strength of the document', () => {
    const rows = readRows(page.querySelector('.dense table'));
    expect(rows).toHaveLength(principles.length);
    for (const principle of principles) {
      const row = rows.find(([text]) => text?.replace(' †', '') === principle.text);
      expect(row?.slice(2, 6).map(readNumber)).toEqual([
        principle.for,
        principle.against,
        principle.not_applicable,
        principle.n,
      ]);
      expect(readNumber(row?.[6])).toBeCloseTo(100 * (principle.agreement ?? NaN), 0.5);
      expect(readNumber(row?.[7])).toBeCloseTo(100 * (principle.relevance ?? NaN), 0.5);
      if (principle.accuracy === null) expect(row?.[8]).toBe('–');
      else expect(readNumber(row?.[8])).toBeCloseTo(100 * principle.accuracy, 0.5);
      expect(Math.abs(readNumber(row?.[11]) - (principle.strength ?? NaN))).toBeLessThanOrEqual(0.0005001);
    }
  });

  it('orders the constitution by rank and shows weight, strength with interval and n', () => {
    const rows = readRows(page.querySelector('.principles-chosen'));
    expect(rows.map((row) => row[1])).toEqual(sample.constitution.constitution);
    const first = principles.find((principle) => principle.rank === 1);
    const [low, high] = first?.strength_ci ?? [NaN, NaN];
    expect(rows[0]?.[3]).toBe(`+${first?.strength?.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`);
    expect(readNumber(rows[0]?.[4])).toBe(first?.n);
    expect(readNumber(rows[0]?.[6])).toBe(reconstruction.test);
  });

  it('shows held-out accuracies beside their n, not the training accuracies', () => {
    const rows = readRows(page.querySelector('section[aria-labelledby=reconstruction] table'));
    expect(rows).toEqual([
      ['Longer response wins', '61.2 % [59.2, 63.1]', '2,761', '–', '–'],
      ['Majority of principles', '62.0 % [60.1, 64.0]', '2,761', '62.5 %', '6,442'],
      ['Weighted vote', '64.4 % [62.5, 66.3]', '2,761', '65.0 %', '6,442'],
    ]);
  });

  it('ranks the strongest first in either direction and leaves out what rests on too few pairs', () => {
    const [rewarded, penalised] = [...page.querySelectorAll('table.forest')].map(readRows);
    const strengths = (rows: string[][] | undefined) => (rows ?? []).map((row) => readNumber(row[2]));
    expect(strengths(rewarded)).toEqual([...strengths(rewarded)].sort((a, b) => b - a));
    expect(strengths(penalised)).toEqual([...strengths(penalised)].sort((a, b) => a - b));
    expect(rewarded?.length).toBeLessThanOrEqual(15);
    expect(strengths(rewarded).every((value) => value > 0)).toBe(true);
    expect(strengths(penalised).every((value) => value < 0)).toBe(true);
    const strongest = Math.max(
      ...principles.flatMap((principle) => (principle.status === 'ok' ? (principle.strength ?? []) : [])),
    );
    expect(strengths(rewarded)[0]).toBeCloseTo(strongest, 3);
    const texts = [...(rewarded ?? []), ...(penalised ?? [])].map((row) => row[0]);
    expect(texts.some((text) => text?.includes('emojis'))).toBe(false);
  });

  it('marks groups that rest on too few pairs', () => {
    const weak = [...page.querySelectorAll('.audit tr.weak')].map((row) => row.textContent);
    expect(weak).toHaveLength(1);
    expect(weak[0]).toContain('†');
    expect(weak[0]).toContain('too few pairs');
  });

  it('says how the counts add up, and warns where they do not', () => {
    expect(page.querySelector('.sum')?.textContent).toContain(
      '9,203 labelled + 512 ties + 41 unlabelled = 9,756 pairs.',
    );
    const wrong = makeSampleReport();
    wrong.constitution.pairs.ties += 1;
    wrong.dataset.pairs = 9000;
    const text = parse(wrong).querySelector('.sum')?.textContent ?? '';
    expect(text).toContain('do not rely on this report');
    expect(text).toContain('The dataset holds 9,000 pairs now');
  });

  it('prints the command that reproduces it, with a dataset name that a shell cannot misread', () => {
    const named = makeSampleReport();
    named.dataset.name = "it's; rm -rf ~";
    expect(parse(named).querySelector('pre')?.textContent).toContain(
      `--dataset 'it'\\''s; rm -rf ~' --executor surface --top 7 --seed 7`,
    );
  });
});

describe('a page that needs and does nothing else', () => {
  for (const [name, document] of [
    ['sample', sample],
    ['hostile', makeHostileReport()],
    ['empty', makeEmptyReport()],
  ] as const) {
    it(`has no script, handler, link outside or loadable reference (${name})`, () => {
      const source = renderReportHtml(document);
      const parsed = new JSDOM(source).window.document;
      expect(
        parsed.querySelectorAll('script, iframe, object, embed, img, link, base, form, foreignObject'),
      ).toHaveLength(0);
      for (const element of parsed.querySelectorAll('*'))
        for (const { name: attribute, value } of element.attributes) {
          expect(attribute).not.toMatch(
            /^on|^(src|srcset|action|formaction|style|xlink:href|background|poster)$/,
          );
          if (attribute === 'href') expect(value).toMatch(/^#[a-z]+$/);
        }
      for (const style of parsed.querySelectorAll('style'))
        expect(style.textContent).not.toMatch(/url\(|@import|expression\(|https?:/i);
      expect(parsed.querySelectorAll('style')).toHaveLength(1);
      expect(parsed.querySelector('meta[http-equiv=Content-Security-Policy]')?.getAttribute('content')).toBe(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
      );
      expect(parsed.querySelectorAll('meta[http-equiv]')).toHaveLength(1);
    });

    it(`never prints NaN, undefined, null or an object (${name})`, () => {
      const text = new JSDOM(renderReportHtml(document)).window.document.body.textContent ?? '';
      expect(text.replaceAll('undefined, not zero', '').replaceAll(/is undefined where/g, '')).not.toMatch(
        /NaN|\[object|Infinity|\bnull\b/,
      );
      expect(renderReportHtml(document)).not.toMatch(/="(NaN|undefined|null)%?"/);
    });

    it(`is well formed: unique ids, labels that exist, drawings that parse as XML (${name})`, () => {
      const parsed = parse(document);
      const ids = [...parsed.querySelectorAll('[id]')].map((element) => element.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const element of parsed.querySelectorAll('[aria-labelledby]'))
        for (const id of (element.getAttribute('aria-labelledby') ?? '').split(' '))
          expect(parsed.getElementById(id)?.textContent?.trim()).toBeTruthy();
      for (const link of parsed.querySelectorAll('a'))
        expect(parsed.getElementById((link.getAttribute('href') ?? '').slice(1))).not.toBeNull();
      const drawings =
        renderReportHtml(document).match(
          /<svg class="(?:chart|forest)[\s\S]*?<\/svg>(?=<\/t|<\/f|\n|<details)/g,
        ) ?? [];
      expect(drawings).toHaveLength(parsed.querySelectorAll('svg[role=img]').length);
      for (const svg of drawings)
        expect(() => new JSDOM(svg, { contentType: 'image/svg+xml' })).not.toThrow();
      for (const svg of parsed.querySelectorAll('svg[role=img]'))
        expect(svg.querySelector('title')?.textContent?.trim()).toBeTruthy();
    });
  }

  it('keeps headings in order and gives tables captions and scopes', () => {
    const levels = [...page.querySelectorAll('h1, h2, h3, h4, h5')].map((heading) =>
      Number(heading.tagName[1]),
    );
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.slice(1).forEach((level, index) => expect(level - (levels[index] ?? 0)).toBeLessThanOrEqual(1));
    for (const table of page.querySelectorAll('table')) {
      expect(table.querySelector('caption')?.textContent?.trim()).toBeTruthy();
      for (const head of table.querySelectorAll('th'))
        expect(head.getAttribute('scope')).toMatch(/^(row|col)$/);
    }
  });
});

describe('hostile data', () => {
  const hostile = makeHostileReport();
  const source = renderReportHtml(hostile);
  const parsed = new JSDOM(source, { runScripts: 'dangerously' }).window;

  it('runs nothing that a dataset brings along', () => {
    expect('pwned' in parsed).toBe(false);
  });

  it('shows markup in data as the text it is', () => {
    const text = parsed.document.querySelector('.chosen .text')?.textContent;
    expect(text).toContain(`<script>window.pwned = 1</script>`);
    expect(text).toContain('</style></title><img src=x onerror="window.pwned = 1">');
    expect(text).toContain('[x](javascript:window.pwned=1)');
  });

  it('shows bidirectional overrides and control characters instead of obeying them', () => {
    expect(source).not.toMatch(/[\u{202A}-\u{202E}\u{2066}-\u{2069}]/u);
    expect(source).not.toMatch(/[\0-\x08\x0b-\x1f]/);
    const text = parsed.document.querySelector('.rejected .text')?.textContent;
    expect(text).toContain('user[U+202E]gpj.exe');
    expect(text).toContain('␀');
    expect(text).not.toMatch(/\p{Cs}/u);
  });

  it('lets right-to-left text take its own direction', () => {
    for (const element of page.querySelectorAll('.text, .sentence, .finding, h1'))
      expect(element.getAttribute('dir')).toBe('auto');
  });
});

describe('an empty document', () => {
  const text = parse(makeEmptyReport()).body.textContent ?? '';

  it('says what is missing instead of drawing nothing', () => {
    expect(text).toContain('No principle was selected');
    expect(text).toContain('No audit has been run');
    expect(text).toContain('No examples were kept');
  });

  it('shows undefined figures as a dash', () => {
    const rows = readRows(
      parse(makeEmptyReport()).querySelector('section[aria-labelledby=reconstruction] table'),
    );
    expect(rows.map((row) => row[1])).toEqual(['–', '–', '–']);
  });
});
