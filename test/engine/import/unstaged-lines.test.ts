import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeTemporaryDirectory, openScratchDatabase } from '../../support/database.ts';
import { type ImportBench, openImportBench } from '../../support/import-corpus.ts';

const rows = 60_000;

/** Pairs with shared prompts, rows that repeat others near and far, nulls, numbers and a key of the last row only. */
function makeLine(row: number): string {
  const no = row % 7 === 3 && row > 10_000 ? row - 9_973 : row;
  return JSON.stringify({
    prompt: `Question ${no % 1_000}?`,
    chosen: no % 501 === 8 ? null : `Yes ${no}. ${'long '.repeat(no % 90)}`,
    rejected: `No ${no}.`,
    n: no % 2 === 0 ? no : `${no}`,
    ...(row === rows - 1 ? { late: { deep: [1, 2] } } : {}),
  });
}

async function writeLines(count = rows): Promise<string> {
  const file = path.join(await makeTemporaryDirectory(), 'pairs.jsonl');
  writeFileSync(file, Array.from({ length: count }, (_, row) => makeLine(row)).join('\n'));
  return file;
}

const listAll = ({ workspace }: ImportBench) =>
  workspace.database.all(
    `SELECT c.comparison_id, c.source_row, c.example_id, c.extra, c.chars_a, p.text AS prompt, a.text AS a, b.text AS b, a.source_row AS row_a
     FROM comparison c JOIN prompt p USING (prompt_id) JOIN response a ON a.response_id = c.response_a_id
       JOIN response b ON b.response_id = c.response_b_id ORDER BY c.comparison_id`,
  );

it.each([false, true])(
  'JSON Lines read in place give the rows, numbers and texts that a numbered copy gives (duplicates kept: %s)',
  async (keepDuplicates) => {
    const file = await writeLines();
    const folder = path.dirname(file);
    const writer = await openScratchDatabase([folder]);
    const parquet = path.join(folder, 'pairs.parquet');
    await writer.all(
      `COPY (FROM read_json('${file}', sample_size = -1, format = 'newline_delimited',
         columns = {prompt: 'VARCHAR', chosen: 'VARCHAR', rejected: 'VARCHAR', n: 'JSON', late: 'STRUCT(deep BIGINT[])'}))
       TO '${parquet}'`,
    );
    const [direct, numbered] = [await openImportBench(), await openImportBench()];
    const options = { keepDuplicates, dataset: 'd', format: 'trl-preference' };
    const first = await direct.load({ files: [file], ...options });
    const second = await numbered.load({ files: [parquet], ...options });
    expect({ ...first, seconds: 0 }).toEqual({ ...second, seconds: 0 });
    expect(first.rows + first.rejected + first.duplicates).toBe(rows);
    expect(first.rejected).toBeGreaterThan(50);
    const shown = await listAll(direct);
    expect(shown.length).toBe(first.rows);
    const [last] = await direct.workspace.database.all<{ extra: string }>(
      `SELECT extra FROM comparison WHERE source_row = ${rows}`,
    );
    expect(JSON.parse(last?.extra ?? '{}')).toMatchObject({ late: { deep: [1, 2] } });
    const expected = await listAll(numbered);
    const bare = (list: typeof shown) =>
      list.map(({ example_id: _, extra: __, ...row }) => JSON.stringify(row));
    expect(bare(shown)).toEqual(bare(expected));
    expect(
      await direct.workspace.database.all('SELECT source_row, reason FROM rejected_row ORDER BY source_row'),
    ).toEqual(
      await numbered.workspace.database.all(
        'SELECT source_row, reason FROM rejected_row ORDER BY source_row',
      ),
    );
  },
);

it('a file that is written to while it is read is refused, instead of giving pairs without responses', async () => {
  const file = await writeLines(rows - 1); // without the late key, with which it would be read again from its start
  const bench = await openImportBench();
  const stop = bench.jobs.onChange((job) => {
    if (!job.phase.startsWith('Loading')) return;
    stop();
    appendFileSync(file, `\n${makeLine(5)}`);
  });
  onTestFinished(stop);
  expect(await bench.run({ files: [file] })).toMatchObject({
    status: 'failed',
    error: {
      code: 'IMPORT_FILE_UNREADABLE',
      message: expect.stringContaining('changed while it was read') as string,
    },
  });
  expect(await bench.workspace.database.one('SELECT count(*) AS n FROM response')).toEqual({ n: 0 });
});
