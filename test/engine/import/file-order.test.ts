import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImportSpec } from '../../../electron/contract/import.contract.ts';
import { Loader } from '../../../electron/core/corpus/import/loader.ts';
import { openJsonLines } from '../../../electron/core/corpus/import/source.ts';
import { surveyRecords } from '../../../electron/core/corpus/import/survey.ts';
import { makeTemporaryDirectory, openScratchDatabase } from '../../support/database.ts';
import { type ImportBench, openImportBench } from '../../support/import-corpus.ts';

type Spec = Omit<Partial<ImportSpec>, 'files'>;

/** A label, which is read with a long list of words; such a list made a join of the statement that numbers rows. */
const mapped: Spec = {
  format: 'mapped',
  mapping: { prompt: 'prompt', response_a: 'left', response_b: 'right', label: 'verdict' },
};

const verdicts = ['model_a', 'model_b', 'tie'] as const;

/** Every third line repeats the one before it. */
function makeLines(count: number, chars = 0): string[] {
  return Array.from({ length: count }, (_, row) => {
    const no = row % 3 === 2 ? row - 1 : row;
    const [prompt, left, right] = [`p${no % 7}`, `left ${no} ${'x'.repeat(chars)}`, `right ${no}`];
    return JSON.stringify({ prompt, left, right, verdict: verdicts[no % 3] });
  });
}

/** What the file says of each row that has a line: its number, text and label. */
const expectedOf = (lines: readonly string[]) =>
  lines.map((line, index) => {
    const { left, right, verdict } = JSON.parse(line) as Record<'left' | 'right' | 'verdict', string>;
    const label = { model_a: 'a', model_b: 'b', tie: 'tie' }[verdict];
    return `${index + 1} ${index + 1} ${left.length} ${left.slice(0, 20).trim()} ${right} ${label}`;
  });

async function importAndList(bench: ImportBench, file: string, dataset: string, spec: Spec) {
  const { datasetId } = await bench.load({ files: [file], dataset, keepDuplicates: true, ...spec });
  const rows = await bench.workspace.database.all<{ row: string }>(
    `SELECT concat_ws(' ', c.source_row, a.source_row, length(a.text), trim(left(a.text, 20)), b.text, c.label) AS row
     FROM comparison c JOIN response a ON a.response_id = c.response_a_id JOIN response b ON b.response_id = c.response_b_id
     WHERE c.dataset_id = ${datasetId} ORDER BY c.comparison_id`,
  );
  return rows.map(({ row }) => row);
}

const endings = {
  'with a final newline': (lines: readonly string[]) => `${lines.join('\n')}\n`,
  'without a final newline': (lines: readonly string[]) => lines.join('\n'),
  'with CRLF': (lines: readonly string[]) => `${lines.join('\r\n')}\r\n`,
  'with CRLF and no final newline': (lines: readonly string[]) => lines.join('\r\n'),
  'with blank lines': (lines: readonly string[]) => `\n${lines.join('\n\n  \n')}\n\n\n`,
  'with blanks after the last line': (lines: readonly string[]) => `${lines.join('\n')}   `,
};

describe('ids and source_row follow the file', () => {
  it.each(Object.entries(endings))(
    '%s, in every one of many imports: the last line did not come first now and then',
    async (_, join) => {
      const bench = await openImportBench();
      const file = path.join(await makeTemporaryDirectory(), 'pairs.jsonl');
      const lines = makeLines(4);
      writeFileSync(file, join(lines));
      for (let index = 0; index < 12; index++)
        expect(await importAndList(bench, file, `d${index}`, mapped)).toEqual(expectedOf(lines));
    },
  );

  it.each(['with a final newline', 'without a final newline'] as const)(
    '%s where eight threads read several buffers: parts of a large file were not in each other’s place',
    async (ending) => {
      const bench = await openImportBench({ threads: 8 });
      const file = path.join(await makeTemporaryDirectory(), 'pairs.jsonl');
      const lines = makeLines(4_000, 15_000);
      writeFileSync(file, endings[ending](lines));
      const expected = expectedOf(lines);
      const list = await importAndList(bench, file, 'd', mapped);
      expect(list.length).toBe(expected.length);
      expect(list.findIndex((row, index) => row !== expected[index])).toBe(-1);
    },
  );

  it('also where a format makes DuckDB join on the way, which by itself loses the order of the rows', async () => {
    const file = path.join(await makeTemporaryDirectory(), 'pairs.jsonl');
    const lines = makeLines(2_000, 25_000);
    writeFileSync(file, lines.join('\n'));
    const database = await openScratchDatabase([path.dirname(file)]);
    const container = {
      kind: 'jsonl',
      compression: 'uncompressed',
      delimiter: ',',
      encoding: 'utf-8',
    } as const;
    const found = await database.write(async (session) => {
      const opened = await openJsonLines(session, file, container, { bytes: 1, sampleRows: -1 });
      if (!opened) throw new Error('the file was not opened');
      const reading = {
        relation: 'responses',
        hasSides: false,
        exampleId: '"right"',
        promptText: `CASE WHEN "verdict" IN ('a', 'b', 'c', 'd', 'e', 'f') THEN 'known' ELSE 'other' END`,
        responses: '[]',
        usedColumns: [],
      } as const;
      const loader = new Loader(session, {
        ...opened,
        reading,
        importId: 1,
        datasetId: 1,
        heldUnder: 1,
        fileNo: 0,
        path: file,
        fileName: 'pairs.jsonl',
        bytes: 1,
        format: 'none',
        rejections: [],
        keepDuplicates: true,
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });
      const { drop } = await surveyRecords(loader);
      const rows = await session.all<{ row: string }>(
        `SELECT concat_ws(' ', record_no, src_row, example_id) AS row FROM survey ORDER BY record_no`,
      );
      await drop();
      return rows.map(({ row }) => row);
    });
    const expected = lines.map(
      (line, no) => `${no} ${no} ${(JSON.parse(line) as Record<'right', string>).right}`,
    );
    expect(found.length).toBe(expected.length);
    expect(found.findIndex((row, index) => row !== expected[index])).toBe(-1);
  });
});
