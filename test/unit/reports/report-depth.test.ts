import { JSDOM } from 'jsdom';
import { describe, expect, it } from 'vitest';
import type { PrincipleRunFigures } from '../../../electron/contract/constitution.contract.ts';
import type { ConstitutionSlices, SliceCell } from '../../../electron/contract/constitution-depth.ts';
import { icaiFilterSchema } from '../../../electron/contract/constitution.contract.ts';
import { type ReportDocument, reportDocumentSchema } from '../../../electron/contract/report.contract.ts';
import { renderReportHtml } from '../../../electron/core/reports/report-html.ts';
import { renderReportMarkdown } from '../../../electron/core/reports/report-markdown.ts';
import { makeSampleReport } from '../../support/sample-report.ts';

const hostile = '<img src=x onerror=alert(1)> | `x`';
const cell = (strength: number, n: number): SliceCell => ({
  for: Math.round((n * (1 + strength)) / 2),
  against: Math.round((n * (1 - strength)) / 2),
  n,
  strength,
  strength_ci: [strength - 0.1, strength + 0.1],
  status: n < 20 ? 'too_small' : 'ok',
});
const figure = (value: number) => ({ value, ci: [value - 0.05, value + 0.05] as [number, number], n: 60 });

const slices: ConstitutionSlices = {
  schema: 'assay.constitution-slices/1',
  constitution_id: 1,
  dataset_id: 1,
  column: 'language',
  labels: 'pair',
  created_at: '2026-11-20T09:14:00.000Z',
  groups: [
    { value: 'en', n: 500, prompts: 300, is_tiny: false, accuracy: figure(0.7) },
    { value: hostile, n: 8, prompts: 8, is_tiny: true, accuracy: figure(0.5) },
  ],
  groups_left_out: 0,
  principles: [
    {
      id: 'verbose',
      text: 'Select the response that is more verbose',
      is_selected: true,
      rank: 1,
      whole: cell(0.2, 508),
      cells: [cell(0.25, 500), cell(-0.5, 8)],
      spread: null,
      test: null,
    },
  ],
  remarks: ['No principle could be compared over language: fewer than two groups are large enough.'],
};

const run: PrincipleRunFigures = {
  run: 1,
  model: { name: 'judge 7B', hash: 'ab'.repeat(32) },
  merged_by: 'none',
  templates: { vote: '0123456789abcdef' },
  propose: 'directions',
  proposed: 0,
  proposals_failed: 0,
  candidates: 2,
  votes: 400,
  votes_invalid: 0,
  order_dependent: figure(0.1),
  calls: 800,
  stopped: [],
  selection: 'icai',
  icai: icaiFilterSchema.parse({}),
  executors: ['weighted', 'judge', 'plain_judge', 'weighted_flipped'].map((executor, index) => ({
    executor,
    accuracy: figure(0.6 + index / 100),
    abstains: figure(0.1),
  })),
  agreement: [{ first: 'weighted', second: 'judge', figure: figure(0.73) }],
  judge_gain: figure(0.02),
  flipped: [],
};

const sample = makeSampleReport();
const document: ReportDocument = {
  ...sample,
  constitution: { ...sample.constitution, executor: 'judge', run },
  depth: {
    slices: [slices],
    groups: [],
    ceiling: {
      schema: 'assay.constitution-ceiling/1',
      constitution_id: 1,
      dataset_id: 1,
      created_at: '2026-11-20T09:14:00.000Z',
      model: { name: 'embedder', hash: 'cd'.repeat(32) },
      dimensions: 384,
      penalty: 100,
      train: 140,
      test: 60,
      test_prompts: 55,
      left_out: 0,
      probe: figure(0.8),
      probe_train: 0.9,
      executors: [{ executor: 'judge', auc: figure(0.7), share: figure(0.667) }],
      remarks: ['The constitution (judge) explains 67 % of what a linear probe can tell.'],
    },
    factors: [
      {
        factor: 1,
        method: 'pca',
        variance: 0.31,
        chosen_has_more: figure(0.66),
        extremes: [],
        name: 'Select the response that gives reasons',
        fail_reason: null,
        template: 'fedcba9876543210',
      },
    ],
  },
  principle_examples: [
    {
      principle: 'Select the response that is more verbose',
      which: 'against',
      example_id: 'e7',
      prompt: 'Why?',
      chosen: hostile,
      rejected: 'So.',
    },
  ],
};
const source = renderReportHtml(document);
const page = new JSDOM(source).window.document;
const text = (selector: string) => page.querySelector(selector)?.textContent ?? '';

describe('the report of a constitution from principles', () => {
  it('is built on a document the contract accepts', () => {
    expect(reportDocumentSchema.safeParse(document).success).toBe(true);
  });

  it('sets the executors side by side with the model that reads no constitution', () => {
    const rows = [...page.querySelectorAll('[aria-labelledby="executors"] table:first-of-type tbody tr')];
    const shown = rows.map((row) => [...row.children].map((one) => one.textContent?.trim()));
    const plain = shown.find(([name]) => name === 'Same model without a constitution');
    expect(plain?.[1]).toContain('62.0');
    expect(plain?.[2]).toBe('60');
    expect(shown.map(([name]) => name)).toContain('Weighted vote, labels inverted');
  });

  it('draws every cell with value, interval and n, and marks those with few labels', () => {
    const titles = [...page.querySelectorAll('.heat g title')].map((one) => one.textContent);
    expect(titles).toEqual(['+0.250 [0.150, 0.350], n = 500', '−0.500 [−0.600, −0.400], n = 8, few']);
    expect(page.querySelectorAll('.heat .heat-weak')).toHaveLength(1);
    expect(page.querySelectorAll('.heat .heat-against')).toHaveLength(1);
    expect(text('[aria-labelledby="groups"] table')).toContain('+0.250 [0.150, 0.350], n = 500');
  });

  it('gives the ceiling with the share it explains, the directions, and where everything comes from', () => {
    expect(text('[aria-labelledby="ceiling"]')).toContain('66.7');
    expect(text('[aria-labelledby="ceiling"]')).toContain('gives reasons');
    const provenance = text('[aria-labelledby="provenance"]');
    for (const part of [
      'ab'.repeat(32),
      'cd'.repeat(32),
      '0123456789abcdef',
      String(sample.constitution.seed),
    ])
      expect(provenance).toContain(part);
    expect(text('[aria-labelledby="method"]')).toContain('judge 7B was asked');
    expect(text('[aria-labelledby="reproduce"]')).toContain("--propose directions --model 'judge 7B'");
  });

  it('lets no text of the data become markup, in the page and in Markdown', () => {
    expect(page.querySelectorAll('img')).toHaveLength(0);
    expect(source).not.toContain('<img');
    const outsideFences = renderReportMarkdown(document).replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '');
    expect(outsideFences).not.toContain('<img');
  });

  it('tells the same in Markdown', () => {
    const markdown = renderReportMarkdown(document);
    for (const part of [
      '## Executors',
      '## Principles by group',
      '## What embeddings can tell',
      '## Provenance',
    ])
      expect(markdown).toContain(part);
    expect(markdown).toContain('n = 500');
  });
});
