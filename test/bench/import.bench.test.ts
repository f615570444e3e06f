import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Database } from '../../native/duckdb/database.ts';
import { writeBenchCorpus } from './bench-corpus.ts';
import { printFigures, quantileOf, runNode, timed } from './measure.ts';

const rows = Number(process.env.BENCH_ROWS ?? 1_000_000);
const cli = path.resolve('out/node/cli.js');
const runs = 3;
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

/** Waits until what was written before is on disk, so that no run pays for the writes of the one before it. */
function settleDisk(): void {
  if (process.platform !== 'win32') execFileSync('sync');
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
    const flats: number[] = [];
    const imports: { rows: number; seconds: number; peakMb: number }[] = [];
    for (let run = 0; run < runs; run++) {
      settleDisk();
      flats.push(await loadFlat(file, reader));
      settleDisk();
      const workspace = path.join(folder, `${kind}.assay`);
      const { peakMb, output } = await runNode([cli, 'import', file, '--workspace', workspace, '--json']);
      imports.push({ ...(JSON.parse(output) as { rows: number; seconds: number }), peakMb });
      rmSync(workspace, { recursive: true, force: true });
    }
    const flat = quantileOf(flats, 0.5);
    const seconds = quantileOf(
      imports.map((one) => one.seconds),
      0.5,
    );
    const peak = Math.max(...imports.map((one) => one.peakMb));
    const megabytes = (statSync(file).size / 1e6).toFixed(0);
    printFigures(`Import of ${imports[0]?.rows} pairs, ${megabytes} MB of ${kind}, medians of ${runs}`, [
      { what: 'flat table (baseline)', value: flat, unit: 's' },
      { what: 'import', value: seconds, unit: 's' },
      { what: 'speed against baseline', value: flat / seconds, unit: '×', bar: 'at least 0.5' },
      { what: 'peak memory', value: peak, unit: 'MiB', bar: 'under 2048' },
    ]);
  });
});
