import { closeSync, openSync, readSync } from 'node:fs';

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Enough for the frame header of nearly every JPEG. */
const headBytes = 256 * 1024;

/** Width and height from the header of a PNG, GIF, WebP or JPEG; undefined for anything else. */
export function parseImageSize(bytes: Buffer): ImageSize | undefined {
  if (bytes.length >= 24 && bytes.readUInt32BE(0) === 0x89504e47)
    return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  if (bytes.length >= 10 && bytes.subarray(0, 3).toString('latin1') === 'GIF')
    return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  if (bytes.length >= 30 && bytes.subarray(8, 12).toString('latin1') === 'WEBP') return parseWebp(bytes);
  if (bytes.length >= 4 && bytes.readUInt16BE(0) === 0xffd8) return parseJpeg(bytes);
  return undefined;
}

function parseWebp(bytes: Buffer): ImageSize | undefined {
  const kind = bytes.subarray(12, 16).toString('latin1');
  if (kind === 'VP8X') return { width: 1 + bytes.readUIntLE(24, 3), height: 1 + bytes.readUIntLE(27, 3) };
  if (kind === 'VP8 ')
    return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  if (kind !== 'VP8L') return undefined;
  const bits = bytes.readUInt32LE(21);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
}

/** Walks the segments to the first start-of-frame marker. */
function parseJpeg(bytes: Buffer): ImageSize | undefined {
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    at += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

/** The size of an image file, `missing` where it cannot be opened, `unknown` where it is no image this reads. */
export function readImageSize(file: string): ImageSize | 'missing' | 'unknown' {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return 'missing';
  }
  try {
    const buffer = Buffer.alloc(headBytes);
    return parseImageSize(buffer.subarray(0, readSync(descriptor, buffer, 0, headBytes, 0))) ?? 'unknown';
  } catch {
    return 'unknown';
  } finally {
    closeSync(descriptor);
  }
}
