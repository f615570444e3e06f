import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Database } from '../../native/duckdb/database.ts';
import { writeBenchCorpus } from './bench-corpus.ts';
import { printFigures, runNode, timed } from './measure.ts';

const rows = Number(process.env.BENCH_ROWS ?? 1_000_000);
const cli = path.resolve('out/node/cli.js');
let folder = '';
let files: { jsonl: string; parquet: string };

/** The yardstick: the same file into one flat table with DuckDB, committed and checkpointed. */
async function loadFlat(file: string, reader: string): Promise<number> {
  const database = await Database.open({
    path: path.join(folder, 'flat.duckdb'),
    directories: [folder],
    temporaryDirectory: folder,
    memoryLimitMb: 1200,
    readers: 1,
  });
  const { seconds } = await timed(() =>
    database.enterWriteLane(async (session) => {
      await session.run(`CREATE TABLE flat AS SELECT * FROM ${reader}('${file}')`);
      await session.run('CHECKPOINT');
    }),
  );
  await database.close();
  rmSync(path.join(folder, 'flat.duckdb'), { force: true });
  return seconds;
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
  files = await writeBenchCorpus(folder, rows);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('import', () => {
  it.each([
    ['jsonl', 'read_json_auto'],
    ['parquet', 'read_parquet'],
  ] as const)('%s against one flat table', async (kind, reader) => {
    const file = files[kind];
    const flat = await loadFlat(file, reader);
    const workspace = path.join(folder, `${kind}.assay`);
    const { peakMb, output } = await runNode([cli, 'import', file, '--workspace', workspace, '--json']);
    const summary = JSON.parse(output) as { rows: number; seconds: number };
    printFigures(`Import of ${summary.rows} pairs, ${(statSync(file).size / 1e6).toFixed(0)} MB of ${kind}`, [
      { what: 'flat table (baseline)', value: flat, unit: 's' },
      { what: 'import', value: summary.seconds, unit: 's' },
      { what: 'speed against baseline', value: flat / summary.seconds, unit: '×', bar: 'at least 0.5' },
      { what: 'peak memory', value: peakMb, unit: 'MiB', bar: 'under 2048' },
    ]);
    rmSync(workspace, { recursive: true, force: true });
  });
});
