import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { AppError } from '../../../contract/app-error.ts';
import type { Signer } from '../../../contract/pack.contract.ts';

const keyFile = 'pack-key.pem';
const consonants = 'bdfghjklmnprstvz';
const vowels = 'aiou';

/** 16 bits as five letters that can be spoken: a proquint (Wilkerson 2009). */
export function spell(bits: number): string {
  return [
    consonants[(bits >> 12) & 15],
    vowels[(bits >> 10) & 3],
    consonants[(bits >> 6) & 15],
    vowels[(bits >> 4) & 3],
    consonants[bits & 15],
  ].join('');
}

/** The 32 bytes of an Ed25519 public key. */
export function rawPublicKey(key: KeyObject): Buffer {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (typeof x !== 'string') throw new Error('not an Ed25519 key');
  return Buffer.from(x, 'base64url');
}

/** The key of 32 raw bytes. */
export function publicKeyOf(raw: Buffer): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
    format: 'jwk',
  });
}

export function signerOf(raw: Buffer): Signer {
  const digest = createHash('sha256').update(raw).digest();
  const words = Array.from({ length: 8 }, (_, place) => spell(digest.readUInt16BE(place * 2)));
  return { hex: digest.toString('hex'), words: words.join('-') };
}

function writeKey(place: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const half = `${place}.${randomUUID()}.part`;
  const descriptor = openSync(half, 'wx', 0o600);
  try {
    writeSync(descriptor, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(half, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  renameSync(half, place);
}

/**
 * The key a workspace signs its packs with, made at the first use in a file only its owner can read.
 * @throws AppError PACK_KEY_UNREADABLE for a file that is no such key; it is never replaced, since others know it
 */
export function openKey(workspace: string): KeyObject {
  const place = path.join(workspace, keyFile);
  const refuse = (why: string) =>
    new AppError(
      'PACK_KEY_UNREADABLE',
      `Nothing was signed: ${place} ${why}. Restore it from a backup, or remove it and tell the others the new words.`,
      { place },
    );
  let pem: string;
  try {
    pem = readFileSync(place, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw refuse('cannot be read');
    writeKey(place);
    pem = readFileSync(place, 'utf8');
  }
  chmodSync(place, 0o600);
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw refuse('is no key');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw refuse('is no Ed25519 key');
  return key;
}
