import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { manifestSchema } from '../../../electron/core/export/manifest.ts';
import { type ExportBench, openExportBench } from './export-bench.ts';
import { plainRows } from './hard-rows.ts';

const rows = Array.from({ length: 60 }, (_, at) => ({
  example_id: `e${at}`,
  prompt: `Question ${Math.floor(at / 3)}`,
  response_a: `left ${at}`,
  response_b: `right ${at}`,
  label: at % 2 === 0 ? 'a' : 'b',
  strength: (at % 10) / 10,
}));

async function openWithRows() {
  const bench = await openExportBench();
  return { bench, datasetId: await bench.importRows('source', rows) };
}

const readManifest = (file: string) => manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const listAll = (folder: string) => readdirSync(folder, { recursive: true }).map(String).sort();
const shard = (folder: string, at: number) => path.join(folder, `data-0000${at}-of-00004.jsonl`);

describe('an export is whole or absent', () => {
  it('has a manifest whose checksums, sizes and row counts are those of the files', async () => {
    const { bench, datasetId } = await openWithRows();
    const summary = await bench.write({
      format: 'trl',
      datasetId,
      shards: 4,
      destination: { folder: bench.folder, name: 'out' },
    });
    const manifest = readManifest(summary.manifest);
    expect(listAll(summary.file)).toEqual([
      ...[0, 1, 2, 3].map((at) => path.basename(shard('', at))),
      'manifest.json',
    ]);
    expect(manifest).toMatchObject({
      isComplete: true,
      selected: 60,
      written: 60,
      app: { version: '9.9.9' },
      dataset: { name: 'source' },
    });
    expect(manifest.dataset.version).toMatch(/^import-1\.change-0\.votes-60$/);
    for (const file of manifest.files) {
      const place = path.join(summary.file, file.path);
      expect([file.sha256, file.bytes]).toEqual([sha256(place), statSync(place).size]);
      expect(file.rows).toBe(readFileSync(place, 'utf8').trim().split('\n').length);
    }
    expect(manifest.files.map((file) => file.rows)).toEqual([15, 15, 15, 15]);
  });

  it('goes on at the first missing shard after a kill, and writes a damaged one again', async () => {
    const { bench, datasetId } = await openWithRows();
    const spec = { format: 'trl', datasetId, shards: 4 };
    const whole = await bench.write({ ...spec, destination: { folder: bench.folder, name: 'whole' } });
    const { recipeKey } = readManifest(whole.manifest);
    const staging = path.join(bench.workspace.exports, `.part-${recipeKey}`);
    mkdirSync(staging);
    for (const at of [0, 1, 2]) writeFileSync(shard(staging, at), readFileSync(shard(whole.file, at)));
    writeFileSync(shard(staging, 1), 'torn');
    writeFileSync(`${shard(staging, 3)}.part`, 'half');
    const begun = { ...readManifest(whole.manifest), isComplete: false };
    writeFileSync(
      path.join(staging, 'manifest.json'),
      JSON.stringify({ ...begun, files: begun.files.slice(0, 3) }),
    );
    const kept = statSync(shard(staging, 0)).ino;
    const torn = statSync(shard(staging, 1)).ino;
    const again = await bench.write({ ...spec, destination: { folder: bench.folder, name: 'again' } });
    expect(statSync(shard(again.file, 0)).ino).toBe(kept);
    expect(statSync(shard(again.file, 1)).ino).not.toBe(torn);
    expect(again.files.map((file) => file.sha256)).toEqual(whole.files.map((file) => file.sha256));
    expect(listAll(again.file)).toEqual(listAll(whole.file));
    expect(existsSync(staging)).toBe(false);
  });

  it('starts afresh where the rows have changed since the kill, so that shards of two versions are never mixed', async () => {
    const { bench, datasetId } = await openWithRows();
    const spec = { format: 'trl', datasetId, shards: 4 };
    const whole = await bench.write({ ...spec, destination: { folder: bench.folder, name: 'whole' } });
    const manifest = readManifest(whole.manifest);
    const staging = path.join(bench.workspace.exports, `.part-${manifest.recipeKey}`);
    mkdirSync(staging);
    writeFileSync(shard(staging, 0), readFileSync(shard(whole.file, 0)));
    writeFileSync(
      path.join(staging, 'manifest.json'),
      JSON.stringify({ ...manifest, isComplete: false, files: manifest.files.slice(0, 1) }),
    );
    await bench.workspace.database.write((session) =>
      session.run(`UPDATE comparison SET label = 'b' WHERE example_id = 'e0'`),
    );
    const again = await bench.write({ ...spec, destination: { folder: bench.folder, name: 'again' } });
    expect(JSON.parse(readFileSync(shard(again.file, 0), 'utf8').split('\n')[0] ?? '')).toMatchObject({
      chosen: 'right 0',
    });
  });

  it('answers at once where this very export is there already, and writes again where a file of it is damaged', async () => {
    const { bench, datasetId } = await openWithRows();
    const spec = { format: 'trl', datasetId, destination: { folder: bench.folder, name: 'out' } };
    const first = await bench.write(spec);
    expect(await bench.write(spec)).toMatchObject({ wasThere: true, rows: 60 });
    writeFileSync(path.join(first.file, 'data.jsonl'), 'damaged');
    expect(await bench.runExport(spec)).toMatchObject({ status: 'failed', error: { code: 'EXPORT_EXISTS' } });
    const repaired = await bench.write({ ...spec, destination: { ...spec.destination, overwrite: true } });
    expect([repaired.wasThere, sha256(path.join(repaired.file, 'data.jsonl'))]).toEqual([
      false,
      first.files[0]?.sha256,
    ]);
    expect(readdirSync(bench.folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

const fail = async (bench: ExportBench, datasetId: number, destination: object) => {
  const job = await bench.runExport({ format: 'trl', datasetId, destination });
  return job.error?.code ?? job.status;
};

describe('places that are refused', () => {
  it.each(['../escape', 'a/b', 'a\\b', '.hidden', '', 'nul', 'a\u0000b', ' lead'])(
    'the name %j',
    async (name) => {
      const { bench, datasetId } = await openWithRows();
      expect(await fail(bench, datasetId, { folder: bench.folder, name })).toBe('EXPORT_TARGET_INVALID');
      expect(readdirSync(bench.folder)).toEqual(['source.jsonl']);
      expect(readdirSync(bench.workspace.exports)).toEqual([]);
    },
  );

  it('a relative folder, one with “..”, and one that is not there', async () => {
    const { bench, datasetId } = await openWithRows();
    for (const folder of ['relative', `${bench.folder}/../x`, path.join(bench.folder, 'none')])
      expect(await fail(bench, datasetId, { folder, name: 'out' })).toBe('EXPORT_TARGET_INVALID');
  });

  it.skipIf(process.getuid?.() === 0)(
    'a folder without the right to write (skipped for root, who may write anywhere)',
    async () => {
      const { bench, datasetId } = await openWithRows();
      const closed = path.join(bench.folder, 'closed');
      mkdirSync(closed);
      chmodSync(closed, 0o500);
      expect(await fail(bench, datasetId, { folder: closed, name: 'out' })).toBe('EXPORT_FAILED');
      chmodSync(closed, 0o700);
      expect(readdirSync(closed)).toEqual([]);
    },
  );

  it.skipIf(!existsSync('/dev/shm') || !existsSync('/proc'))(
    'a folder the system lets nobody write to leaves no half file (skipped without /proc)',
    async () => {
      const { bench, datasetId } = await openWithRows();
      expect(await fail(bench, datasetId, { folder: '/proc/self', name: 'out' })).toBe('EXPORT_FAILED');
      expect(readdirSync(bench.workspace.exports)).toEqual([]);
    },
  );

  it('a folder that is no export of Assay is not replaced, even where overwriting is allowed', async () => {
    const { bench, datasetId } = await openWithRows();
    mkdirSync(path.join(bench.folder, 'mine'));
    writeFileSync(path.join(bench.folder, 'mine', 'thesis.txt'), 'years of work');
    expect(await fail(bench, datasetId, { folder: bench.folder, name: 'mine', overwrite: true })).toBe(
      'EXPORT_EXISTS',
    );
    expect(readFileSync(path.join(bench.folder, 'mine', 'thesis.txt'), 'utf8')).toBe('years of work');
  });

  it('a link at the place of a file is replaced itself, and what it points to is left alone', async () => {
    const { bench, datasetId } = await openWithRows();
    const precious = path.join(bench.folder, 'precious.txt');
    writeFileSync(precious, 'keep');
    symlinkSync(precious, path.join(bench.folder, 'link.jsonl'));
    const destination = { folder: bench.folder, name: 'link.jsonl', overwrite: true };
    await bench.write({ format: 'trl', datasetId, layout: 'file', destination });
    expect(readFileSync(precious, 'utf8')).toBe('keep');
    expect(readFileSync(path.join(bench.folder, 'link.jsonl'), 'utf8').trim().split('\n')).toHaveLength(60);
  });
});

describe('which rows are written', () => {
  it('a view: its filter, its sort and explicit ids', async () => {
    const { bench, datasetId } = await openWithRows();
    const write = async (name: string, view: object) => {
      const { file } = await bench.write({
        format: 'table',
        container: 'jsonl',
        datasetId,
        ...view,
        destination: { folder: bench.folder, name },
      });
      return readFileSync(path.join(file, 'data.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { example_id: string }).example_id);
    };
    expect(
      await write('sorted', {
        filter: { clauses: [{ op: 'range', field: 'strength', min: 0.8, max: null, closed: false }] },
        sort: [{ field: 'strength', direction: 'desc' }],
      }),
    ).toEqual(['e9', 'e19', 'e29', 'e39', 'e49', 'e59', 'e8', 'e18', 'e28', 'e38', 'e48', 'e58']);
    const ids = await bench.workspace.database.all<{ id: number }>(
      `SELECT comparison_id AS id FROM comparison WHERE example_id IN ('e3', 'e7') ORDER BY 1`,
    );
    expect(
      await write('ids', { filter: { clauses: [{ op: 'ids', ids: ids.map(({ id }) => id) }] } }),
    ).toEqual(['e3', 'e7']);
  });

  it('ties in both orders, dropped, or kept where the format can say them', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('plain', plainRows);
    const count = async (spec: object) => (await bench.plan({ format: 'trl', datasetId, ...spec })).rows;
    expect(await count({ ties: 'drop' })).toBe(12);
    expect(await count({ ties: 'both' })).toBe(14);
    expect(await count({ ties: 'both', bothBad: 'tie' })).toBe(16);
    expect(await count({ format: 'helpsteer3' })).toBe(13);
    await expect(count({ ties: 'keep' })).rejects.toMatchObject({ code: 'EXPORT_OPTION_INVALID' });
  });

  it('the least strength leaves out weaker pairs and those without one', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('plain', plainRows);
    expect((await bench.plan({ format: 'trl', datasetId, minStrength: 0.5 })).written).toBe(2);
  });

  it('the label of one annotator instead of the dataset’s', async () => {
    const bench = await openExportBench();
    const file = path.join(bench.folder, 'votes.json');
    writeFileSync(file, readFileSync('test/fixtures/formats/annotated-pairs.2.json'));
    const { datasetId } = await bench.load({ files: [file], dataset: 'votes' });
    const [other] = (await bench.service.listAnnotators(datasetId)).filter((one) => one.kind === 'principle');
    if (!other) throw new Error('the fixture has no principle');
    const expected = await bench.workspace.database.all<{ label: string; n: number }>(
      `SELECT label, count(*) AS n FROM vote WHERE annotator_id = ? AND label IN ('a', 'b') GROUP BY 1 ORDER BY 1`,
      [other.annotatorId],
    );
    const summary = await bench.write({
      format: 'table',
      container: 'jsonl',
      datasetId,
      annotatorId: other.annotatorId,
      aspect: other.aspect,
      destination: { folder: bench.folder, name: 'out' },
    });
    const labels = readFileSync(path.join(summary.file, 'data.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { label: string | null }).label);
    expect(['a', 'b'].map((label) => labels.filter((one) => one === label).length)).toEqual(
      ['a', 'b'].map((label) => expected.find((one) => one.label === label)?.n ?? 0),
    );
  });

  it('hidden rows stay out', async () => {
    const { bench, datasetId } = await openWithRows();
    await bench.workspace.database.write(async (session) => {
      await session.run(`INSERT INTO hidden_comparison SELECT * FROM comparison WHERE example_id = 'e5'`);
      await session.run(`DELETE FROM comparison WHERE example_id = 'e5'`);
    });
    const plan = await bench.plan({ format: 'trl', datasetId });
    expect(plan.written).toBe(59);
    expect(plan.warnings.find((one) => one.text.includes('hidden'))).toMatchObject({ count: 1 });
  });
});
