import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { RowService } from '../../../electron/core/corpus/row.service.ts';
import { sweepMedia } from '../../../electron/core/corpus/media/media-store.ts';
import { previewImport } from '../../../electron/core/corpus/import/preview.ts';
import { createForeignExtractor } from '../../../native/duckdb/foreign.ts';
import { blob, gif, image, png, rows, writeParquet } from '../../support/image-parquet.ts';
import { type ImportBench, openImportBench } from '../../support/import-corpus.ts';

const kept = (bench: ImportBench) =>
  existsSync(bench.workspace.media)
    ? readdirSync(bench.workspace.media).flatMap((part) =>
        readdirSync(path.join(bench.workspace.media, part)),
      )
    : [];
const nameOf = (bytes: Buffer, end: string) => `${createHash('sha256').update(bytes).digest('hex')}.${end}`;

function readImages(bench: ImportBench) {
  return bench.workspace.database.all<{ mediaId: number; path: string; position: number }>(
    `SELECT m.media_id AS "mediaId", m.path, r.position FROM media m JOIN response r USING (response_id) ORDER BY r.response_id, m.media_id`,
  );
}

it('images that lie in a Parquet file as bytes are kept once by their content, and shown with both responses', async () => {
  const bench = await openImportBench();
  const file = await writeParquet(
    bench,
    'pictures.parquet',
    rows([image(png, 'one.png'), image(png, 'again.png'), image(gif, null)]),
  );
  expect(await bench.load({ files: [file] })).toMatchObject({ rows: 3, pairs: 3, rejected: 0 });
  expect(kept(bench).sort()).toEqual([nameOf(png, 'png'), nameOf(gif, 'gif')].sort());
  const images = await readImages(bench);
  expect(images.map(({ path: address }) => address)).toEqual(
    [png, png, png, png, gif, gif].map((bytes) => `media:${nameOf(bytes, bytes === png ? 'png' : 'gif')}`),
  );
  const service = new RowService(bench.workspace.database, async () => undefined, bench.workspace.media);
  const shown = await service.readMedia(images[4]?.mediaId ?? 0);
  expect(shown).toEqual({ mime: 'image/gif', base64: gif.toString('base64') });
  const { comparisonId } = await bench.workspace.database.one<{ comparisonId: number }>(
    'SELECT min(comparison_id) AS "comparisonId" FROM comparison',
  );
  const row = await service.get('pairs', comparisonId);
  expect(row.responses.map((response) => response.media.map((one) => one.isLocal))).toEqual([[true], [true]]);
  expect(JSON.stringify(row), 'the bytes do not come back as text among the further columns').not.toMatch(
    /x89|extra":"[^"]*bytes/,
  );
});

it('a list of images keeps its order; one that has only a path keeps the path, and no image is no fault', async () => {
  const bench = await openImportBench();
  const file = await writeParquet(
    bench,
    'lists.parquet',
    rows([`[${image(gif, 'a.gif')}, ${image(null, 'beside.png')}]`, `[]`, 'NULL']),
  );
  writeFileSync(path.join(path.dirname(file), 'beside.png'), png);
  expect(await bench.load({ files: [file] })).toMatchObject({ rows: 3, rejected: 0 });
  const images = await readImages(bench);
  expect(images.filter(({ position }) => position === 0).map((one) => one.path)).toEqual([
    `media:${nameOf(gif, 'gif')}`,
    'beside.png',
  ]);
  const service = new RowService(bench.workspace.database, async () => undefined, bench.workspace.media);
  expect(await service.readMedia(images[1]?.mediaId ?? 0)).toMatchObject({ mime: 'image/png' });
});

it('bytes that are no image are not written as a file, and an image over the limit says why it is not shown', async () => {
  const bench = await openImportBench();
  const file = await writeParquet(
    bench,
    'odd.parquet',
    rows([
      image(Buffer.from('<svg onload="run()"/>'), 'x.svg'),
      `{'bytes': ${blob(png)} || encode(repeat('x', ${20 * 2 ** 20})), 'path': 'big.png'}`,
    ]),
  );
  await bench.load({ files: [file] });
  expect(kept(bench)).toEqual([]);
  const images = await readImages(bench);
  expect(images.map((one) => path.extname(one.path))).toEqual(['.large', '.large']);
  const service = new RowService(bench.workspace.database, async () => undefined, bench.workspace.media);
  await expect(service.readMedia(images[0]?.mediaId ?? 0)).rejects.toThrow(/larger than 20 MiB/);
});

it('an address made up in a source reaches no file outside the media folder', async () => {
  const bench = await openImportBench();
  const file = await writeParquet(
    bench,
    'made-up.parquet',
    rows([image(null, 'media:../assay.duckdb'), image(png, null)]),
  );
  await bench.load({ files: [file] });
  const [first] = await readImages(bench);
  const service = new RowService(bench.workspace.database, async () => undefined, bench.workspace.media);
  await expect(service.readMedia(first?.mediaId ?? 0)).rejects.toThrow(/not a PNG, JPEG, GIF or WebP/);
});

it('an image goes with the last dataset that names it, not before', async () => {
  const bench = await openImportBench();
  const { workspace, datasets } = bench;
  const both = await writeParquet(bench, 'both.parquet', rows([image(png, null), image(gif, null)]));
  const one = await writeParquet(bench, 'one.parquet', rows([image(png, null)]));
  const first = await bench.load({ files: [both], dataset: 'both' });
  const second = await bench.load({ files: [one], dataset: 'one' });
  await datasets.remove(first.datasetId);
  expect(await sweepMedia(workspace.database, workspace.media)).toBe(1);
  expect(kept(bench)).toEqual([nameOf(png, 'png')]);
  await datasets.remove(second.datasetId);
  expect(await sweepMedia(workspace.database, workspace.media)).toBe(1);
});

it('a preview shows the address of an image and writes nothing', async () => {
  const bench = await openImportBench();
  const file = await writeParquet(bench, 'pictures.parquet', rows([image(png, 'one.png')]));
  const extractForeign = createForeignExtractor(path.resolve('out/node/extract-process.js'));
  const preview = await previewImport(
    { workspace: bench.workspace, extractForeign },
    { files: [file], keepDuplicates: false },
  );
  expect(preview.sourceRows[0]?.[3]).toBe(`media:${nameOf(png, 'png')}`);
  expect(kept(bench)).toEqual([]);
});
