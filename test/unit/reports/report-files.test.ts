import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { constitutionDocumentSchema } from '../../../electron/contract/constitution.contract.ts';
import { cutText } from '../../../electron/core/reports/example-pairs.ts';
import { writeReport } from '../../../electron/core/reports/report-files.ts';
import { shortenSources } from '../../../electron/core/reports/source-names.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { makeSampleReport } from '../../support/sample-report.ts';

describe('files of a report', () => {
  it('writes the constitution itself at the top level, as the contract reads it', async () => {
    const directory = path.join(await makeTemporaryDirectory(), 'deep', 'er');
    const report = makeSampleReport();
    const files = await writeReport(directory, report);
    expect(files.map((file) => path.basename(file))).toEqual([
      'constitution.json',
      'report.html',
      'report.md',
    ]);
    const parsed: unknown = JSON.parse(readFileSync(path.join(directory, 'constitution.json'), 'utf8'));
    expect(constitutionDocumentSchema.parse(parsed)).toEqual(report.constitution);
    expect(parsed).toHaveProperty('principles.0.strength');
    expect(parsed).toHaveProperty('reconstruction.weighted', 0.6441);
  });

  it('leaves no temporary file behind and replaces an older report', async () => {
    const directory = await makeTemporaryDirectory();
    writeFileSync(path.join(directory, 'report.html'), 'old');
    await writeReport(directory, makeSampleReport());
    expect(readdirSync(directory).sort()).toEqual(['constitution.json', 'report.html', 'report.md']);
    expect(readFileSync(path.join(directory, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/);
  });

  it('writes NaN and infinity as null where the schema allows it', async () => {
    const directory = await makeTemporaryDirectory();
    const report = makeSampleReport();
    report.constitution.reconstruction.gain_over_longer = NaN;
    report.constitution.reconstruction.majority = Infinity;
    await writeReport(directory, report);
    const text = readFileSync(path.join(directory, 'constitution.json'), 'utf8');
    expect(text).not.toMatch(/NaN|Infinity/);
    expect(JSON.parse(text)).toMatchObject({ reconstruction: { gain_over_longer: null, majority: null } });
    expect(readFileSync(path.join(directory, 'report.html'), 'utf8')).not.toMatch(/NaN|Infinity/);
  });

  it('writes nothing at all where a count is no number', async () => {
    const directory = await makeTemporaryDirectory();
    const report = makeSampleReport();
    report.constitution.pairs.labelled = NaN;
    await expect(writeReport(directory, report)).rejects.toThrow();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('says what to do where the folder cannot be written, and leaves no part', async () => {
    const directory = await makeTemporaryDirectory();
    writeFileSync(path.join(directory, 'file'), '');
    await expect(writeReport(path.join(directory, 'file'), makeSampleReport())).rejects.toMatchObject({
      code: 'EXPORT_FAILED',
    });
    const blocked = path.join(directory, 'blocked');
    mkdirSync(path.join(blocked, 'report.html'), { recursive: true });
    await expect(writeReport(blocked, makeSampleReport())).rejects.toMatchObject({ code: 'EXPORT_FAILED' });
    expect(readdirSync(blocked).filter((name) => name.endsWith('.part'))).toEqual([]);
    chmodSync(blocked, 0o700);
  });
});

describe('cut texts', () => {
  it('cuts between words at 600 characters and says so', () => {
    const cut = cutText('word '.repeat(200));
    expect(cut.length).toBeLessThanOrEqual(602);
    expect(cut).toMatch(/word …$/);
    expect(cutText('short')).toBe('short');
    expect(cutText('a'.repeat(600))).toBe('a'.repeat(600));
  });

  it('cuts text without spaces, but never in the middle of a character', () => {
    expect(cutText('字'.repeat(700))).toBe(`${'字'.repeat(600)} …`);
    expect(cutText(`a${'😀'.repeat(400)}`)).not.toMatch(/\p{Cs}/u);
  });
});

describe('names of source files', () => {
  it('leaves out the folders all files share, and keeps those that tell files apart', () => {
    expect([
      ...shortenSources(['/home/me/data/train/a.jsonl', '/home/me/data/test/a.jsonl']).values(),
    ]).toEqual(['train/a.jsonl', 'test/a.jsonl']);
    expect([...shortenSources(['/home/me/a.jsonl']).values()]).toEqual(['a.jsonl']);
    expect([...shortenSources(['/home/me/a.jsonl', '/home/me/a.jsonl']).values()]).toEqual(['a.jsonl']);
    expect([...shortenSources(['C:\\Users\\me\\a.csv', 'C:\\Users\\me\\b.csv']).values()]).toEqual([
      'a.csv',
      'b.csv',
    ]);
    expect(shortenSources([]).size).toBe(0);
  });
});
