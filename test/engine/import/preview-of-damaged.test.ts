import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { importSpecSchema } from '../../../electron/contract/import.contract.ts';
import { previewImport } from '../../../electron/core/corpus/import/preview.ts';
import { createForeignExtractor } from '../../../native/duckdb/foreign.ts';
import { openImportBench } from '../../support/import-corpus.ts';

async function previewText(name: string, text: string) {
  const { workspace } = await openImportBench();
  const folder = mkdtempSync(path.join(tmpdir(), 'assay-preview-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, name);
  writeFileSync(file, text);
  const extractForeign = createForeignExtractor(path.resolve('out/node/extract-process.js'));
  return previewImport({ workspace, extractForeign }, importSpecSchema.parse({ files: [file] }));
}

const sound = '{"prompt":"p","chosen":"a","rejected":"b"}';

it('a torn line does not keep the sound ones from being shown before the import', async () => {
  const preview = await previewText('torn.jsonl', `${sound}\n{"prompt": "torn`);
  expect(preview.guesses[0]?.format).toBe('trl-preference');
  expect(preview.records).toMatchObject([{ prompt: 'p', problem: null }]);
  expect(preview.columns.map((column) => column.name)).toEqual(['prompt', 'chosen', 'rejected']);
});

it('a document with NaN, which the import mends, is shown before it too', async () => {
  const preview = await previewText('nan.json', `[{"prompt":"p","chosen":"a","rejected":"b","score":NaN}]`);
  expect(preview.records).toMatchObject([{ prompt: 'p', problem: null }]);
});

it('a file that is no JSON at all is told as unreadable, not as a fault of the program', async () => {
  await expect(previewText('none.json', '{{{{')).rejects.toMatchObject({ code: 'IMPORT_FILE_UNREADABLE' });
});
