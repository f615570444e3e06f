import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

/** Types that are shown, by the end of a file's name. */
export const imageTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
};

/** Bytes of the largest image that is kept or shown. */
export const largestImage = 20 * 2 ** 20;

/** What the address of an image in the workspace begins with; the rest is the name of its file. */
export const mediaScheme = 'media:';

/** True for an address on another machine, which is never loaded. */
export const isRemoteImage = (place: string): boolean =>
  /^[a-z][a-z+.-]*:/i.test(place) && !place.startsWith(mediaScheme);

/** MIME type by the first bytes of a PNG, JPEG, GIF or WebP file; undefined for anything else. */
export function findImageType(bytes: Buffer): string | undefined {
  if (bytes.length < 16) return undefined;
  if (bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))) return 'image/png';
  if (bytes.readUIntBE(0, 3) === 0xffd8ff) return 'image/jpeg';
  if (/^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6))) return 'image/gif';
  return bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP'
    ? 'image/webp'
    : undefined;
}

/** An image as a row names it. */
export interface NamedImage {
  readonly path: string;
  readonly sourceFile: string;
}

/** The file that an image names, in the folder of the imported file or below; undefined for a place outside it. */
export function fileBeside(image: NamedImage): string | undefined {
  const folder = path.dirname(image.sourceFile);
  const file = path.resolve(folder, image.path);
  return file.startsWith(folder + path.sep) ? file : undefined;
}

/** True for a file that is there as a link out of the folder of the imported file. */
export function isLinkElsewhere(file: string, image: NamedImage): boolean {
  return (
    existsSync(file) &&
    !realpathSync(file).startsWith(realpathSync(path.dirname(image.sourceFile)) + path.sep)
  );
}

/**
 * A raster image beside the file its row was imported from. `refuse` makes the error of a reason: a remote address, a
 * place or link outside that folder, another kind of file, none, or one over 20 MiB.
 */
export function readImageFile(
  image: NamedImage,
  refuse: (why: string) => Error,
): { mime: string; bytes: Buffer } {
  if (isRemoteImage(image.path)) throw refuse('it lies on another machine, and nothing remote is loaded');
  const file = fileBeside(image);
  if (file === undefined) throw refuse('it lies outside the folder of the imported file');
  const mime = imageTypes[path.extname(file).toLowerCase()];
  if (mime === undefined) throw refuse('it is not a PNG, JPEG, GIF or WebP file');
  if (!existsSync(file)) throw refuse(`the file ${file} is not there`);
  if (isLinkElsewhere(file, image)) throw refuse('it is a link to another folder');
  if (statSync(file).size > largestImage) throw refuse('it is larger than 20 MB');
  return { mime, bytes: readFileSync(file) };
}
