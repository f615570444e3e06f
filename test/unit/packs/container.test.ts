import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkPack, packLimits, sealPack } from '../../../electron/core/annotation/packs/container.ts';
import { placePack, readPack } from '../../../electron/core/annotation/packs/pack-file.ts';
import { canonicalJson, parsePayload } from '../../../electron/core/annotation/packs/payload.ts';
import { openKey, rawPublicKey, signerOf, spell } from '../../../electron/core/annotation/packs/signer.ts';
import { seeded } from '../../support/seeded.ts';

const { privateKey: key } = generateKeyPairSync('ed25519');
const content = Buffer.from(JSON.stringify({ text: 'Grüße – 你好 '.repeat(20) }));
const open = async (bytes: Buffer, passphrase: string | null = null) => checkPack(bytes).open(passphrase);
const codeOf = async (bytes: Buffer, passphrase: string | null = null) =>
  open(bytes, passphrase).then(
    () => 'opened',
    (error: { code?: string }) => error.code ?? 'no code',
  );

function makeFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'assay-pack-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('a pack', () => {
  it('opens to the very bytes that went in, without and with a passphrase, and says whose key it is', async () => {
    const plain = await sealPack(content, { key, passphrase: null });
    expect(await open(plain)).toEqual(content);
    expect(checkPack(plain).publicKey).toEqual(rawPublicKey(key));
    const closed = await sealPack(content, { key, passphrase: 'correct horse' });
    expect(checkPack(closed).isEncrypted).toBe(true);
    expect(closed.includes('Gr')).toBe(false);
    expect(await open(closed, 'correct horse')).toEqual(content);
  });

  it('with any one byte changed is refused, whichever it is; would catch a part the signature does not cover', async () => {
    const pack = await sealPack(content, { key, passphrase: null });
    const random = seeded(11);
    for (let place = 0; place < pack.length; place++) {
      const changed = Buffer.from(pack);
      changed[place] = (changed[place] ?? 0) ^ (1 + Math.floor(random() * 255));
      expect(await codeOf(changed), `byte ${place}`).toMatch(/^PACK_(INVALID|TAMPERED|TRUNCATED|NEWER)$/);
    }
  });

  it('with any one byte changed in an encrypted body is refused before a passphrase is asked', async () => {
    const pack = await sealPack(content, { key, passphrase: 'correct horse' });
    for (let place = 20; place < pack.length; place += 7) {
      const changed = Buffer.from(pack);
      changed[place] = (changed[place] ?? 0) ^ 0x40;
      expect(() => checkPack(changed), `byte ${place}`).toThrow(/^The pack was not opened/);
    }
  });

  it('cut anywhere is refused as cut, and one with an end is refused too', async () => {
    const pack = await sealPack(content, { key, passphrase: null });
    for (let length = 1; length < pack.length; length++)
      expect(await codeOf(pack.subarray(0, length)), `${length} bytes`).toBe('PACK_TRUNCATED');
    expect(await codeOf(Buffer.alloc(0))).toBe('PACK_INVALID');
    expect(await codeOf(Buffer.concat([pack, Buffer.from('x')]))).toBe('PACK_INVALID');
  });

  it('of a newer version, without its passphrase, or with a wrong one says which it is', async () => {
    const pack = await sealPack(content, { key, passphrase: null });
    pack.writeUInt16BE(3, 'ASSAYPACK\n'.length);
    expect(await codeOf(pack)).toBe('PACK_NEWER');
    const closed = await sealPack(content, { key, passphrase: 'correct horse' });
    expect(await codeOf(closed)).toBe('PACK_PASSPHRASE_NEEDED');
    expect(await codeOf(closed, 'correct hors')).toBe('PACK_PASSPHRASE_WRONG');
  });

  it('signed again by another who does not know the passphrase no longer opens; would catch a signature that can be replaced', async () => {
    const { privateKey: thief } = generateKeyPairSync('ed25519');
    const closed = await sealPack(content, { key, passphrase: 'correct horse' });
    const own = rawPublicKey(key).toString('base64');
    const text = closed.toString('latin1').replace(own, rawPublicKey(thief).toString('base64'));
    const unsigned = Buffer.from(text, 'latin1').subarray(0, -64);
    const stolen = Buffer.concat([unsigned, sign(null, unsigned, thief)]);
    expect(checkPack(stolen).publicKey).toEqual(rawPublicKey(thief));
    expect(await codeOf(stolen, 'correct horse')).toBe('PACK_PASSPHRASE_WRONG');
  });

  it('that unpacks to more than it says is refused without unpacking it; would catch a bomb', async () => {
    const bomb = deflateRawSync(Buffer.alloc(64 * 2 ** 20));
    const header = Buffer.from(
      JSON.stringify({ publicKey: rawPublicKey(key).toString('base64'), contentBytes: 10, encryption: null }),
    );
    const prelude = Buffer.alloc(20);
    prelude.write('ASSAYPACK\n', 'latin1');
    prelude.writeUInt16BE(1, 10);
    prelude.writeUInt32BE(header.length, 12);
    prelude.writeUInt32BE(bomb.length, 16);
    const signed = Buffer.concat([prelude, header, bomb]);
    const before = process.memoryUsage().arrayBuffers;
    expect(await codeOf(Buffer.concat([signed, sign(null, signed, key)]))).toBe('PACK_INVALID');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
  });

  it('too large to be one is not read', () => {
    const file = path.join(makeFolder(), 'large.assaypack');
    writeFileSync(file, '');
    truncateSync(file, packLimits.fileBytes + 1);
    expect(() => readPack(file)).toThrow(expect.objectContaining({ code: 'PACK_TOO_LARGE' }));
    expect(() => readPack(path.dirname(file))).toThrow(
      expect.objectContaining({ code: 'PACK_FILE_MISSING' }),
    );
  });
});

describe('the place of a pack', () => {
  it.each(['../x', 'a/b', String.raw`a\b`, '.hidden', 'x\0y'])('is never outside the folder: %j', (name) => {
    const folder = makeFolder();
    expect(() => placePack({ folder, name, overwrite: false }, folder, 'p')).toThrow(
      expect.objectContaining({ code: 'EXPORT_TARGET_INVALID' }),
    );
  });

  it('has the ending of packs, and what is there stays unless it may be overwritten', () => {
    const folder = makeFolder();
    const file = placePack({ folder: null, name: null, overwrite: false }, folder, 'My project: 1');
    expect(path.basename(file)).toBe('My-project-1.assaypack');
    writeFileSync(file, 'x');
    const place = { folder: null, name: path.basename(file) };
    expect(() => placePack({ ...place, overwrite: false }, folder, '')).toThrow(
      expect.objectContaining({ code: 'EXPORT_EXISTS' }),
    );
    expect(placePack({ ...place, overwrite: true }, folder, '')).toBe(file);
  });
});

describe('the key of a workspace', () => {
  it('is made once, only its owner can read it, and a broken one is not replaced', () => {
    const folder = makeFolder();
    const first = rawPublicKey(openKey(folder));
    const file = path.join(folder, 'pack-key.pem');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(rawPublicKey(openKey(folder))).toEqual(first);
    writeFileSync(file, 'no key');
    expect(() => openKey(folder)).toThrow(expect.objectContaining({ code: 'PACK_KEY_UNREADABLE' }));
    expect(readFileSync(file, 'utf8')).toBe('no key');
  });

  it('is spelt as proquints: 127.0.0.1 is lusab-babad and 63.84.220.193 gutih-tugad (Wilkerson 2009)', () => {
    expect([spell(0x7f00), spell(0x0001), spell(0x3f54), spell(0xdcc1)].join('-')).toBe(
      'lusab-babad-gutih-tugad',
    );
    const { hex, words } = signerOf(Buffer.alloc(32));
    expect(hex).toBe(createHash('sha256').update(Buffer.alloc(32)).digest('hex'));
    expect(words.split('-')).toHaveLength(8);
    expect(words.startsWith(spell(Number.parseInt(hex.slice(0, 4), 16)))).toBe(true);
  });
});

describe('the content of a pack', () => {
  it('with a field that no pack has, or none at all, is refused by name; would catch a path smuggled in', () => {
    const refused = (value: unknown) => () => parsePayload(Buffer.from(JSON.stringify(value)));
    expect(refused({})).toThrow(expect.objectContaining({ code: 'PACK_INVALID' }));
    expect(refused({ kind: 'answers', file: '/etc/passwd' })).toThrow(/handOffKey|file/);
    expect(() => parsePayload(Buffer.from('{'))).toThrow(expect.objectContaining({ code: 'PACK_INVALID' }));
  });

  it('is hashed whatever the order of its members', () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
  });
});
