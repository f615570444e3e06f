import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Sql } from '../reading/reader.ts';
import { type ImageColumn, imageAddress, selectImages } from './image-columns.ts';
import { fileOfAddress, keepImage } from './media-store.ts';

/** Bytes of images that are in memory at once. */
const batchBytes = 32 * 2 ** 20;
/** Bytes that stay free on the disk. */
const spareBytes = 2 ** 30;

export interface ImageSource {
  /** A relation with `src_row` that still holds the bytes. */
  readonly relation: Sql;
  readonly columns: readonly ImageColumn[];
}

export interface KeepOptions {
  /** The workspace's media folder. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

interface Found {
  readonly row: number;
  readonly address: string;
  readonly bytes: number;
}

function requireRoom(folder: string, images: readonly Found[]): void {
  const wanted = images.reduce((sum, image) => sum + image.bytes, 0);
  const { bavail, bsize } = statfsSync(folder);
  if (wanted + spareBytes > bavail * bsize)
    throw new AppError(
      'DISK_FULL',
      `Not imported: its images take ${Math.ceil(wanted / 2 ** 20)} MiB in the workspace, and the disk has too little room. Free some space, then import again.`,
      { wanted },
    );
}

/** Cuts the images into batches of bounded size, each of neighbouring rows. */
function batchImages(images: readonly Found[]): Found[][] {
  const batches: Found[][] = [];
  let filled = Infinity;
  for (const image of images) {
    if (filled + image.bytes > batchBytes) {
      batches.push([]);
      filled = 0;
    }
    batches.at(-1)?.push(image);
    filled += image.bytes;
  }
  return batches;
}

/**
 * Copies the images of a source into the workspace, each once, under the name of its SHA-256; what lies there already is
 * not read again. Throws DISK_FULL before the first byte where there is no room. Answers how many were written.
 */
export async function keepImages(
  session: Session,
  { relation, columns }: ImageSource,
  { folder, signal, onProgress }: KeepOptions,
): Promise<number> {
  if (columns.length === 0) return 0;
  mkdirSync(folder, { recursive: true });
  const images = columns.map((column) => selectImages(relation, column)).join(' UNION ALL ');
  const listed = await session.all<Found>(
    `SELECT min(src_row) AS row, address, max(size) AS bytes FROM (
       SELECT src_row, ${imageAddress('bytes')} AS address, octet_length(bytes) AS size FROM (${images}) WHERE octet_length(bytes) > 0)
     GROUP BY address ORDER BY min(src_row), address`,
    [],
    { signal },
  );
  const wanted = listed.filter(({ address }) => {
    const file = fileOfAddress(folder, address);
    return file !== undefined && !existsSync(file);
  });
  requireRoom(folder, wanted);
  let done = 0;
  for (const batch of batchImages(wanted)) {
    const rows = [...new Set(batch.map((image) => image.row))];
    const found = await session.all<{ address: string; bytes: string }>(
      `SELECT ${imageAddress('bytes')} AS address, bytes FROM (${images})
       WHERE src_row BETWEEN ${Math.min(...rows)} AND ${Math.max(...rows)} AND list_contains([${rows.join(', ')}], src_row)
         AND octet_length(bytes) > 0`,
      [],
      { signal },
    );
    for (const { address, bytes } of found) keepImage(folder, address, Buffer.from(bytes, 'base64'));
    done += batch.length;
    onProgress(done, wanted.length);
  }
  return wanted.length;
}
