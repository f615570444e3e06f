import { fileBeside, isLinkElsewhere, isRemoteImage, type NamedImage, readImageFile } from './image-file.ts';
import { fileOfAddress, isKeptHere, readKept } from './media-store.ts';

/**
 * Bytes and type of a row’s image: one that the workspace keeps, or one beside the imported file. `refuse` makes the error of
 * the reason where there is none to show.
 */
export function readRowImage(
  image: NamedImage,
  mediaFolder: string,
  refuse: (why: string) => Error,
): { mime: string; bytes: Buffer } {
  return isKeptHere(image.path) ? readKept(mediaFolder, image.path, refuse) : readImageFile(image, refuse);
}

/** Where the file of a row’s image should be; undefined where it lies, or leads, outside the folders that may be read. */
export function findRowImage(image: NamedImage, mediaFolder: string | undefined): string | undefined {
  if (isKeptHere(image.path)) return mediaFolder && fileOfAddress(mediaFolder, image.path);
  const file = isRemoteImage(image.path) ? undefined : fileBeside(image);
  return file === undefined || isLinkElsewhere(file, image) ? undefined : file;
}
