import { describe, expect, it } from 'vitest';
import { migrate } from '../../../native/duckdb/migrate.ts';
import { findErrorPlace } from '../../../renderer/editor/error-place.ts';
import { exampleIds, exampleSql } from '../../../renderer/features/sql/examples.ts';
import { openScratchDatabase } from '../../support/database.ts';

describe('example statements', () => {
  it('run on the views as they are, also for a dataset with an apostrophe in its name', async () => {
    const database = await openScratchDatabase();
    await migrate(database);
    await database.write(async (session) => {
      await session.run(
        "INSERT INTO dataset (dataset_id, name, format, relation, has_sides, is_ready) VALUES (1, 'Ann''s', 'x', 'pairs', true, true)",
      );
      await session.run(
        "INSERT INTO rejected_row (import_id, dataset_id, source_file, source_row, reason, raw) VALUES (1, 1, 'f', 7, 'Empty.', ''), (1, 1, 'f', 4, 'Empty.', ''), (1, 1, 'f', 5, 'No label.', '')",
      );
    });
    for (const id of exampleIds) {
      for (const name of [undefined, "Ann's"]) {
        await expect(database.all(exampleSql(id, name)), id).resolves.toBeInstanceOf(Array);
      }
    }
    expect(await database.all(exampleSql('rejected', "Ann's"))).toEqual([
      { reason: 'Empty.', source_rows: 2, first_row: 4 },
      { reason: 'No label.', source_rows: 1, first_row: 5 },
    ]);
    expect(await database.all(exampleSql('rejected', 'Other'))).toEqual([]);
  });
});

describe('errors as DuckDB writes them', () => {
  it('are led back to the line the person wrote, though the core runs it inside another statement', async () => {
    const database = await openScratchDatabase();
    await migrate(database);
    const place = async (sql: string) => {
      const error: unknown = await database
        .all(`SELECT * FROM (\n${sql}\n) LIMIT 10`)
        .catch((e: unknown) => e);
      return findErrorPlace(String(error instanceof Error ? error.message : error), sql);
    };
    expect(await place('SELECT label,\n  promt\nFROM pairs')).toEqual({ line: 2, column: 3 });
    expect(await place('SELECT label\nFROM pears')).toEqual({ line: 2, column: 6 });
    const long = `SELECT ${'length(prompt) + '.repeat(20)}length(promt) FROM pairs`;
    expect(await place(long)).toEqual({ line: 1, column: long.indexOf('promt)') + 1 });
  });
});
