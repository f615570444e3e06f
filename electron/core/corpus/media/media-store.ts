import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Database } from '../../../../native/duckdb/database.ts';
import { imageTypes, mediaScheme } from './image-file.ts';

const keptName = /^[0-9a-f]{64}\.(png|jpg|gif|webp)$/;

/** True for the address of an image of which the workspace has, or refused to take, the bytes. */
export function isKeptHere(address: string): boolean {
  return address.startsWith(mediaScheme);
}

/** Where the image of an address lies below the workspace's media folder; undefined for one that is not kept. */
export function fileOfAddress(folder: string, address: string): string | undefined {
  const name = address.slice(mediaScheme.length);
  return isKeptHere(address) && keptName.test(name) ? path.join(folder, name.slice(0, 2), name) : undefined;
}

/** Bytes and type of a kept image. `refuse` makes the error of the reason where there are none. */
export function readKept(
  folder: string,
  address: string,
  refuse: (why: string) => Error,
): { mime: string; bytes: Buffer } {
  const file = fileOfAddress(folder, address);
  const mime = file === undefined ? undefined : imageTypes[path.extname(file)];
  if (file === undefined || mime === undefined)
    throw refuse(
      address.endsWith('.large')
        ? 'it is larger than 20 MiB and was not kept at the import'
        : 'it is not a PNG, JPEG, GIF or WebP image',
    );
  if (!existsSync(file)) throw refuse('its file is gone from the media folder of the workspace');
  return { mime, bytes: readFileSync(file) };
}

/** Writes an image into the media folder, whole or not at all; what lies there already is the same. */
export function keepImage(folder: string, address: string, bytes: Buffer): void {
  const file = fileOfAddress(folder, address);
  if (file === undefined || existsSync(file)) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, bytes);
  renameSync(`${file}.part`, file);
}

/**
 * Removes kept images that no row names any more; does nothing while an import has not ended, since its images are there
 * before its rows. Answers how many went.
 */
export async function sweepMedia(database: Database, folder: string): Promise<number> {
  const { isBusy } = await database.one<{ isBusy: boolean }>(
    'SELECT EXISTS (SELECT 1 FROM import_run WHERE NOT is_finished) AS "isBusy"',
  );
  if (isBusy || !existsSync(folder)) return 0;
  const rows = await database.all<{ path: string }>(
    `SELECT DISTINCT path FROM media WHERE starts_with(path, '${mediaScheme}')`,
  );
  const named = new Set(rows.map((row) => row.path.slice(mediaScheme.length)));
  let removed = 0;
  for (const part of readdirSync(folder)) {
    for (const name of readdirSync(path.join(folder, part))) {
      if (named.has(name)) continue;
      rmSync(path.join(folder, part, name), { force: true });
      removed += 1;
    }
  }
  return removed;
}
