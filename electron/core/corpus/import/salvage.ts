import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Compression } from './container.ts';

/** Longest line that is read; a longer one is rejected, so that no row can exhaust memory. */
export const longestLine = 32 * 2 ** 20;
const rawKept = 10_000;

export interface LineRejection {
  /** 1-based, counting lines that are not blank. */
  readonly row: number;
  readonly reason: string;
  readonly raw: string;
}

export interface Salvage {
  readonly rows: number;
  readonly rejections: readonly LineRejection[];
}

/** Name of the field in salvaged lines that keeps the row's place in the original file. */
export const salvagedRowField = '__assay_row';

function judgeLine(line: Buffer): string | undefined {
  if (line.length > longestLine)
    return `the line has ${Math.round(line.length / 2 ** 20)} MB; the limit is ${longestLine / 2 ** 20} MB`;
  if (!isUtf8(line)) return 'the line is not valid UTF-8 text; save the file as UTF-8';
  if (line.includes(0)) return 'the line holds NUL bytes';
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? undefined
      : 'the line is not a JSON object';
  } catch (error) {
    return `the line is not valid JSON: ${(error as Error).message.slice(0, 200)}`;
  }
}

/** Splits chunks into lines; what goes beyond the limit of one line is counted, not kept. */
async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  const take = () => {
    const line = size > longestLine + rawKept ? Buffer.concat(parts, longestLine + 1) : Buffer.concat(parts);
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      if (size <= longestLine) parts.push(chunk.subarray(start, end));
      size += end - start;
      yield take();
      start = end + 1;
    }
    if (size <= longestLine) parts.push(chunk.subarray(start));
    size += chunk.length - start;
  }
  if (size > 0) yield take();
}

/**
 * Reads a damaged JSON Lines file line by line and writes the sound ones to `target`, each with its row number in a
 * field of its own. For files DuckDB refuses as a whole: bad JSON, wrong encoding, NUL bytes, giant lines, an archive
 * cut short. Row loop in JavaScript, because there is no SQL reader that keeps what it cannot parse.
 */
export async function salvageJsonLines(
  file: string,
  compression: Compression,
  target: string,
  signal?: AbortSignal,
): Promise<Salvage> {
  const rejections: LineRejection[] = [];
  const output = createWriteStream(target);
  const raw = createReadStream(file, { highWaterMark: 1 << 20 });
  const input = compression === 'gzip' ? raw.pipe(createGunzip()) : raw;
  raw.on('error', (error) => input.destroy(error));
  let row = 0;
  const reject = (reason: string, line: Buffer) =>
    rejections.push({ row, reason, raw: line.toString('utf8', 0, rawKept) });
  try {
    for await (const line of splitLines(input as AsyncIterable<Buffer>)) {
      signal?.throwIfAborted();
      const body =
        row === 0 && line.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? line.subarray(3) : line;
      if (body.length === 0 || (body.length < 64 && body.toString('latin1').trim() === '')) continue;
      row++;
      const reason = judgeLine(body);
      if (reason) reject(reason, body);
      else {
        const brace = body.indexOf(123);
        const rest = body.subarray(brace + 1);
        const isEmpty = rest.toString('latin1', 0, 256).trimStart().startsWith('}');
        const head = `{"${salvagedRowField}":${row}${isEmpty ? '' : ','}`;
        if (!output.write(Buffer.concat([Buffer.from(head), rest, Buffer.from('\n')]))) {
          await once(output, 'drain');
        }
      }
    }
  } catch (error) {
    if (signal?.aborted || compression !== 'gzip') throw error;
    row++;
    reject(
      'the compressed file ends early or is damaged here; the rows after this one are lost. Fetch it again',
      Buffer.alloc(0),
    );
  } finally {
    output.end();
    await finished(output);
  }
  return { rows: row, rejections };
}
