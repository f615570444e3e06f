import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPack, sealPack } from '../../../electron/core/annotation/packs/container.ts';
import { openKey } from '../../../electron/core/annotation/packs/signer.ts';
import { RowService } from '../../../electron/core/corpus/row.service.ts';
import { makePng } from '../../support/annotate/png.ts';
import {
  carry,
  giveBack,
  handOff,
  makeHome,
  merge,
  openPack,
  openPackBench,
  type PackBench,
} from './pack-bench.ts';

const red = makePng(3, 2, [200, 30, 30]);
const blue = makePng(2, 3, [30, 30, 200]);

/** A home whose responses are image files: `painter/…` is red, `drawer/…` is blue; the text is the path, as HPSv2 has it. */
async function makeGallery(pairs = 2) {
  const start = await makeHome(pairs);
  const { database, incoming } = start.home.workspace;
  const folder = path.join(incoming, 'gallery');
  for (const model of ['painter', 'drawer']) mkdirSync(path.join(folder, model), { recursive: true });
  const rows = await database.all<{ id: number; position: number }>(
    'SELECT response_id AS id, position FROM response ORDER BY 1',
  );
  for (const [index, { id, position }] of rows.entries()) {
    const name = `${position === 0 ? 'painter' : 'drawer'}/${index}.png`;
    writeFileSync(path.join(folder, name), position === 0 ? red : blue);
    await database.write(async (session) => {
      await session.run('UPDATE response SET text = ?, source_file = ? WHERE response_id = ?', [
        name,
        path.join(folder, 'pairs.json'),
        id,
      ]);
      await session.run('INSERT INTO media VALUES (?, ?, ?, ?, 0)', [id, start.home.datasetId, id, name]);
    });
  }
  return { ...start, folder };
}

const rowsOf = ({ workspace }: PackBench) =>
  new RowService(workspace.database, () => Promise.resolve(), workspace.media);

async function openAway(file: string) {
  const away = await openPackBench(1);
  const opened = await openPack(away, carry(file, away));
  return { away, opened, seat: { projectId: opened.projectId, raterId: opened.raters[0]?.raterId ?? 0 } };
}

describe('image pairs', () => {
  it('are shown at the desk without the path, which names the model; would catch raters who can read who made it', async () => {
    const { home, projectId, annId } = await makeGallery();
    const { item } = await home.service.openDesk({ projectId, raterId: annId }, null);
    expect(item?.responses.map(({ text, images }) => [text, images.length])).toEqual([
      ['', 1],
      ['', 1],
    ]);
    expect(JSON.stringify(item)).not.toMatch(/painter|drawer/);
    const shown = await rowsOf(home).readMedia(item?.responses[0].images[0]?.mediaId ?? 0);
    expect(shown).toEqual({ mime: 'image/png', base64: red.toString('base64') });
  });

  it('travel in a pack with their bytes, are answered where the files never were, and come home as answers', async () => {
    const start = await makeGallery();
    const sent = await handOff(start.home, { projectId: start.projectId, raterIds: [start.annId] });
    const content = (await checkPack(readFileSync(sent.file)).open(null)).toString('utf8');
    expect(content).not.toMatch(/painter|drawer/);
    // the two kinds of image are stored once each, however many responses show them
    const { images } = JSON.parse(content) as { images: { sha256: string }[] };
    const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(images.map((one) => one.sha256).sort()).toEqual([sha256(red), sha256(blue)].sort());
    rmSync(start.folder, { recursive: true });
    const { away, opened, seat } = await openAway(sent.file);
    for (let n = 0; n < 2; n++)
      await away.answer(seat, ({ item }) => {
        expect(item.responses.map((one) => one.images.length)).toEqual([1, 1]);
        return { overall: { kind: 'pairwise', label: n === 0 ? 'a' : 'b', strength: null } };
      });
    const shown = await away.workspace.database.all<{ id: number; position: number }>(
      'SELECT media_id AS id, position FROM media JOIN response USING (response_id) ORDER BY 1',
    );
    expect(shown).toHaveLength(4);
    for (const { id, position } of shown)
      expect(await rowsOf(away).readMedia(id)).toEqual({
        mime: 'image/png',
        base64: (position === 0 ? red : blue).toString('base64'),
      });
    const back = await giveBack(away, { projectId: opened.projectId });
    expect(await merge(start.home, { file: carry(back.file, start.home) })).toMatchObject({
      taken: 2,
      conflicts: [],
    });
  });

  it('that were changed on the way are refused, even under a good signature, and nothing is stored', async () => {
    const start = await makeGallery(1);
    const { file } = await handOff(start.home, { projectId: start.projectId, raterIds: [start.annId] });
    const bytes = readFileSync(file);
    const spoilt = Buffer.from(bytes);
    spoilt[bytes.length - 100] = (spoilt[bytes.length - 100] ?? 0) ^ 1;
    writeFileSync(file, spoilt);
    const away = await openPackBench(1);
    await expect(openPack(away, file)).rejects.toMatchObject({ code: 'PACK_TAMPERED' });
    interface Content {
      items: { a: { images?: string[] } }[];
      images: { sha256: string; mime: string; base64: string }[];
    }
    const change: Record<string, (content: Content) => void> = {
      'another picture': (one) =>
        Object.assign(one.images[0] ?? {}, { base64: makePng(1, 1, [0, 0, 0]).toString('base64') }),
      'another kind': (one) => Object.assign(one.images[0] ?? {}, { mime: 'image/gif' }),
      'one missing': (one) => one.images.shift(),
      'one unused': (one) => delete one.items[0]?.a.images,
      'no picture': (one) => {
        const text = Buffer.from('<svg onload="alert(1)"/>');
        const sha256 = createHash('sha256').update(text).digest('hex');
        one.images[0] = { sha256, mime: 'image/png', base64: text.toString('base64') };
        if (one.items[0]) one.items[0].a.images = [sha256];
      },
    };
    for (const [name, spoil] of Object.entries(change)) {
      const content = JSON.parse((await checkPack(bytes).open(null)).toString('utf8')) as Content;
      spoil(content);
      const key = openKey(start.home.workspace.path);
      writeFileSync(file, await sealPack(Buffer.from(JSON.stringify(content)), { key, passphrase: null }));
      await expect(openPack(away, file), name).rejects.toMatchObject({ code: 'PACK_INVALID' });
    }
    expect(existsSync(away.workspace.media) ? readdirSync(away.workspace.media) : []).toEqual([]);
    expect(await away.workspace.database.one('SELECT count(*) AS n FROM media')).toEqual({ n: 0 });
  });

  it('whose file is gone, elsewhere or too large are not handed off, and say which', async () => {
    const start = await makeGallery(1);
    const { database } = start.home.workspace;
    const attempt = () => handOff(start.home, { projectId: start.projectId, raterIds: [start.annId] });
    const setPath = (name: string) =>
      database.write((session) =>
        session.run('UPDATE media SET path = ? WHERE media_id = (SELECT min(media_id) FROM media)', [name]),
      );
    for (const [name, why] of [
      ['painter/none.png', /is not there/],
      ['https://example.org/a.png', /another machine/],
      ['../../pair.png', /outside the folder/],
    ] as const) {
      await setPath(name);
      await expect(attempt()).rejects.toMatchObject({
        code: 'PACK_IMAGE_UNREADABLE',
        message: expect.stringMatching(why) as string,
      });
    }
    writeFileSync(
      path.join(start.folder, 'painter', 'big.png'),
      Buffer.concat([red, Buffer.alloc(20 * 2 ** 20)]),
    );
    await setPath('painter/big.png');
    await expect(attempt()).rejects.toMatchObject({
      message: expect.stringMatching(/larger than 20 MB/) as string,
    });
    expect(await start.home.packs.listHandOffs(start.projectId)).toEqual([]);
  });
});
