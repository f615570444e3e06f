import {
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  randomBytes,
  scrypt,
  sign,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { z } from 'zod';
import { AppError } from '../../../contract/app-error.ts';
import { publicKeyOf, rawPublicKey } from './signer.ts';

/**
 * A pack is: magic, version (2 bytes), length of the header (4), length of the body (4), header, body, signature (64).
 *
 * The header is JSON: whose key, how long the content is and how it is encrypted. The body is the content, deflated and then,
 * with a passphrase, encrypted by AES-256-GCM under a key that scrypt makes of it; everything before the body is
 * authenticated with it. The Ed25519 signature is over everything before it.
 */
const magic = Buffer.from('ASSAYPACK\n', 'latin1');
/** 1: texts only; 2: images too. A pack says the lowest that can read it. */
const versions = { texts: 1, images: 2 } as const;
const preludeLength = magic.length + 2 + 4 + 4;
const signatureLength = 64;
const tagLength = 16;

/** Bounds that keep a hostile file from filling the memory. */
export const packLimits = {
  fileBytes: 128 * 2 ** 20,
  headerBytes: 4_096,
  contentBytes: 256 * 2 ** 20,
  /** Of all images together, before they are packed. */
  imageBytes: 96 * 2 ** 20,
} as const;

const bytesOf = (length: number) =>
  z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((bytes) => bytes.length === length);

const headerSchema = z.strictObject({
  publicKey: bytesOf(32),
  contentBytes: z.number().int().min(0).max(packLimits.contentBytes),
  encryption: z
    .strictObject({
      kdf: z.literal('scrypt'),
      /** Cost: 128 MiB of memory at least, 256 MiB at most. */
      n: z.union([z.literal(2 ** 17), z.literal(2 ** 18)]),
      r: z.literal(8),
      p: z.literal(1),
      salt: bytesOf(32),
      cipher: z.literal('aes-256-gcm'),
      iv: bytesOf(12),
    })
    .nullable(),
});
type Header = z.infer<typeof headerSchema>;
type Encryption = NonNullable<Header['encryption']>;

const inflate = promisify(inflateRaw);
const deflate = promisify(deflateRaw);

async function deriveKey(passphrase: string, { n, r, p, salt }: Encryption): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N: n, r, p, maxmem: 128 * n * r + 128 * r * p + 2 ** 20 };
    scrypt(passphrase.normalize('NFKC'), salt, 32, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

function refuse(code: 'PACK_INVALID' | 'PACK_TRUNCATED' | 'PACK_TAMPERED', text: string): AppError {
  return new AppError(code, `The pack was not opened: ${text}`);
}

/** The pack of a content. Throws PACK_TOO_LARGE. */
export async function sealPack(
  content: Buffer,
  {
    key,
    passphrase,
    hasImages = false,
  }: { readonly key: KeyObject; readonly passphrase: string | null; readonly hasImages?: boolean },
): Promise<Buffer> {
  if (content.length > packLimits.contentBytes)
    throw new AppError(
      'PACK_TOO_LARGE',
      `Nothing was written: the pack would hold ${Math.ceil(content.length / 2 ** 20)} MiB, more than ${packLimits.contentBytes / 2 ** 20}. Hand off fewer items at a time.`,
    );
  const encryption: Encryption | null =
    passphrase === null
      ? null
      : {
          kdf: 'scrypt',
          n: 2 ** 17,
          r: 8,
          p: 1,
          salt: randomBytes(32),
          cipher: 'aes-256-gcm',
          iv: randomBytes(12),
        };
  const header = Buffer.from(
    JSON.stringify({
      publicKey: rawPublicKey(key).toString('base64'),
      contentBytes: content.length,
      encryption: encryption && {
        ...encryption,
        salt: encryption.salt.toString('base64'),
        iv: encryption.iv.toString('base64'),
      },
    }),
  );
  const packed = await deflate(content);
  const prelude = Buffer.alloc(preludeLength);
  magic.copy(prelude);
  prelude.writeUInt16BE(hasImages ? versions.images : versions.texts, magic.length);
  prelude.writeUInt32BE(header.length, magic.length + 2);
  prelude.writeUInt32BE(packed.length + (encryption ? tagLength : 0), magic.length + 6);
  const before = Buffer.concat([prelude, header]);
  const body =
    encryption && passphrase !== null ? await encrypt(packed, { before, encryption, passphrase }) : packed;
  const signed = Buffer.concat([before, body]);
  const pack = Buffer.concat([signed, sign(null, signed, key)]);
  if (pack.length > packLimits.fileBytes)
    throw new AppError(
      'PACK_TOO_LARGE',
      `Nothing was written: the pack would be larger than ${packLimits.fileBytes / 2 ** 20} MiB. Hand off fewer items at a time.`,
    );
  return pack;
}

interface Cipher {
  readonly before: Buffer;
  readonly encryption: Encryption;
  readonly passphrase: string;
}

async function encrypt(plain: Buffer, { before, encryption, passphrase }: Cipher): Promise<Buffer> {
  const cipher = createCipheriv('aes-256-gcm', await deriveKey(passphrase, encryption), encryption.iv);
  cipher.setAAD(before);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

async function decrypt(body: Buffer, { before, encryption, passphrase }: Cipher): Promise<Buffer> {
  const decipher = createDecipheriv('aes-256-gcm', await deriveKey(passphrase, encryption), encryption.iv, {
    authTagLength: tagLength,
  });
  decipher.setAAD(before);
  decipher.setAuthTag(body.subarray(body.length - tagLength));
  const plain = decipher.update(body.subarray(0, body.length - tagLength));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    throw new AppError(
      'PACK_PASSPHRASE_WRONG',
      'The pack was not opened: the passphrase is wrong. Ask the sender for it; nothing was changed.',
    );
  }
}

export interface SealedPack {
  /** 32 bytes. */
  readonly publicKey: Buffer;
  readonly isEncrypted: boolean;
  /** Decrypts and inflates. Throws PACK_PASSPHRASE_NEEDED, PACK_PASSPHRASE_WRONG, PACK_INVALID. */
  open(passphrase: string | null): Promise<Buffer>;
}

function cut(bytes: Buffer): { before: Buffer; header: Buffer; body: Buffer; signature: Buffer } {
  if (bytes.length > packLimits.fileBytes)
    throw new AppError('PACK_TOO_LARGE', 'The pack was not opened: the file is larger than a pack can be.');
  const start = bytes.subarray(0, magic.length);
  if (!start.equals(magic.subarray(0, start.length)) || bytes.length === 0)
    throw refuse('PACK_INVALID', 'the file is no pack of Assay.');
  const truncated = () =>
    refuse('PACK_TRUNCATED', 'the file is not whole. Copy it again; nothing was changed.');
  if (bytes.length < preludeLength) throw truncated();
  const known = bytes.readUInt16BE(magic.length);
  if (known > versions.images)
    throw new AppError(
      'PACK_NEWER',
      `The pack was not opened: it was made by a newer Assay (version ${known} of the format, this one knows ${versions.images}). Use the newer Assay.`,
      { version: known },
    );
  const headerLength = bytes.readUInt32BE(magic.length + 2);
  const bodyLength = bytes.readUInt32BE(magic.length + 6);
  if (known < versions.texts || headerLength > packLimits.headerBytes)
    throw refuse('PACK_INVALID', 'its beginning is not that of a pack.');
  const end = preludeLength + headerLength + bodyLength + signatureLength;
  if (bytes.length < end) throw truncated();
  if (bytes.length > end) throw refuse('PACK_INVALID', 'something follows its end.');
  const headerEnd = preludeLength + headerLength;
  return {
    before: bytes.subarray(0, headerEnd),
    header: bytes.subarray(preludeLength, headerEnd),
    body: bytes.subarray(headerEnd, headerEnd + bodyLength),
    signature: bytes.subarray(end - signatureLength),
  };
}

function parseHeader(bytes: Buffer): Header {
  try {
    const parsed = headerSchema.safeParse(JSON.parse(bytes.toString('utf8')));
    if (parsed.success) return parsed.data;
  } catch {
    // told below, as any other header that is none
  }
  throw refuse('PACK_INVALID', 'its header cannot be read.');
}

function isSigned(signed: Buffer, signature: Buffer, publicKey: Buffer): boolean {
  try {
    return verify(null, signed, publicKeyOf(publicKey), signature);
  } catch {
    return false;
  }
}

/**
 * Checks a pack from outside: format, version, lengths and signature; the content is opened by what it answers.
 * @throws AppError PACK_INVALID, PACK_TRUNCATED, PACK_NEWER, PACK_TOO_LARGE, PACK_TAMPERED
 */
export function checkPack(bytes: Buffer): SealedPack {
  const { before, header, body, signature } = cut(bytes);
  const { publicKey, encryption, contentBytes } = parseHeader(header);
  if (!isSigned(bytes.subarray(0, bytes.length - signatureLength), signature, publicKey))
    throw refuse(
      'PACK_TAMPERED',
      'its signature does not fit, so something in it was changed on the way. Ask the sender for it again; nothing was changed.',
    );
  return {
    publicKey,
    isEncrypted: encryption !== null,
    open: async (passphrase) => {
      if (encryption && passphrase === null)
        throw new AppError(
          'PACK_PASSPHRASE_NEEDED',
          'The pack was not opened: it is encrypted. Give its passphrase.',
        );
      if (encryption && body.length < tagLength)
        throw refuse('PACK_INVALID', 'its content is shorter than it can be.');
      const packed =
        encryption && passphrase !== null ? await decrypt(body, { before, encryption, passphrase }) : body;
      let content: Buffer;
      try {
        content = await inflate(packed, { maxOutputLength: Math.max(1, contentBytes) });
      } catch {
        throw refuse('PACK_INVALID', 'its content is not as long as it says, or cannot be unpacked.');
      }
      if (content.length !== contentBytes)
        throw refuse('PACK_INVALID', 'its content is not as long as it says.');
      return content;
    },
  };
}
