import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** What a first visit may load, gzipped; the first-paint budget of the design. */
export const initialBudget = 250 * 1024;

interface ManifestEntry {
  readonly file: string;
  readonly name?: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

export interface BundleFile {
  readonly file: string;
  /** Bytes after gzip. */
  readonly bytes: number;
  readonly isInitial: boolean;
  /** As it is served. */
  readonly text: string;
}

export interface Bundle {
  readonly files: readonly BundleFile[];
  /** Gzipped bytes of the entry, everything it imports statically, and their styles. */
  readonly initialBytes: number;
}

/** Sizes of the built page, read from Vite's manifest. Throws where the page is not built. */
export function checkBundle(directory = path.resolve('out/renderer')): Bundle {
  const manifest = JSON.parse(readFileSync(path.join(directory, '.vite/manifest.json'), 'utf8')) as Record<
    string,
    ManifestEntry
  >;
  const initial = new Set<string>();
  const visited = new Set<string>();
  const visit = (key: string) => {
    const entry = manifest[key];
    if (!entry || visited.has(key)) return;
    visited.add(key);
    for (const file of [entry.file, ...(entry.css ?? [])]) initial.add(file);
    entry.imports?.forEach(visit);
  };
  for (const [key, entry] of Object.entries(manifest)) if (entry.isEntry) visit(key);
  const all = new Set(Object.values(manifest).flatMap((entry) => [entry.file, ...(entry.css ?? [])]));
  const files = [...all]
    .filter((file) => /\.(?:js|css)$/.test(file))
    .map((file) => {
      const body = readFileSync(path.join(directory, file));
      const isInitial = initial.has(file);
      return { file, bytes: gzipSync(body).length, isInitial, text: body.toString() };
    })
    .sort((left, right) => Number(right.isInitial) - Number(left.isInitial) || right.bytes - left.bytes);
  const initialBytes = files.reduce((sum, file) => sum + (file.isInitial ? file.bytes : 0), 0);
  return { files, initialBytes };
}

/** One line a file, for the log of a test run. */
export function describeBundle({ files, initialBytes }: Bundle): string {
  const lines = files.map(
    ({ file, bytes, isInitial }) =>
      `${(bytes / 1024).toFixed(1).padStart(8)} KiB gz  ${isInitial ? 'first' : 'lazy '}  ${file}`,
  );
  return [...lines, `${(initialBytes / 1024).toFixed(1).padStart(8)} KiB gz  first load in all`].join('\n');
}
