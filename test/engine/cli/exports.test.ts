import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder, readAssay } from '../../support/e2e/command.ts';

const { folder, remove } = makeFolder('assay-exports');
afterAll(remove);

interface AnnotatedPairs {
  readonly metadata: { readonly version: string; readonly default_annotator: string };
  readonly annotators: Record<string, { readonly description: string; readonly type: string }>;
  readonly comparisons: readonly {
    readonly id: string;
    readonly prompt: string | null;
    readonly response_a: { readonly text: string };
    readonly response_b: { readonly text: string };
    readonly annotations: Record<string, { readonly pref: string | null }>;
  }[];
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as AnnotatedPairs;

/** Apache-2.0 examples of the two projects that read the format; see the LICENSE beside them. */
const fixtures = [
  ['rdnfn__icai', 'test/fixtures/rdnfn__icai/example_ap.json'],
  ['rdnfn__feedback-forensics', 'test/fixtures/rdnfn__feedback-forensics/annotated_pairs.json'],
] as const;

describe('AnnotatedPairs', () => {
  it.each(fixtures)('%s comes back with the same comparison and annotator ids', async (name, fixture) => {
    const workspace = path.join(folder, `${name}.assay`);
    const out = path.join(folder, `${name}.json`);
    const source = read(fixture);
    const summary = await readAssay<{ rows: number; rejected: number }>(
      'import',
      fixture,
      '-w',
      workspace,
      '-d',
      'ap',
    );
    expect(summary).toMatchObject({ rows: source.comparisons.length, rejected: 0 });
    await readAssay('export', '-w', workspace, '-d', 'ap', '-f', 'annotated-pairs', '-o', out);
    const back = read(out);
    expect(back.metadata.version).toBe('2.0');
    expect(back.comparisons.map((c) => c.id).sort()).toEqual(source.comparisons.map((c) => c.id).sort());
    const used = new Set(source.comparisons.flatMap((c) => Object.keys(c.annotations)));
    expect(Object.keys(back.annotators).sort()).toEqual([...used].sort());
    const ofId = new Map(back.comparisons.map((c) => [c.id, c]));
    for (const comparison of source.comparisons) {
      const other = ofId.get(comparison.id);
      expect(other?.response_a.text).toBe(comparison.response_a.text);
      expect(other?.response_b.text).toBe(comparison.response_b.text);
      expect(other?.prompt ?? '').toBe(comparison.prompt ?? '');
      for (const [annotator, { pref }] of Object.entries(comparison.annotations))
        expect([annotator, other?.annotations[annotator]?.pref?.toLowerCase() ?? null]).toEqual([
          annotator,
          /^(text_)?[ab]$/i.test(pref ?? '') ? pref?.toLowerCase().replace('text_', '') : null,
        ]);
    }
  });
});

/** A CSV as RFC 4180 spells it, read by hand so that the writer is not its own judge. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/gy;
  for (let match = field.exec(text); match && field.lastIndex <= text.length; match = field.exec(text)) {
    rows.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '\n') rows.push([]);
    if (match[3] === '') break;
  }
  return rows.filter((row) => row.some((cell) => cell !== ''));
}

describe('CSV', () => {
  it('no cell of text starts as a formula would, and nothing else is changed', async () => {
    const dangerous = [`=cmd|'/C calc'!A0`, '+1', '-1+1', '@SUM(A1)', '\t=1', '\r=1'];
    const harmless = ['1 = 1', "it's -1", 'plain, "quoted"\nand two lines'];
    const texts = [...dangerous, ...harmless];
    const file = path.join(folder, 'formulas.jsonl');
    writeFileSync(
      file,
      texts.map((text) => JSON.stringify({ prompt: text, chosen: `a ${text}`, rejected: text })).join('\n'),
    );
    const workspace = path.join(folder, 'csv.assay');
    await readAssay('import', file, '-w', workspace, '-d', '=formulas');
    const out = path.join(folder, 'formulas.csv');
    await readAssay('export', '-w', workspace, '-d', '=formulas', '-f', 'csv', '-o', out);
    const [head = [], ...rows] = parseCsv(readFileSync(out, 'utf8'));
    expect(rows).toHaveLength(texts.length);
    for (const row of rows) for (const cell of row) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
    const prompts = rows.map((row) => row[head.indexOf('prompt')]);
    expect(prompts).toEqual([...dangerous.map((text) => `'${text}`), ...harmless]);
  });
});

describe('TRL', () => {
  it('an export can be imported again without a row more or less', async () => {
    const file = path.join(folder, 'trl.jsonl');
    const rows = Array.from({ length: 50 }, (_, i) => ({
      prompt: `p ${i} ünï`,
      chosen: `c ${i}\n"x"`,
      rejected: `r ${i}`,
    }));
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
    const workspace = path.join(folder, 'trl.assay');
    await readAssay('import', file, '-w', workspace, '-d', 'trl');
    const out = path.join(folder, 'trl-out.jsonl');
    await readAssay('export', '-w', workspace, '-d', 'trl', '-f', 'trl', '-o', out);
    const back = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as (typeof rows)[number]);
    expect(back).toEqual(rows);
  });
});
