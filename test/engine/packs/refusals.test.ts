import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkPack, sealPack } from '../../../electron/core/annotation/packs/container.ts';
import { openKey } from '../../../electron/core/annotation/packs/signer.ts';
import {
  answerAway,
  carry,
  giveBack,
  handOff,
  makeHome,
  merge,
  openPack,
  openPackBench,
  readState,
  send,
} from './pack-bench.ts';

const passphrase = 'correct horse';

describe('refusals', () => {
  it('tampered, cut, wrong passphrase, wrong kind, wrong project and own packs say what they are and write nothing', async () => {
    const start = await makeHome(2);
    const { home, projectId } = start;
    const sent = await handOff(home, { projectId, raterIds: [start.annId], passphrase });
    const away = await openPackBench(1);
    const empty = await readState(away);
    await expect(openPack(away, sent.file)).rejects.toMatchObject({ code: 'PACK_PASSPHRASE_NEEDED' });
    await expect(openPack(away, sent.file, 'wrong horse')).rejects.toMatchObject({
      code: 'PACK_PASSPHRASE_WRONG',
    });
    const bytes = readFileSync(sent.file);
    const spoilt = carry(sent.file, away);
    for (const place of [40, bytes.length - 70, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 1;
      writeFileSync(spoilt, changed);
      await expect(openPack(away, spoilt, passphrase)).rejects.toMatchObject({
        code: expect.stringMatching(/^PACK_(TAMPERED|INVALID)$/) as string,
      });
    }
    writeFileSync(spoilt, bytes.subarray(0, -10));
    await expect(openPack(away, spoilt, passphrase)).rejects.toMatchObject({ code: 'PACK_TRUNCATED' });
    await expect(merge(away, { file: sent.file, passphrase })).rejects.toMatchObject({
      code: 'PACK_WRONG_KIND',
    });
    expect(await readState(away)).toEqual(empty);
    await expect(openPack(home, sent.file, passphrase)).rejects.toMatchObject({ code: 'PACK_OWN' });
    expect(await away.packs.inspect({ file: sent.file, passphrase: null })).toMatchObject({
      kind: null,
      isEncrypted: true,
      isOwn: false,
      content: null,
    });
    const opened = await openPack(away, sent.file, passphrase);
    await answerAway(away, { projectId: opened.projectId, raterId: opened.raters[0]?.raterId ?? 0 }, ['a']);
    await expect(giveBack(home, { projectId })).rejects.toMatchObject({ code: 'PACK_WRONG_PROJECT' });
    await expect(
      handOff(away, { projectId: opened.projectId, raterIds: [opened.raters[0]?.raterId ?? 0] }),
    ).rejects.toMatchObject({ code: 'PACK_WRONG_PROJECT' });
    const back = await giveBack(away, { projectId: opened.projectId, passphrase });
    await expect(openPack(home, back.file, passphrase)).rejects.toMatchObject({ code: 'PACK_WRONG_KIND' });
    const stranger = await openPackBench(1);
    await expect(merge(stranger, { file: back.file, passphrase })).rejects.toMatchObject({
      code: 'PACK_WRONG_PROJECT',
    });
    const before = await readState(home);
    await expect(merge(home, { file: back.file, passphrase, projectId: 99 })).rejects.toMatchObject({
      code: 'PACK_WRONG_PROJECT',
    });
    expect(await readState(home)).toEqual(before);
    expect(await merge(home, { file: back.file, passphrase })).toMatchObject({
      taken: 1,
      isOtherSigner: false,
    });
  });

  it('a well-signed pack whose texts are not those its hashes name is refused whole', async () => {
    const start = await makeHome(2);
    const { file } = await handOff(start.home, { projectId: start.projectId, raterIds: [start.annId] });
    const content = (await checkPack(readFileSync(file)).open(null))
      .toString('utf8')
      .replace('first 1', 'other 1');
    const key = openKey(start.home.workspace.path);
    writeFileSync(file, await sealPack(Buffer.from(content), { key, passphrase: null }));
    const away = await openPackBench(1);
    const before = await readState(away);
    await expect(openPack(away, file)).rejects.toMatchObject({ code: 'PACK_INVALID' });
    expect(await readState(away)).toEqual(before);
  });

  it('answers signed by another key than before are taken, but told', async () => {
    const start = await makeHome(2);
    const { away, opened, seat } = await send(start);
    await answerAway(away, seat, ['a']);
    const first = await giveBack(away, { projectId: opened.projectId, name: 'first' });
    await merge(start.home, { file: first.file });
    await answerAway(away, seat, ['b']);
    const second = await giveBack(away, { projectId: opened.projectId, name: 'second' });
    const content = await checkPack(readFileSync(second.file)).open(null);
    const stranger = await openPackBench(1);
    writeFileSync(
      second.file,
      await sealPack(content, { key: openKey(stranger.workspace.path), passphrase: null }),
    );
    expect(await merge(start.home, { file: second.file })).toMatchObject({ taken: 1, isOtherSigner: true });
  });
});
