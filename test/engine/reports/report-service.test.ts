import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { constitutionDocumentSchema } from '../../../electron/contract/constitution.contract.ts';
import { ConstitutionService } from '../../../electron/core/constitution/constitution.service.ts';
import { buildSurfaceConstitution } from '../../../electron/core/constitution/surface-constitution.ts';
import { ensureTraits } from '../../../electron/core/constitution/trait-columns.ts';
import { DatasetRepository } from '../../../electron/core/corpus/dataset.repository.ts';
import { chooseExamples } from '../../../electron/core/reports/example-pairs.ts';
import { ReportService } from '../../../electron/core/reports/report.service.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { makeSampleReport } from '../../support/sample-report.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';

/** 60 prompts; the longer, listed answer is chosen, but on every tenth prompt the short one is. */
const rows: PairRow[] = Array.from({ length: 60 }, (_, index) => {
  const long = `1. First, the answer number ${index}.\n2. Then the reasons.\n${'It goes on for a while. '.repeat(3 + (index % 5))}`;
  const short = `Answer ${index}.`;
  const isFlipped = index % 10 === 9;
  const aIsLong = index % 2 === 0;
  return {
    prompt: `Question ${index}: how does it work?`,
    a: aIsLong ? long : short,
    b: aIsLong ? short : long,
    label: aIsLong === isFlipped ? 'b' : 'a',
  };
});

async function makeService(workspace: Workspace) {
  const { database } = workspace;
  const datasetId = await storePairs(workspace, rows, { name: 'Ärger & <b>co</b>' });
  await ensureTraits(database, datasetId);
  const document = await buildSurfaceConstitution(
    database,
    { datasetId, top: 5, seed: 3 },
    { key: 'report' },
  );
  await database.write((session) =>
    session.run('INSERT INTO constitution (constitution_id, dataset_id, document) VALUES (1, ?, ?::JSON)', [
      datasetId,
      JSON.stringify(document),
    ]),
  );
  const constitutions = new ConstitutionService(database);
  const audits = { ...makeSampleReport().audits, dataset_id: datasetId };
  const reports = new ReportService({
    database,
    datasets: new DatasetRepository(database),
    constitutions,
    audits: { latest: async () => audits },
    reportsDirectory: workspace.reports,
    version: '9.9.9',
  });
  return { datasetId, document, constitutions, reports };
}

describe('reports of a workspace', () => {
  it('writes, registers, lists and reads back the three files', async () => {
    const workspace = await openTestWorkspace();
    const { document, reports } = await makeService(workspace);
    const { reportId, directory, files } = await reports.build(1);
    expect(path.dirname(directory)).toBe(workspace.reports);
    expect(path.basename(directory)).toMatch(/^a-rger-b-co-b-\d{4}-\d\d-\d\d-[0-9a-f]{8}$/);
    expect(files).toHaveLength(3);
    expect(await reports.list()).toMatchObject([{ reportId, dataset: 'Ärger & <b>co</b>', directory }]);
    const json = await reports.file(reportId, 'constitution.json');
    expect(constitutionDocumentSchema.parse(JSON.parse(json.text))).toEqual(document);
    const html = await reports.file(reportId, 'report.html');
    expect(html.mime).toBe('text/html');
    expect(html.text).toContain('What the labels of Ärger &amp; &lt;b&gt;co&lt;/b&gt; reward');
    expect(html.text).toContain('Assay 9.9.9');
    expect((await reports.file(reportId, 'report.md')).text).toContain('## Constitution');
  });

  it('takes explained and unexplained examples of different prompts, with what spoke for and against', async () => {
    const workspace = await openTestWorkspace();
    const { document, constitutions } = await makeService(workspace);
    const examples = await chooseExamples({ database: workspace.database, constitutions }, 1, document);
    expect(examples.map((example) => example.kind)).toEqual([
      ...Array<string>(3).fill('explained'),
      ...Array<string>(3).fill('unexplained'),
    ]);
    expect(new Set(examples.map((example) => example.prompt)).size).toBe(6);
    for (const example of examples) {
      const index = example.source_row - 1;
      const row = rows[index];
      expect(example.prompt).toBe(row?.prompt);
      expect(example.chosen).toBe(row?.label === 'a' ? row.a : row?.b);
      expect(example.rejected).toBe(row?.label === 'a' ? row.b : row?.a);
      expect(index % 10 === 9).toBe(example.kind === 'unexplained');
      const isExplained = example.kind === 'explained';
      expect((isExplained ? example.spoke_for : example.spoke_against).length).toBeGreaterThan(0);
      for (const text of [...example.spoke_for, ...example.spoke_against])
        expect(document.constitution).toContain(text);
    }
  });

  it('replaces the registration of a folder that is written again instead of listing it twice', async () => {
    const workspace = await openTestWorkspace();
    const { reports } = await makeService(workspace);
    const target = path.join(workspace.path, 'out');
    await reports.build(1, target);
    const second = await reports.build(1, target);
    expect((await reports.list()).map((report) => report.reportId)).toEqual([second.reportId]);
  });

  it('reads nothing outside the registered folder', async () => {
    const workspace = await openTestWorkspace();
    const { reports } = await makeService(workspace);
    const { reportId, directory } = await reports.build(1);
    const secret = path.join(workspace.path, 'secret.txt');
    writeFileSync(secret, 'secret');
    rmSync(path.join(directory, 'report.md'));
    symlinkSync(secret, path.join(directory, 'report.md'));
    await expect(reports.file(reportId, 'report.md')).rejects.toMatchObject({ code: 'REPORT_MISSING' });
    for (const name of ['../../assay.duckdb', '/etc/hostname', 'constructor'])
      await expect(reports.file(reportId, name as 'report.md')).rejects.toMatchObject({
        code: 'REPORT_MISSING',
      });
    mkdirSync(path.join(directory, 'gone'), { recursive: true });
    rmSync(directory, { recursive: true });
    await expect(reports.file(reportId, 'report.html')).rejects.toMatchObject({ code: 'REPORT_MISSING' });
    await expect(reports.file('nobody', 'report.html')).rejects.toMatchObject({ code: 'REPORT_MISSING' });
  });

  it('makes a report without examples where the pairs have changed since, instead of failing', async () => {
    const workspace = await openTestWorkspace();
    const { document, datasetId, reports } = await makeService(workspace);
    await workspace.database.write((session) =>
      session.run('DELETE FROM trait_run WHERE dataset_id = ?', [datasetId]),
    );
    const { directory } = await reports.build(1);
    const page = readFileSync(path.join(directory, 'report.html'), 'utf8');
    expect(page).toContain('No examples were kept with this report.');
    expect(document.constitution.length).toBeGreaterThan(0);
  });
});
