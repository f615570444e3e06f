import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { AppError } from '../../electron/contract/app-error.ts';

export interface ForeignTable {
  readonly name: string;
  readonly parquet: string;
}

/** Copies every table and view of a foreign DuckDB file to Parquet files in a folder. */
export type ForeignExtractor = (file: string, folder: string, signal: AbortSignal) => Promise<ForeignTable[]>;

/**
 * A foreign database file is taken as hostile: a process of its own opens it read-only, writes Parquet and ends, so
 * that a crash or worse in there reaches neither the workspace nor its owner. `entry` is the built
 * `extract-process` script.
 */
export function createForeignExtractor(entry: string): ForeignExtractor {
  return (file, folder, signal) =>
    new Promise((resolve, reject) => {
      mkdirSync(folder, { recursive: true });
      const child = spawn(process.execPath, [entry, file, folder], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH ?? '', ELECTRON_RUN_AS_NODE: '1' },
        signal,
        killSignal: 'SIGKILL',
      });
      let output = '';
      let errors = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      const fail = (cause: string) =>
        reject(
          signal.aborted
            ? (signal.reason as Error)
            : new AppError(
                'IMPORT_FILE_UNREADABLE',
                `${file} was not imported: its tables cannot be read. ${cause}`,
                { file },
              ),
        );
      child.on('error', (error) => fail(error.message));
      child.on('close', (code) => {
        if (code === 0) resolve(JSON.parse(output) as ForeignTable[]);
        else
          fail(
            errors.split('\n').find((line) => line.includes('Error')) ??
              `The reading process ended with code ${code}.`,
          );
      });
    });
}
