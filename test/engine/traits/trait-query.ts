import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildTraitSelect,
  type TraitSelectOptions,
} from '../../../electron/core/constitution/traits/trait-sql.ts';
import { Database } from '../../../native/duckdb/database.ts';

export type TraitRow = Record<string, number | null>;

/** An in-memory database that may read the given folders. */
export async function openDatabase(directories: readonly string[] = []) {
  const spill = mkdtempSync(join(tmpdir(), 'traits-'));
  const database = await Database.open({
    path: ':memory:',
    directories: [spill, ...directories],
    temporaryDirectory: spill,
    memoryLimitMb: 1000,
    threads: 2,
    readers: 1,
  });
  const close = async () => {
    await database.close();
    rmSync(spill, { recursive: true, force: true });
  };
  return { database, close };
}

export interface Sample {
  readonly text: string | null;
  readonly prompt?: string | null;
}

/** The traits of each sample, in the order of the samples. */
export async function computeTraits(
  database: Database,
  samples: readonly Sample[],
  options: Omit<TraitSelectOptions, 'source'> = {},
): Promise<TraitRow[]> {
  const rows = samples.map((_, index) => `(${index}::BIGINT, ?::VARCHAR, ?::VARCHAR)`).join(', ');
  const source = `(VALUES ${rows}) AS sample(response_id, text, prompt_text)`;
  return database.all<TraitRow>(
    `${buildTraitSelect({ ...options, source })} ORDER BY response_id`,
    samples.flatMap(({ text, prompt = null }) => [text, prompt]),
  );
}
