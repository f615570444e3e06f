import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Database } from '../../../native/duckdb/database.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';

const folder = path.resolve('native/duckdb/migrations');
const steps = readdirSync(folder)
  .filter((name) => name.endsWith('.sql'))
  .sort();

async function open(file: string): Promise<Database> {
  const directory = path.dirname(file);
  return Database.open({
    path: file,
    directories: [directory],
    temporaryDirectory: directory,
    memoryLimitMb: 500,
    readers: 1,
  });
}

describe('migrations', () => {
  it('have numbers that rise', () => {
    const numbers = steps.map((name) => Number(name.slice(0, 4)));
    expect(numbers).toEqual([...new Set(numbers)].sort((left, right) => left - right));
  });

  it('leave a log that DuckDB can replay after each step (would catch statements that a kill makes a workspace unreadable by)', async () => {
    const directory = await makeTemporaryDirectory();
    const database = await open(path.join(directory, 'a.duckdb'));
    try {
      for (const [index, step] of steps.entries()) {
        await database.write((session) => session.run(readFileSync(path.join(folder, step), 'utf8')));
        const copy = path.join(directory, `killed-${index}.duckdb`);
        copyFileSync(path.join(directory, 'a.duckdb'), copy);
        copyFileSync(path.join(directory, 'a.duckdb.wal'), `${copy}.wal`);
        const replayed = await open(copy);
        const { n } = await replayed.one<{ n: number }>('SELECT count(*) AS n FROM duckdb_tables()');
        expect(n, step).toBeGreaterThan(0);
        await replayed.close();
      }
    } finally {
      await database.close();
    }
  });
});
