import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { quoteLiteral } from '../../native/duckdb/quoting.ts';
import { makeTemporaryDirectory } from './database.ts';
import type { ImportBench } from './import-corpus.ts';

/** The smallest PNG there is: one transparent pixel. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
/** The smallest GIF: one white pixel. */
export const gif = Buffer.from('R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=', 'base64');

export const blob = (bytes: Buffer) => `from_hex('${bytes.toString('hex')}')`;
export const image = (bytes: Buffer | null, name: string | null) =>
  `{'bytes': ${bytes ? blob(bytes) : 'NULL::BLOB'}, 'path': ${name === null ? 'NULL::VARCHAR' : quoteLiteral(name)}}`;

/** A Parquet file of what a query answers, in a folder of its own. */
export async function writeParquet(bench: ImportBench, name: string, select: string): Promise<string> {
  const made = path.join(bench.workspace.incoming, name);
  await bench.workspace.database.write(async (session) => {
    await session.run(`COPY (${select}) TO ${quoteLiteral(made)} (FORMAT parquet)`);
  });
  const file = path.join(await makeTemporaryDirectory(), name);
  writeFileSync(file, readFileSync(made));
  return file;
}

/** SQL of pairs with a picture each. */
export const rows = (images: readonly string[]) =>
  images
    .map(
      (
        one,
        no,
      ) => `SELECT 'What is in picture ${no}?' AS prompt, 'A dot ${no}.' AS chosen, 'A cat ${no}.' AS rejected,
        ${one} AS image`,
    )
    .join(' UNION ALL ');
