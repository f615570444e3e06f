import { createHash } from 'node:crypto';
import { type Dirent, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** One file of the built page, as an HTTP server needs it. */
export interface PageFile {
  readonly type: string;
  readonly etag: string;
  /** True where the name carries a hash of the content, so that a browser may keep it for good. */
  readonly isImmutable: boolean;
  readonly body: Buffer;
  /** The gzip form, made at the first request; undefined where it would save little. */
  compressed(): Promise<Buffer | undefined>;
}

/** Finds a file by the path of a request, still percent-encoded and without query. `/` is the page itself. */
export type FindPageFile = (requestPath: string) => PageFile | undefined;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};
const compressible = new Set(['.html', '.js', '.css', '.json', '.svg', '.ttf', '.wasm', '.txt']);
const SMALLEST_TO_COMPRESS = 1_024;
const HASHED_NAME = /^assets\/.*-[\w-]{8}\.\w+$/;

/**
 * Lists the regular files below a directory once (symbolic links and dot files are left out) and answers requests from
 * that list alone: no part of a request ever becomes a path on disk, so there is nothing to traverse.
 * Throws where the directory holds no page.
 */
export function readPageFiles(directory: string): FindPageFile {
  const names = new Map(listFiles(directory).map((name) => [`/${name}`, name]));
  if (!names.has('/index.html')) {
    throw new Error(`The page is not built: ${directory} holds no index.html. Run "npm run build" first.`);
  }
  const loaded = new Map<string, PageFile>();
  return (requestPath) => {
    const name = names.get(requestPath === '/' ? '/index.html' : decode(requestPath));
    if (name === undefined) return undefined;
    const file = loaded.get(name) ?? loadFile(directory, name);
    loaded.set(name, file);
    return file;
  };
}

function decode(requestPath: string): string {
  try {
    return decodeURIComponent(requestPath);
  } catch {
    return '';
  }
}

function listFiles(directory: string, prefix = ''): string[] {
  const visit = (entry: Dirent): string[] => {
    const name = prefix + entry.name;
    if (entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return listFiles(path.join(directory, entry.name), `${name}/`);
    return entry.isFile() ? [name] : [];
  };
  return readdirSync(directory, { withFileTypes: true }).flatMap(visit);
}

function loadFile(directory: string, name: string): PageFile {
  const body = readFileSync(path.join(directory, name));
  const extension = path.extname(name);
  const isWorthIt = compressible.has(extension) && body.length >= SMALLEST_TO_COMPRESS;
  let compressed: Promise<Buffer> | undefined;
  return {
    type: types[extension] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    isImmutable: HASHED_NAME.test(name),
    body,
    compressed: async () => (isWorthIt ? (compressed ??= compress(body)) : undefined),
  };
}
