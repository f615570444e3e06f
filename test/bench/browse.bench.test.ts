import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Core, openCore } from '../../electron/core/boot.ts';
import { Database } from '../../native/duckdb/database.ts';
import { writeBenchCorpus } from './bench-corpus.ts';
import { type Figure, printFigures, quantileOf, timed } from './measure.ts';

const longRows = Number(process.env.BENCH_ROWS ?? 1_000_000);
const shortRows = Number(process.env.BENCH_SHORT_ROWS ?? 10_000_000);
const fields = [
  'prompt',
  'response_a',
  'response_b',
  'label',
  'strength',
  'model_a',
  'model_b',
  'chars_a',
  'chars_b',
  'subset',
  'example_id',
];
const histograms = ['chars_a', 'chars_b', 'prompt_chars', 'length_difference', 'turns', 'n_votes'];
const pages = 60;

let folder = '';
let core: Core;

async function writeShortCorpus(rows: number): Promise<string> {
  const file = path.join(folder, 'short.parquet');
  const database = await Database.open({
    path: ':memory:',
    directories: [folder],
    temporaryDirectory: folder,
    memoryLimitMb: 2000,
    readers: 1,
  });
  await database.all(
    `COPY (SELECT 'Question ' || i AS prompt, repeat('y', 1 + (i * 7919) % 40) AS chosen, repeat('n', 1 + (i * 104729) % 40) AS rejected FROM range(${rows}) t(i))
     TO '${file}' (FORMAT parquet)`,
  );
  await database.close();
  return file;
}

async function load(file: string, dataset: string): Promise<number> {
  const { jobs, datasets } = core.services;
  const job = await jobs.wait(await jobs.start('import', { files: [file], dataset }));
  if (job.status !== 'succeeded') throw new Error(job.error?.message);
  return (await datasets.getByName(dataset)).datasetId;
}

/** The index is built in the background after an import; figures are of the time after it. */
async function waitForIndex(): Promise<void> {
  const { jobs } = core.services;
  for (const job of await jobs.list(10)) if (job.type === 'search-index') await jobs.wait(job.jobId);
}

async function measurePages(
  datasetId: number,
  sort: { field: string; direction: 'asc' | 'desc' }[],
): Promise<Figure[]> {
  const { views } = core.services;
  const { seconds, value: view } = await timed(() =>
    views.open({ datasetId, relation: 'pairs', filter: { clauses: [] }, sort }),
  );
  const times: number[] = [];
  for (let index = 0; index < pages; index++) {
    const offset = Math.floor(((index * 0.618_034) % 1) * (view.count - 256));
    times.push(
      (await timed(() => views.page({ viewId: view.viewId, offset, limit: 256, fields }))).seconds * 1000,
    );
  }
  const name = sort.length === 0 ? 'file order' : `sorted by ${sort[0]?.field}`;
  return [
    { what: `${name}: building the order`, value: seconds * 1000, unit: 'ms' },
    { what: `${name}: page of 256, median`, value: quantileOf(times, 0.5), unit: 'ms' },
    { what: `${name}: page of 256, p95`, value: quantileOf(times, 0.95), unit: 'ms', bar: 'under 50' },
  ];
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
  core = await openCore({
    workspace: path.join(folder, 'bench.assay'),
    version: 'bench',
    log: pino({ level: 'error' }),
    extractEntry: path.resolve('out/node/extract-process.js'),
  });
});
afterAll(async () => {
  await core.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('browse', () => {
  it('long rows', async () => {
    const { parquet } = await writeBenchCorpus(folder, longRows);
    const datasetId = await load(parquet, 'long');
    const { facets, views, search } = core.services;
    const index = await timed(waitForIndex);
    const figures = [
      ...(await measurePages(datasetId, [])),
      ...(await measurePages(datasetId, [{ field: 'chars_a', direction: 'desc' }])),
    ];
    const filter = {
      clauses: [{ op: 'range' as const, field: 'chars_a', min: 500, max: 2000, closed: false }],
    };
    const filtered = await timed(async () => {
      await views.open({ datasetId, relation: 'pairs', filter, sort: [] });
      await facets.count({ datasetId, relation: 'pairs', filter, fields: histograms, bins: 24, top: 12 });
    });
    const common = await timed(() => search.query({ datasetId, words: 'the', limit: 20 }));
    const two = await timed(() => search.query({ datasetId, words: 'health benefits', limit: 20 }));
    const open = await timed(() =>
      views.open({ datasetId, relation: 'pairs', filter: { clauses: [], words: 'exercise' }, sort: [] }),
    );
    printFigures(`Browsing ${longRows} pairs`, [
      ...figures,
      {
        what: 'filter + count + six histograms',
        value: filtered.seconds * 1000,
        unit: 'ms',
        bar: 'under 500',
      },
      { what: 'waiting for the search index', value: index.seconds, unit: 's' },
      { what: 'search, the commonest word', value: common.seconds * 1000, unit: 'ms', bar: 'under 500' },
      { what: 'search, two words', value: two.seconds * 1000, unit: 'ms', bar: 'under 500' },
      { what: 'search as a view of the grid', value: open.seconds * 1000, unit: 'ms', bar: 'under 500' },
    ]);
  });

  it('short rows', async () => {
    const datasetId = await load(await writeShortCorpus(shortRows), 'short');
    await waitForIndex();
    printFigures(`Browsing ${shortRows} short pairs`, [
      ...(await measurePages(datasetId, [])),
      ...(await measurePages(datasetId, [{ field: 'chars_a', direction: 'desc' }])),
      { what: 'peak memory of the process', value: process.resourceUsage().maxRSS / 1024, unit: 'MiB' },
    ]);
  });
});
