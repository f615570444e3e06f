import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../contract/app-error.ts';
import type { FoundFile } from '../../contract/model.contract.ts';

const splitName = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i;

/** A projector for images is no model by itself. */
const companion = /(?:^|[-_.])mmproj/i;

const mostFiles = 5_000;
const deepest = 8;

async function listFiles(folder: string, depth = 0): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (depth > 0) return []; // a folder below that may not be read
    throw error;
  });
  const files: string[] = [];
  for (const entry of entries) {
    if (files.length > mostFiles) break;
    const whole = path.join(folder, entry.name);
    if (entry.isDirectory() && depth < deepest) files.push(...(await listFiles(whole, depth + 1)));
    else if ((entry.isFile() || entry.isSymbolicLink()) && /\.gguf$/i.test(entry.name)) files.push(whole);
  }
  return files;
}

/** The first part of a split file with the names of all; other files stand for themselves. */
function groupParts(files: readonly string[]): { path: string; files: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const [, stem = '', , total = ''] = splitName.exec(path.basename(file)) ?? [];
    const parts = Array.from({ length: Number(total) }, (_, index) =>
      path.join(
        path.dirname(file),
        `${stem}-${String(index + 1).padStart(5, '0')}-of-${total}${path.extname(file)}`,
      ),
    );
    const [first = file] = parts;
    groups.set(first, parts.length > 0 ? parts : [file]);
  }
  return [...groups].map(([first, parts]) => ({ path: first, files: parts }));
}

async function measure(file: string): Promise<number | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}

/**
 * GGUF files at a path: the file itself, or those in the folder and below it, split ones once, by name. Throws
 * MODEL_FILE_MISSING where there is nothing at the path.
 */
export async function findModelFiles(place: string): Promise<Omit<FoundFile, 'isAdded'>[]> {
  const found = await stat(place).catch(() => undefined);
  if (!found) {
    throw new AppError('MODEL_FILE_MISSING', `No model was found: there is nothing at ${place}.`, {
      path: place,
    });
  }
  const files = found.isDirectory() ? await listFiles(place) : [place];
  const groups = groupParts(
    files.filter((file) => !found.isDirectory() || !companion.test(path.basename(file))),
  );
  const result = await Promise.all(
    groups.map(async (group) => {
      const sizes = await Promise.all(group.files.map(measure));
      return {
        ...group,
        bytes: sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
        missing: group.files.filter((_, index) => sizes[index] === undefined),
      };
    }),
  );
  return result.sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** SHA-256 of a file, in hex. `onBytes` is told how many bytes were read so far. */
export async function hashFile(
  file: string,
  { onBytes, signal }: { readonly onBytes?: (bytes: number) => void; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 4 * 2 ** 20, signal })) {
    const data = chunk as Buffer; // a stream without encoding gives buffers
    hash.update(data);
    bytes += data.length;
    onBytes?.(bytes);
  }
  return hash.digest('hex');
}
