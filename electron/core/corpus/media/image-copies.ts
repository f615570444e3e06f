import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';

/** MD5 of a file's bytes; undefined where it cannot be read. */
async function hashBytes(file: string, signal?: AbortSignal): Promise<string | undefined> {
  const hash = createHash('md5');
  try {
    for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Buffer);
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
  return hash.digest('hex');
}

/**
 * The files whose bytes another of the files has too, with the MD5 they share. Only files of one size are read: no others can be equal.
 * The files may repeat.
 */
export async function findCopies(
  files: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const bySize = new Map<number, string[]>();
  for (const file of new Set(files)) {
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size !== undefined) bySize.set(size, [...(bySize.get(size) ?? []), file]);
  }
  const hashes = new Map<string, string>();
  for (const group of bySize.values()) {
    if (group.length < 2) continue;
    for (const file of group) {
      const hash = await hashBytes(file, signal);
      if (hash !== undefined) hashes.set(file, hash);
    }
  }
  const counts = new Map<string, number>();
  for (const hash of hashes.values()) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  return new Map([...hashes].filter(([, hash]) => (counts.get(hash) ?? 0) > 1));
}
