import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { AuditDocument } from '../../electron/contract/audit.contract.ts';
import { Database } from '../../native/duckdb/database.ts';
import { printFigures, runNode } from './measure.ts';

const rows = Number(process.env.BENCH_ROWS ?? 1_000_000);
const cli = path.resolve('out/node/cli.js');
const sample = path.resolve('resources/sample/pandalm/pandalm-testset.json');
let folder = '';

/**
 * Pairs with a prompt of some 60 words each, drawn by a hash of the row from the words of the bundled sample; every twentieth
 * is the prompt before it with one word changed. Deterministic for one DuckDB release.
 */
async function writeCorpus(file: string): Promise<void> {
  const database = await Database.open({
    path: ':memory:',
    directories: [folder, path.dirname(sample)],
    temporaryDirectory: folder,
    memoryLimitMb: 2000,
    readers: 1,
  });
  await database.withReader(async (session) => {
    await session.run(
      `CREATE TABLE scratch.word AS SELECT list(DISTINCT word ORDER BY word) AS words FROM (
         SELECT unnest(string_split_regex(lower(response1 || ' ' || response2), '[^a-z]+')) AS word FROM read_json('${sample}')) WHERE length(word) > 3`,
    );
    const source = '(CASE WHEN i % 20 = 19 THEN i - 1 ELSE i END)';
    await session.run(
      `COPY (
         SELECT array_to_string(list_transform(range((40 + hash(${source} * 13) % 40)::BIGINT), lambda k: CASE WHEN k = 20 AND i % 20 = 19 THEN 'changed'
             ELSE words[1 + (hash(${source} * 7919 + k * 104729) % len(words))::INTEGER] END), ' ') AS prompt,
           'yes ' || i AS chosen, 'no ' || i AS rejected
         FROM range(${rows}) t(i), scratch.word) TO '${file}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000)`,
    );
  });
  await database.close();
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('near-duplicates', () => {
  it('MinHash over prompts that are all different, one in twenty a near copy', async () => {
    const file = path.join(folder, 'prompts.parquet');
    await writeCorpus(file);
    const workspace = path.join(folder, 'bench.assay');
    await runNode([cli, 'import', file, '--workspace', workspace, '--dataset', 'd', '--json']);
    const audit = async (...more: string[]) => {
      const args = ['audit', '--workspace', workspace, '--dataset', 'd', '--only', 'duplicates', '--json'];
      const ran = await runNode([cli, ...args, ...more]);
      return { ...ran, document: JSON.parse(ran.output) as AuditDocument };
    };
    const exact = await audit('--param', 'duplicates.near=false');
    const near = await audit();
    const figure = near.document.audits[0]?.figures.find(({ metric }) => metric === 'near_prompts');
    printFigures(`Near-duplicates among ${rows} prompts`, [
      // One word changed of n leaves n − 9 of n + 1 shingles shared: at least .8 from 49 words on, 31 of the 40 lengths.
      { what: 'planted share at .8 or more', value: (10 * 31) / 40, unit: '%' },
      { what: 'found share', value: 100 * (figure?.value ?? Number.NaN), unit: '%' },
      { what: 'exact copies and conflicts alone', value: exact.seconds, unit: 's' },
      { what: 'with near-duplicates', value: near.seconds, unit: 's' },
      { what: 'with near-duplicates: processor', value: near.cpuSeconds, unit: 's' },
      { what: 'peak memory', value: near.peakMb, unit: 'MiB', bar: 'under 4096' },
    ]);
  });
});
