import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTemporaryDirectory, openScratchDatabase } from '../support/database.ts';

describe('Database', () => {
  it('answers plain values: wide integers exact, times ISO, nested values as arrays and objects', async () => {
    const database = await openScratchDatabase();
    const row = await database.one(
      `SELECT 42::BIGINT AS small, 9007199254740993::BIGINT AS wide, 1.50::DECIMAL(9, 2) AS price,
        TIMESTAMPTZ '2026-01-02 03:04:05+00' AS at, [1, 2]::BIGINT[] AS list, {'x': 'y'} AS struct,
        MAP {'k': 1} AS map, 'nan'::DOUBLE AS nan`,
    );
    expect(row).toEqual({
      small: 42,
      wide: '9007199254740993',
      price: 1.5,
      at: '2026-01-02T03:04:05Z',
      list: [1, 2],
      struct: { x: 'y' },
      map: { k: 1 },
      nan: null,
    });
  });

  it('refuses files outside its folders, also through .. and for writing', async () => {
    const outside = await makeTemporaryDirectory();
    await writeFile(path.join(outside, 'secret.csv'), 'a\n1\n');
    const database = await openScratchDatabase();
    const read = database.all(`SELECT * FROM read_csv('${path.join(outside, 'secret.csv')}')`);
    await expect(read).rejects.toThrow(/disabled by configuration/);
    const write = database.all(`COPY (SELECT 1) TO '${path.join(outside, 'out.csv')}'`);
    await expect(write).rejects.toThrow(/disabled by configuration/);
    await expect(database.all('SET enable_external_access = true')).rejects.toThrow(/locked|Cannot/);
    await expect(database.all('INSTALL httpfs; LOAD httpfs')).rejects.toThrow();
  });

  it('keeps nothing of a write that throws', async () => {
    const database = await openScratchDatabase();
    await database.write((session) => session.run('CREATE TABLE t (i INTEGER)'));
    const failing = database.write(async (session) => {
      await session.run('INSERT INTO t VALUES (1)');
      throw new Error('half-way');
    });
    await expect(failing).rejects.toThrow('half-way');
    expect(await database.one('SELECT count(*) AS n FROM t')).toEqual({ n: 0 });
  });

  it('ends a running query when its signal aborts, with the caller’s own reason', async () => {
    const database = await openScratchDatabase();
    const controller = new AbortController();
    const query = database.all('SELECT count(*) FROM range(100000000000) a', [], {
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(new Error('changed my mind')), 50);
    await expect(query).rejects.toThrow('changed my mind');
    expect(await database.one('SELECT 1 AS one')).toEqual({ one: 1 });
  });

  it('shares scratch tables between sessions', async () => {
    const database = await openScratchDatabase();
    await database.withReader((session) => session.run('CREATE TABLE scratch.t AS SELECT 7 AS i'));
    expect(await database.one('SELECT i FROM scratch.t')).toEqual({ i: 7 });
  });
});
