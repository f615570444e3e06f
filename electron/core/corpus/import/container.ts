import { closeSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { AppError } from '../../../contract/app-error.ts';

export type Compression = 'uncompressed' | 'gzip' | 'zstd';

/** What a file holds, judged by its first bytes; the name only breaks ties. */
export interface Container {
  readonly kind: 'parquet' | 'jsonl' | 'json' | 'csv' | 'duckdb';
  readonly compression: Compression;
  /** Field separator of a CSV. */
  readonly delimiter: string;
  readonly encoding: 'utf-8' | 'utf-16';
}

const headBytes = 64 * 1024;

function readHead(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(headBytes);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, headBytes, 0));
  } finally {
    closeSync(descriptor);
  }
}

function unreadable(name: string, why: string, remedy: string): AppError {
  return new AppError('IMPORT_FILE_UNREADABLE', `${name} was not read: ${why}. ${remedy}`, { file: name });
}

function inflateHead(name: string, head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    throw unreadable(name, 'it starts like a gzip file but is damaged', 'Fetch or compress it again.');
  }
}

/** The separator that occurs most in the header line. */
function sniffDelimiter(header: string): string {
  const counts = [',', '\t', ';', '|'].map((mark) => ({ mark, count: header.split(mark).length - 1 }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark;
}

function kindOfText(name: string, text: string): Pick<Container, 'kind' | 'delimiter'> {
  const start = text.trimStart();
  const bare = name.replace(/\.(gz|zst)$/i, '').toLowerCase();
  if (start.startsWith('version https://git-lfs')) {
    throw unreadable(
      name,
      'it is a Git LFS pointer, not the data',
      'Run `git lfs pull` where it was cloned, then import it.',
    );
  }
  if (start.startsWith('[')) return { kind: 'json', delimiter: ',' };
  if (start.startsWith('{')) {
    const firstLine = start.split('\n', 1)[0] ?? '';
    const isWhole = firstLine.trimEnd().endsWith('}') && firstLine.length < start.trimEnd().length;
    const isLines = isWhole || bare.endsWith('.jsonl') || bare.endsWith('.ndjson') || !bare.endsWith('.json');
    return { kind: isLines && isJson(firstLine) !== false ? 'jsonl' : 'json', delimiter: ',' };
  }
  if (/\.(jsonl|ndjson)$/.test(bare)) return { kind: 'jsonl', delimiter: ',' };
  const header = start.split(/\r?\n/, 1)[0] ?? '';
  return { kind: 'csv', delimiter: bare.endsWith('.tsv') ? '\t' : sniffDelimiter(header) };
}

/** True or false for a complete line; undefined where the line is longer than what was read. */
function isJson(line: string): boolean | undefined {
  if (line.length > headBytes / 2) return undefined;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return line.trimEnd().endsWith('}') ? undefined : false;
  }
}

/**
 * Looks into a file and says what it is. Throws IMPORT_FILE_EMPTY, or IMPORT_FILE_UNREADABLE with the reason and
 * the remedy for pointers, damaged archives and binary files.
 */
export function detectContainer(file: string, name: string = path.basename(file)): Container {
  if (statSync(file).size === 0) {
    throw new AppError('IMPORT_FILE_EMPTY', `${name} was not imported: it is empty.`, { file: name });
  }
  const head = readHead(file);
  const base = { compression: 'uncompressed', delimiter: ',', encoding: 'utf-8' } as const;
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return { ...base, kind: 'parquet' };
  if (head.subarray(8, 12).toString('latin1') === 'DUCK') return { ...base, kind: 'duckdb' };
  if (head.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) {
    const kind = /\.(csv|tsv)\.zst$/i.test(name) ? 'csv' : /\.json\.zst$/i.test(name) ? 'json' : 'jsonl';
    return { ...base, compression: 'zstd', kind, delimiter: /\.tsv\.zst$/i.test(name) ? '\t' : ',' };
  }
  if (head[0] === 0xff && head[1] === 0xfe)
    return {
      ...base,
      kind: 'csv',
      encoding: 'utf-16',
      delimiter: sniffDelimiter(head.toString('utf16le', 2).split('\n', 1)[0] ?? ''),
    };
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  if (head[0] === 0x50 && head[1] === 0x4b && head[2] === 0x03) {
    throw unreadable(name, 'it is a ZIP archive', 'Unpack it and import the files inside.');
  }
  const text = (isGzip ? inflateHead(name, head) : head).toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '')
    throw new AppError('IMPORT_FILE_EMPTY', `${name} was not imported: it holds no rows.`, { file: name });
  const controls = text.slice(0, 4096).replace(/[^\0-\x08\x0e-\x1f]/g, '').length;
  if (controls > 64)
    throw unreadable(
      name,
      'it is a binary file of an unknown kind',
      'Give a Parquet, JSONL, JSON, CSV or DuckDB file.',
    );
  return { ...base, compression: isGzip ? 'gzip' : 'uncompressed', ...kindOfText(name, text) };
}
