import { describe, expect, it } from 'vitest';
import type { ExportContainer, ExportCompression } from '../../../electron/contract/export.contract.ts';
import { listFormats } from '../../../electron/core/export/registry.ts';
import { type ExportBench, openExportBench } from './export-bench.ts';
import { chatRows, type HardRow, plainRows } from './hard-rows.ts';
import { type NormalPair, readPairs } from './normalised.ts';

interface Trip {
  readonly format: string;
  readonly options?: Record<string, string | number | boolean>;
  readonly container?: ExportContainer;
  readonly compression?: ExportCompression;
  readonly rows: 'plain' | 'chat';
  /** The reader that must recognise the file by itself. */
  readonly reader: string;
  /** Rows that cannot be written, by hand from the format's description; the plan must count each. */
  readonly without: readonly string[];
  /** True where response a comes back as response a; else chosen comes back as a. */
  readonly sides?: boolean;
  /** Turns come back as one text: of prompt and responses, or of responses only. */
  readonly isFlat?: boolean | 'responses';
  /** Rows that are told as open to the reader, by hand, and not compared. */
  readonly open?: readonly string[];
  /** Further fields that must come back. */
  readonly holds?: readonly (keyof NormalPair)[];
}

const undecided = ['tie', 'both-bad', 'unlabelled'];
const everything = ['exampleId', 'strength', 'modelA', 'modelB', 'language', 'topic', 'subset'] as const;
const flat = { isFlat: true, rows: 'chat' } as const;
const marked = ['human-marker', 'nvidia-marker'];
const several = ['long-response'];

/** Rows whose texts hold markers are told as ambiguous for plain formats and tested apart. */
const trips: readonly Trip[] = [
  { format: 'trl', rows: 'plain', reader: 'trl-preference', without: undecided },
  { format: 'trl', rows: 'plain', container: 'parquet', reader: 'trl-preference', without: undecided },
  { format: 'trl', rows: 'plain', compression: 'gzip', reader: 'trl-preference', without: undecided },
  { format: 'trl', rows: 'plain', compression: 'zstd', reader: 'trl-preference', without: undecided },
  { format: 'trl', rows: 'chat', reader: 'trl-preference', without: [] },
  { format: 'trl', rows: 'chat', container: 'parquet', reader: 'trl-preference', without: [] },
  { format: 'trl', options: { style: 'standard' }, ...flat, reader: 'trl-preference', without: [] },
  {
    format: 'trl',
    options: { style: 'conversational' },
    rows: 'plain',
    reader: 'trl-preference',
    without: undecided,
  },
  {
    format: 'trl',
    options: { prompt: 'implicit' },
    rows: 'chat',
    reader: 'trl-implicit-prompt',
    without: [],
  },
  {
    format: 'trl',
    options: { prompt: 'implicit' },
    rows: 'plain',
    reader: 'trl-implicit-prompt',
    without: undecided,
    open: ['same-line', 'long'],
  },
  {
    format: 'dpo',
    rows: 'plain',
    reader: 'trl-preference',
    without: undecided,
    holds: ['exampleId', 'modelA', 'modelB', 'language', 'topic', 'subset'],
  },
  {
    format: 'dpo',
    container: 'jsonl',
    rows: 'chat',
    reader: 'trl-preference',
    without: [],
    holds: ['exampleId', 'modelA', 'modelB', 'topic'],
  },
  { format: 'table', rows: 'plain', reader: 'assay-table', without: [], sides: true, holds: everything },
  {
    format: 'table',
    container: 'jsonl',
    rows: 'chat',
    reader: 'assay-table',
    without: [],
    sides: true,
    holds: everything,
  },
  {
    format: 'table',
    container: 'csv',
    options: { guardFormulas: false },
    rows: 'plain',
    reader: 'assay-table',
    without: [],
    sides: true,
    holds: everything,
  },
  {
    format: 'table',
    container: 'csv',
    compression: 'gzip',
    options: { guardFormulas: false },
    rows: 'chat',
    reader: 'assay-table',
    without: [],
    sides: true,
    holds: everything,
  },
  {
    format: 'annotated-pairs',
    rows: 'plain',
    reader: 'annotated-pairs',
    without: undecided,
    sides: true,
    holds: ['modelA', 'modelB'],
  },
  {
    format: 'annotated-pairs',
    ...flat,
    reader: 'annotated-pairs',
    without: [],
    sides: true,
    holds: ['modelA', 'modelB'],
  },
  {
    format: 'icai',
    rows: 'plain',
    reader: 'icai',
    without: [],
    sides: true,
    holds: ['exampleId', 'modelA', 'modelB'],
  },
  { format: 'icai', ...flat, reader: 'icai', without: [], sides: true, holds: ['exampleId'] },
  { format: 'hh-rlhf', rows: 'plain', reader: 'hh-rlhf', without: [...undecided, 'human-marker'] },
  {
    format: 'hh-rlhf',
    rows: 'chat',
    reader: 'hh-rlhf',
    without: ['with-system', 'system-and-turns', 'with-tool'],
  },
  { format: 'openrlhf', rows: 'chat', reader: 'trl-preference', without: [] },
  {
    format: 'openrlhf',
    options: { style: 'text' },
    rows: 'plain',
    reader: 'trl-preference',
    without: undecided,
  },
  { format: 'axolotl', rows: 'chat', reader: 'named-pairs', without: several },
  { format: 'axolotl', rows: 'plain', reader: 'named-pairs', without: undecided },
  {
    format: 'axolotl',
    options: { dialect: 'argilla' },
    rows: 'plain',
    reader: 'named-pairs',
    without: undecided,
  },
  {
    format: 'axolotl',
    options: { dialect: 'icr' },
    rows: 'plain',
    container: 'parquet',
    reader: 'named-pairs',
    without: undecided,
  },
  {
    format: 'axolotl',
    options: { dialect: 'intel' },
    rows: 'plain',
    reader: 'named-pairs',
    without: undecided,
  },
  { format: 'llama-factory', rows: 'chat', reader: 'named-pairs', without: several },
  { format: 'llama-factory', rows: 'plain', container: 'parquet', reader: 'named-pairs', without: undecided },
  {
    format: 'llama-factory',
    options: { style: 'alpaca' },
    rows: 'plain',
    reader: 'named-pairs',
    without: undecided,
  },
  { format: 'ultrafeedback-binarized', rows: 'chat', reader: 'ultrafeedback-binarized', without: [] },
  {
    format: 'ultrafeedback-binarized',
    rows: 'plain',
    container: 'parquet',
    reader: 'ultrafeedback-binarized',
    without: undecided,
  },
  {
    format: 'helpsteer2-preference',
    rows: 'plain',
    reader: 'helpsteer2-preference',
    without: ['both-bad', 'unlabelled', 'nvidia-marker'],
    sides: true,
    holds: ['strength', 'subset'],
  },
  {
    format: 'helpsteer2-preference',
    rows: 'chat',
    reader: 'helpsteer2-preference',
    isFlat: 'responses',
    without: ['with-tool'],
    sides: true,
  },
  {
    format: 'helpsteer3',
    rows: 'plain',
    reader: 'helpsteer3',
    without: ['both-bad', 'unlabelled'],
    sides: true,
    holds: ['strength', 'language', 'topic'],
  },
  {
    format: 'helpsteer3',
    rows: 'chat',
    container: 'parquet',
    reader: 'helpsteer3',
    isFlat: 'responses',
    without: [],
    sides: true,
  },
  { format: 'dove', rows: 'plain', reader: 'dove', without: undecided },
  { format: 'dove', ...flat, reader: 'dove', without: [] },
];

/** Formats that need ratings or make single responses have tables of their own in the other tests. */
const elsewhere = [
  'trl-unpaired',
  'kto',
  'sharegpt',
  'trl-prompts',
  'trl-stepwise',
  'ultrafeedback',
  'helpsteer2',
];

const plainFormats = new Set([
  'trl',
  'dpo',
  'openrlhf',
  'axolotl',
  'llama-factory',
  'ultrafeedback-binarized',
]);
const isPlain = (trip: Trip) =>
  plainFormats.has(trip.format) && trip.rows === 'plain' && trip.options?.['style'] !== 'conversational';

function rowsOf(trip: Trip): readonly HardRow[] {
  if (trip.rows === 'chat') return chatRows;
  return isPlain(trip) ? plainRows.filter((row) => !marked.includes(row.example_id)) : plainRows;
}

/** Chosen as a, rejected as b. */
function orient(pair: NormalPair): NormalPair {
  if (pair.label !== 'b') return pair;
  const { a, b, aMessages, bMessages, modelA, modelB } = pair;
  return {
    ...pair,
    label: 'a',
    a: b,
    b: a,
    aMessages: bMessages,
    bMessages: aMessages,
    modelA: modelB,
    modelB: modelA,
  };
}

function project(pairs: readonly NormalPair[], trip: Trip): Record<string, unknown>[] {
  const prompt = ['prompt', ...(trip.isFlat === true ? [] : ['promptMessages'])];
  const responses = ['a', 'b', ...(trip.isFlat ? [] : ['aMessages', 'bMessages'])];
  const own = [...prompt, ...responses, 'label'] as (keyof NormalPair)[];
  return pairs
    .map((pair) => (trip.sides ? pair : orient(pair)))
    .map((pair) =>
      Object.fromEntries(
        [...own, ...(trip.holds ?? [])].map((name) => [
          name,
          pair[name] === '[]' ? null : (pair[name] ?? null),
        ]),
      ),
    )
    .sort((x, y) =>
      `${String(x['prompt'])}|${String(x['a'])}` < `${String(y['prompt'])}|${String(y['a'])}` ? -1 : 1,
    );
}

async function goAround(
  bench: ExportBench,
  trip: Trip,
  { datasetId, name }: { datasetId: number; name: string },
) {
  const { format, options = {}, container, compression = 'none' } = trip;
  const spec = {
    format,
    datasetId,
    options,
    compression,
    ...(container ? { container } : {}),
    destination: { folder: bench.folder, name },
  };
  const plan = await bench.plan(spec);
  const summary = await bench.write(spec);
  const files = summary.files.map((file) => `${summary.file}/${file.path}`);
  const back = await bench.load({ files, dataset: name });
  return { plan, summary, back };
}

async function checkTrip(
  bench: ExportBench,
  trip: Trip,
  at: { datasetId: number; name: string },
): Promise<void> {
  const { plan, summary, back } = await goAround(bench, trip, at);
  expect([back.format, back.rejected, back.duplicates]).toEqual([trip.reader, 0, 0]);
  const source = await readPairs(bench, at.datasetId);
  const open = new Set(trip.open ?? []);
  const leftOut = plan.warnings.filter((warning) => warning.kind === 'left-out');
  expect(leftOut.reduce((sum, warning) => sum + warning.count, 0)).toBe(trip.without.length);
  expect([plan.selected - plan.written, summary.skipped]).toEqual([trip.without.length, trip.without.length]);
  const told = plan.warnings.filter((warning) => warning.kind === 'ambiguous' && warning.rows.length > 0);
  if (open.size > 0) expect(told.reduce((sum, warning) => sum + warning.count, 0)).toBe(open.size);
  const isWritten = ({ exampleId }: NormalPair) => !trip.without.includes(exampleId);
  const written = source.filter(isWritten);
  const openPlaces = new Set(written.flatMap(({ exampleId }, place) => (open.has(exampleId) ? [place] : [])));
  const isCompared = (_: NormalPair, place: number) => !openPlaces.has(place);
  const returned = await readPairs(bench, back.datasetId);
  expect(returned).toHaveLength(written.length);
  const expected = project(written.filter(isCompared), trip);
  const found = project(returned.filter(isCompared), trip);
  forgiveUnknownStrength(expected, found);
  expect(found).toEqual(expected);
}

/** Numbers of JSON and CSV come back to the last digit; what was unknown may come back as the number that was written for it. */
function forgiveUnknownStrength(sources: Record<string, unknown>[], back: Record<string, unknown>[]): void {
  sources.forEach((row, at) => {
    const other = back[at];
    if (other && 'strength' in row && row['strength'] === null) other['strength'] = null;
  });
}

const formats = [...new Set(trips.map((trip) => trip.format))];

describe('what is exported and imported again is the same', () => {
  it.each(formats)('%s, in every container, option and shape of rows', async (format) => {
    const bench = await openExportBench();
    const sources = new Map<readonly string[], number>();
    for (const [at, trip] of trips.filter((one) => one.format === format).entries()) {
      const rows = rowsOf(trip);
      const key = [...sources.keys()].find((ids) => ids.join() === rows.map((row) => row.example_id).join());
      const datasetId = (key && sources.get(key)) ?? (await bench.importRows(`source-${at}`, rows));
      if (!key)
        sources.set(
          rows.map((row) => row.example_id),
          datasetId,
        );
      await checkTrip(bench, trip, { datasetId, name: `trip-${at}` });
    }
  });

  it('has a trip for every format, so that a new one cannot be forgotten', () => {
    const covered = new Set([...trips.map((trip) => trip.format), ...elsewhere]);
    expect(
      listFormats()
        .map((one) => one.format)
        .filter((format) => !covered.has(format)),
    ).toEqual([]);
  });
});

describe('what a reader may split differently is told before', () => {
  it('counts texts with transcript markers in plain pairs', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('source', plainRows);
    const plan = await bench.plan({ format: 'trl', datasetId });
    expect(plan.warnings.find((warning) => warning.text.includes('markers'))).toMatchObject({
      kind: 'ambiguous',
      count: marked.length,
    });
  });

  it('counts implicit prompts that cannot be told from the responses again', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('source', plainRows);
    const plan = await bench.plan({ format: 'trl', datasetId, options: { prompt: 'implicit' } });
    const warning = plan.warnings.find((one) => one.text.includes('same line'));
    expect(warning).toMatchObject({ kind: 'ambiguous', count: 1 });
  });

  it('says that HH-RLHF has no place for model names, with the number of pairs that have some', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('source', plainRows);
    const plan = await bench.plan({ format: 'hh-rlhf', datasetId });
    const warning = plan.warnings.find((one) => one.text.includes('model names'));
    expect(warning).toMatchObject({ kind: 'no-place', count: 3 });
    expect(warning?.rows).toHaveLength(3);
  });

  it('tells how many texts of a CSV for spreadsheets get an apostrophe', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('source', plainRows);
    const plan = await bench.plan({ format: 'table', container: 'csv', datasetId });
    expect(plan.warnings.find((one) => one.text.includes('apostrophe'))).toMatchObject({
      kind: 'changed',
      count: 1,
    });
  });
});
