import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openScratchDatabase, makeTemporaryDirectory } from '../../support/database.ts';
import { openImportBench } from '../../support/import-corpus.ts';

interface Line {
  prompt: string;
  chosen: string;
  rejected: string;
}

const makeLine = (index: number): Line => ({
  prompt: `Question ${index}?`,
  chosen: `Yes, ${index}.`,
  rejected: `No, ${index}, no.`,
});
const makeLines = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => JSON.stringify(makeLine(index)));

async function writeTemporary(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(await makeTemporaryDirectory(), name);
  writeFileSync(file, content);
  return file;
}

describe('containers', () => {
  const body = makeLines(5).join('\n');
  const csv = [
    'prompt,chosen,rejected',
    ...Array.from({ length: 5 }, (_, i) => `"Question ${i}?","Yes, ""${i}"".","No\nno"`),
  ].join('\n');
  const cases: [string, string | Uint8Array][] = [
    ['lines.jsonl', body],
    ['lines.jsonl.gz', gzipSync(body)],
    ['lines-with-bom.jsonl', `\uFEFF${body}`],
    ['array.json', JSON.stringify(Array.from({ length: 5 }, (_, index) => makeLine(index)))],
    ['lines-called-json.json', body],
    ['really-lines.csv', body],
    ['really-gzip.jsonl', gzipSync(body)],
    ['table.csv', csv],
    ['table.csv.gz', gzipSync(csv)],
    [
      'crlf.csv',
      'prompt,chosen,rejected\r\n' + Array.from({ length: 5 }, (_, i) => `p${i},c${i},r${i}\r\n`).join(''),
    ],
    [
      'table.tsv',
      'prompt\tchosen\trejected\n' + Array.from({ length: 5 }, (_, i) => `p${i}\tc, ${i}\tr${i}\n`).join(''),
    ],
  ];
  it.each(cases)('%s loads all five rows whatever its name says', async (name, content) => {
    const bench = await openImportBench();
    const summary = await bench.load({ files: [await writeTemporary(name, content)] });
    expect(summary).toMatchObject({
      format: 'trl-preference',
      rows: 5,
      rejected: 0,
      duplicates: 0,
      pairs: 5,
    });
  });

  it('Parquet and zstd written by DuckDB load', async () => {
    const folder = await makeTemporaryDirectory();
    const writer = await openScratchDatabase([folder]);
    const select = "SELECT 'q' || i AS prompt, 'c' || i AS chosen, 'r' || i AS rejected FROM range(5) t(i)";
    await writer.all(`COPY (${select}) TO '${folder}/a.parquet'`);
    await writer.all(`COPY (${select}) TO '${folder}/b.jsonl.zst' (FORMAT json, COMPRESSION zstd)`);
    await writer.all(`COPY (${select}) TO '${folder}/c.csv.zst' (FORMAT csv, COMPRESSION zstd)`);
    for (const name of ['a.parquet', 'b.jsonl.zst', 'c.csv.zst']) {
      const bench = await openImportBench();
      expect(await bench.load({ files: [path.join(folder, name)] }), name).toMatchObject({
        rows: 5,
        rejected: 0,
      });
    }
  });

  it('a folder in the layout of a dataset repository loads its data files, not its metadata', async () => {
    const folder = await makeTemporaryDirectory();
    mkdirSync(path.join(folder, 'data'));
    writeFileSync(path.join(folder, 'README.md'), '# card');
    writeFileSync(path.join(folder, 'dataset_infos.json'), '{}');
    writeFileSync(path.join(folder, 'data/train-00000.jsonl'), makeLines(5).slice(0, 3).join('\n'));
    writeFileSync(path.join(folder, 'data/train-00001.jsonl'), makeLines(5).slice(3).join('\n'));
    const bench = await openImportBench();
    expect(await bench.load({ files: [folder] })).toMatchObject({ rows: 5, rejected: 0, duplicates: 0 });
    const globbed = await openImportBench();
    expect(await globbed.load({ files: [path.join(folder, 'data/*-00001.jsonl')] })).toMatchObject({
      rows: 2,
    });
  });

  it('a DuckDB file is copied through a process of its own, table by table', async () => {
    const folder = await makeTemporaryDirectory();
    const file = path.join(folder, 'foreign.duckdb');
    const { Database } = await import('../../../native/duckdb/database.ts');
    const foreign = await Database.open({
      path: file,
      directories: [folder],
      temporaryDirectory: folder,
      memoryLimitMb: 500,
    });
    await foreign.write((session) =>
      session.run(
        "CREATE TABLE t AS SELECT 'q' || i AS prompt, 'c' AS chosen, 'r' AS rejected FROM range(4) t(i)",
      ),
    );
    await foreign.close();
    const bench = await openImportBench();
    expect(await bench.load({ files: [file] })).toMatchObject({ rows: 4, rejected: 0 });
  });
});

describe('damaged files', () => {
  it('keeps the good lines of a file with bad ones and says row and reason of each bad one', async () => {
    const lines = makeLines(6);
    lines[1] = '{"prompt": "cut';
    lines[3] = '[1, 2]';
    const file = await writeTemporary('bad.jsonl', lines.join('\n'));
    const bench = await openImportBench();
    expect(await bench.load({ files: [file] })).toMatchObject({ rows: 4, rejected: 2, duplicates: 0 });
    const rejected = await bench.workspace.database.all(
      'SELECT source_row, reason, raw FROM rejected_row ORDER BY source_row',
    );
    expect(rejected).toMatchObject([
      { source_row: 2, reason: expect.stringContaining('not valid JSON') as string, raw: '{"prompt": "cut' },
      { source_row: 4, reason: 'the line is not a JSON object' },
    ]);
    const last = await bench.workspace.database.one('SELECT max(source_row) AS row FROM comparison');
    expect(last).toEqual({ row: 6 });
  });

  it('rejects lines with NUL bytes and wrong encoding and loads the rest', async () => {
    const [first = '', second = '', third = ''] = makeLines(3);
    const content = Buffer.concat([
      Buffer.from(`${first}\n`),
      Buffer.from(second.replace('Yes', 'Y\0s') + '\n'),
      Buffer.from(third.replace('Yes', 'Y\u00e9s') + '\n', 'latin1'),
    ]);
    const bench = await openImportBench();
    expect(await bench.load({ files: [await writeTemporary('odd.jsonl', content)] })).toMatchObject({
      rows: 1,
      rejected: 2,
    });
  });

  it('loads what a truncated archive still holds and says that the rest is lost', async () => {
    const whole = gzipSync(makeLines(20_000).join('\n'));
    const file = await writeTemporary('cut.jsonl.gz', whole.subarray(0, Math.floor(whole.length / 2)));
    const bench = await openImportBench();
    const summary = await bench.load({ files: [file] });
    expect(summary.rows).toBeGreaterThan(1000);
    expect(summary.rows).toBeLessThan(20_000);
    const { reason } = await bench.workspace.database.one<{ reason: string }>(
      'SELECT reason FROM rejected_row ORDER BY source_row DESC LIMIT 1',
    );
    expect(reason).toContain('ends early');
  });

  it('rejects a giant line instead of running out of memory', async () => {
    const giant = JSON.stringify({ ...makeLine(0), chosen: 'x'.repeat(40 * 2 ** 20) });
    const bench = await openImportBench();
    const summary = await bench.load({
      files: [await writeTemporary('giant.jsonl', [giant, ...makeLines(2)].join('\n'))],
    });
    expect(summary).toMatchObject({ rows: 2, rejected: 1 });
  });

  it('keeps keys that only late rows have, and rows that disagree on types', async () => {
    const lines = makeLines(30_000);
    lines[29_999] = JSON.stringify({ ...makeLine(29_999), late_note: 'only here', n: 'text' });
    lines[10] = JSON.stringify({ ...makeLine(10), n: 5 });
    const bench = await openImportBench();
    expect(
      await bench.load({ files: [await writeTemporary('mixed.jsonl', lines.join('\n'))] }),
    ).toMatchObject({ rows: 30_000, rejected: 0 });
    const { extra } = await bench.workspace.database.one<{ extra: string }>(
      'SELECT extra FROM comparison WHERE source_row = 30000',
    );
    expect(JSON.parse(extra)).toMatchObject({ late_note: 'only here', n: 'text' });
  });

  it('keeps dates and ids in texts as they were written', async () => {
    const lines = [1, 2].map((i) =>
      JSON.stringify({
        prompt: '2024-01-02',
        chosen: `2024-01-02 03:0${i}:00`,
        rejected: '6f9619ff-8b86-d011-b42d-00cf4fc964ff',
      }),
    );
    const bench = await openImportBench();
    await bench.load({ files: [await writeTemporary('dates.jsonl', lines.join('\n'))] });
    expect(
      await bench.workspace.database.one(
        'SELECT prompt, chosen, rejected FROM pairs ORDER BY chosen LIMIT 1',
      ),
    ).toEqual({
      prompt: '2024-01-02',
      chosen: '2024-01-02 03:01:00',
      rejected: '6f9619ff-8b86-d011-b42d-00cf4fc964ff',
    });
  });

  it('rejects bad CSV lines with their line number and loads the others', async () => {
    const file = await writeTemporary('bad.csv', 'prompt,chosen,rejected\na,b,c\nd,e,f,too,many\ng,h,i\n');
    const bench = await openImportBench();
    expect(await bench.load({ files: [file] })).toMatchObject({ rows: 2, rejected: 1 });
    expect(await bench.workspace.database.one('SELECT reason FROM rejected_row')).toMatchObject({
      reason: expect.stringContaining('line 3') as string,
    });
  });

  it.each([
    ['empty.jsonl', '', 'IMPORT_FILE_EMPTY'],
    ['blank.csv', ' \n \n', 'IMPORT_FILE_EMPTY'],
    [
      'pointer.jsonl',
      'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n',
      'IMPORT_FILE_UNREADABLE',
    ],
    ['picture.jsonl', Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 7)), 'IMPORT_FILE_UNREADABLE'],
    ['broken.parquet', Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(200, 1)]), 'IMPORT_FILE_UNREADABLE'],
    ['strange.csv', 'x,y\n1,2\n', 'IMPORT_FORMAT_UNKNOWN'],
  ])('%s fails with a clear error and leaves no dataset', async (name, content, code) => {
    const bench = await openImportBench();
    const job = await bench.run({ files: [await writeTemporary(name, content)] });
    expect(job).toMatchObject({
      status: 'failed',
      error: { code, message: expect.stringContaining(name) as string },
    });
    expect(
      await bench.workspace.database.one(
        'SELECT (SELECT count(*) FROM dataset) + (SELECT count(*) FROM import_run) AS n',
      ),
    ).toEqual({ n: 0 });
  });

  it('says which file is missing', async () => {
    const bench = await openImportBench();
    expect(await bench.run({ files: ['/nowhere/a.jsonl'] })).toMatchObject({
      error: { code: 'IMPORT_FILE_MISSING' },
    });
  });
});

describe('counts', () => {
  it('rows in the file = loaded + rejected + duplicates, and a second import of the file adds nothing', async () => {
    const lines = [
      ...makeLines(4),
      ...makeLines(2),
      JSON.stringify({ prompt: 'p', chosen: null, rejected: 'r' }),
    ];
    const file = await writeTemporary('a.jsonl', lines.join('\n'));
    const bench = await openImportBench();
    expect(await bench.load({ files: [file], dataset: 'd' })).toMatchObject({
      rows: 4,
      rejected: 1,
      duplicates: 2,
    });
    expect(await bench.load({ files: [file], dataset: 'd' })).toMatchObject({
      rows: 0,
      rejected: 1,
      duplicates: 6,
    });
    expect(await bench.workspace.database.one('SELECT count(*) AS n FROM pairs')).toEqual({ n: 4 });
    expect(await bench.load({ files: [file], dataset: 'all', keepDuplicates: true })).toMatchObject({
      rows: 6,
      rejected: 1,
      duplicates: 0,
    });
  });

  it('columns mapped by hand are remembered for the next file of the dataset', async () => {
    const bench = await openImportBench();
    const first = await writeTemporary('one.csv', 'frage,gut,schlecht\nf,g,s\n');
    const mapping = { prompt: 'frage', chosen: 'gut', rejected: 'schlecht' };
    await bench.load({ files: [first], dataset: 'd', format: 'mapped', mapping });
    const second = await writeTemporary('two.csv', 'frage,gut,schlecht\nf2,g2,s2\n');
    expect(await bench.load({ files: [second], dataset: 'd' })).toMatchObject({
      format: 'mapped',
      rows: 1,
      pairs: 1,
    });
  });

  it('a cancelled import leaves nothing behind', async () => {
    const file = await writeTemporary('big.jsonl', makeLines(300_000).join('\n'));
    const bench = await openImportBench();
    const jobId = await bench.jobs.start('import', { files: [file] });
    await new Promise<void>((resolve) => {
      const stop = bench.jobs.onChange((job) => {
        if (job.phase.startsWith('Loading') || job.phase.startsWith('Checking')) {
          stop();
          resolve();
        }
      });
    });
    const job = await bench.jobs.cancel(jobId);
    expect(job.status).toBe('cancelled');
    for (const table of ['dataset', 'import_run', 'comparison', 'response', 'prompt', 'record_key']) {
      expect(await bench.workspace.database.one(`SELECT count(*) AS n FROM ${table}`), table).toEqual({
        n: 0,
      });
    }
  });
});
