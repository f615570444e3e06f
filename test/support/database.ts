import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { Database } from '../../native/duckdb/database.ts';

/** A temporary folder that goes when the test ends. */
export async function makeTemporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'assay-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** An in-memory database without tables, allowed to read the given folders; closed when the test ends. */
export async function openScratchDatabase(directories: readonly string[] = []): Promise<Database> {
  const temporary = await makeTemporaryDirectory();
  const database = await Database.open({
    path: ':memory:',
    directories: [temporary, ...directories],
    temporaryDirectory: temporary,
    memoryLimitMb: 1000,
    readers: 1,
  });
  onTestFinished(() => database.close());
  return database;
}
