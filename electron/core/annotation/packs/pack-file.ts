import { closeSync, existsSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../../contract/app-error.ts';
import { explainFileError, flush, moveInto, slugOf } from '../../export/destination.ts';
import { packLimits } from './container.ts';

export const packEnding = '.assaypack';

const plainName = /^[^.\s/\\:*?"<>|\p{Cc}][^/\\:*?"<>|\p{Cc}]{0,150}$/u;

export interface PackPlace {
  readonly folder: string | null;
  readonly name: string | null;
  readonly overwrite: boolean;
}

/**
 * Where a pack goes: the folder asked for or `fallback`, and a plain name with its ending.
 * @throws AppError EXPORT_TARGET_INVALID, EXPORT_EXISTS
 */
export function placePack(place: PackPlace, fallback: string, suggested: string): string {
  const folder = place.folder ?? fallback;
  const invalid = (text: string) =>
    new AppError('EXPORT_TARGET_INVALID', `Nothing was written: ${text}`, { folder, name: place.name });
  if (!path.isAbsolute(folder) || folder.split(/[\\/]/).includes('..'))
    throw invalid(`${folder} is no whole path. Give the folder from the root on, without “..”.`);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw invalid(`there is no folder ${folder}. Create it, or choose another one.`);
  const wanted = place.name ?? slugOf(suggested);
  const name = wanted.endsWith(packEnding) ? wanted : `${wanted}${packEnding}`;
  if (!plainName.test(name)) throw invalid(`“${wanted}” is no plain name.`);
  const file = path.join(folder, name);
  if (existsSync(file) && !place.overwrite)
    throw new AppError(
      'EXPORT_EXISTS',
      `Nothing was written: ${file} is there already. Choose another name, or allow to overwrite it.`,
      { target: file },
    );
  return file;
}

/** Puts a pack at its place, whole or not at all. Throws EXPORT_FAILED, DISK_FULL. */
export function writePack(file: string, bytes: Buffer, incoming: string): void {
  const half = path.join(incoming, `${path.basename(file)}.part`);
  try {
    writeFileSync(half, bytes, { mode: 0o600 });
    flush(half);
    moveInto(half, file);
    flush(path.dirname(file));
  } catch (error) {
    rmSync(half, { force: true });
    throw explainFileError(error, path.dirname(file));
  }
}

/** The bytes of a pack; nothing larger than a pack can be is read. Throws PACK_FILE_MISSING, PACK_TOO_LARGE. */
export function readPack(file: string): Buffer {
  const missing = () =>
    new AppError('PACK_FILE_MISSING', `The pack was not opened: ${file} is no file that can be read.`, {
      file,
    });
  let descriptor: number;
  try {
    if (!statSync(file).isFile()) throw missing();
    descriptor = openSync(file, 'r');
  } catch {
    throw missing();
  }
  try {
    const { size } = statSync(file);
    if (size > packLimits.fileBytes)
      throw new AppError(
        'PACK_TOO_LARGE',
        `The pack was not opened: ${file} is larger than a pack can be (${packLimits.fileBytes / 2 ** 20} MiB).`,
        { file, bytes: size },
      );
    const bytes = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const read = readSync(descriptor, bytes, length, size - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
