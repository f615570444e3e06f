import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditDocument } from '../../../electron/contract/audit.contract.ts';
import type { ConstitutionDocument } from '../../../electron/contract/constitution.contract.ts';
import { makeFolder, readAssay, runAssay, sampleFile } from '../../support/e2e/command.ts';

const { folder, remove } = makeFolder('assay-constitution');
const workspace = path.join(folder, 'w.assay');
const out = (name: string) => path.join(folder, name);
const make = (name: string, seed: number) =>
  readAssay<ConstitutionDocument & { directory: string }>(
    ...['constitution', '--workspace', workspace, '--dataset', 'pandalm', '--executor', 'surface'],
    ...['--top', '7', '--seed', String(seed), '--out', out(name)],
  );

let first: ConstitutionDocument;
let second: ConstitutionDocument;
let other: ConstitutionDocument;

beforeAll(async () => {
  await readAssay('import', sampleFile, '--workspace', workspace, '--dataset', 'pandalm');
  first = await make('first', 1);
  second = await make('second', 1);
  other = await make('other', 2);
});
afterAll(remove);

const readDocument = (name: string) =>
  JSON.parse(readFileSync(path.join(out(name), 'constitution.json'), 'utf8')) as ConstitutionDocument;

describe('assay constitution', () => {
  it('writes the three files, and the JSON on disk is what was printed', () => {
    expect(readdirSync(out('first')).sort()).toEqual(['constitution.json', 'report.html', 'report.md']);
    expect(readDocument('first').principles).toEqual(first.principles);
    expect(readDocument('first').reconstruction).toEqual(first.reconstruction);
  });

  it('every principle has its text, its counts and its strength with interval, and they agree', () => {
    expect(first.principles.length).toBeGreaterThan(50);
    for (const p of first.principles) {
      expect(p.text).toMatch(/\S/);
      expect(p.for + p.against + p.not_applicable).toBe(p.n);
      if (p.strength === null) continue;
      expect(p.strength).toBeCloseTo((p.for - p.against) / p.n, 6);
      if (p.strength_ci === null) continue;
      expect(p.strength_ci[0]).toBeLessThanOrEqual(p.strength);
      expect(p.strength_ci[1]).toBeGreaterThanOrEqual(p.strength);
    }
    expect(first.principles.some((p) => p.strength_length_controlled !== null)).toBe(true);
  });

  it('counts the pairs of the sample, and holds out prompts the rest was not chosen on', () => {
    const { pairs, reconstruction } = first;
    expect(pairs.total).toBe(999);
    expect(pairs.labelled + pairs.ties + pairs.unlabelled).toBe(999);
    expect(reconstruction.train + reconstruction.test).toBe(pairs.labelled);
    expect(reconstruction.train_prompts + reconstruction.test_prompts).toBeLessThanOrEqual(pairs.prompts);
    for (const key of ['baseline_longer', 'majority', 'weighted'] as const) {
      expect(reconstruction[key]).toBeGreaterThan(0);
      expect(reconstruction[key]).toBeLessThan(1);
    }
    expect(first.constitution.length).toBeLessThanOrEqual(7);
    expect(first.principles.filter((p) => p.is_selected)).toHaveLength(first.constitution.length);
  });

  it('gives the same figures for the same seed and another split for another', () => {
    const figures = ({ principles, reconstruction, constitution }: ConstitutionDocument) => ({
      principles,
      reconstruction,
      constitution,
    });
    expect(figures(second)).toEqual(figures(first));
    expect(other.reconstruction).not.toEqual(first.reconstruction);
    // counts of the whole dataset do not depend on the split
    const counts = (d: ConstitutionDocument) =>
      Object.fromEntries(d.principles.map((p) => [p.id, [p.for, p.against, p.n]]));
    expect(counts(other)).toEqual(counts(first));
  });

  it('the report is one file that loads nothing and holds every selected principle', () => {
    const html = readFileSync(path.join(out('first'), 'report.html'), 'utf8');
    expect(html).not.toMatch(/<script|\ssrc=["']?(?!data:)|<link\b|@import|url\((?!["']?data:|["']?#)/i);
    const markdown = readFileSync(path.join(out('first'), 'report.md'), 'utf8');
    for (const text of first.constitution) {
      expect(html).toContain(text);
      expect(markdown).toContain(text);
    }
  });
});

describe('assay audit', () => {
  it('--only runs these and no others', async () => {
    const document = await readAssay<AuditDocument>(
      ...['audit', '--workspace', workspace, '--dataset', 'pandalm', '--only', 'length,position'],
    );
    expect(document.audits.map((a) => a.audit).sort()).toEqual(['length', 'position']);
    for (const audit of document.audits) {
      expect(audit.is_applicable).toBe(true);
      expect(audit.figures.length).toBeGreaterThan(0);
      for (const { value, ci_lo: low, ci_hi: high } of audit.figures)
        if (value !== null && low !== null && high !== null) {
          expect(low).toBeLessThanOrEqual(value);
          expect(high).toBeGreaterThanOrEqual(value);
        }
    }
  });

  it('without --json prints one line an audit on standard output', async () => {
    const words = ['audit', '-w', workspace, '-d', 'pandalm', '--only', 'length'];
    const { code, stdout } = await runAssay(words);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });
});
