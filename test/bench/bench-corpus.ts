import path from 'node:path';
import { Database } from '../../native/duckdb/database.ts';

const sample = path.resolve('resources/sample/pandalm/pandalm-testset.json');

/**
 * Writes `rows` pairs of realistic texts as JSON Lines and Parquet: sentences of the bundled sample's answers, drawn by a
 * hash of the row number, so that texts differ and compress like real ones; two pairs a prompt. Deterministic for one
 * DuckDB release.
 */
export async function writeBenchCorpus(
  folder: string,
  rows: number,
): Promise<{ jsonl: string; parquet: string }> {
  const database = await Database.open({
    path: ':memory:',
    directories: [folder, path.dirname(sample)],
    temporaryDirectory: folder,
    memoryLimitMb: 2000,
    readers: 1,
  });
  const jsonl = path.join(folder, `pairs-${rows}.jsonl`);
  const parquet = path.join(folder, `pairs-${rows}.parquet`);
  await database.withReader(async (session) => {
    await session.run(
      `CREATE TABLE scratch.sentence AS SELECT DISTINCT trim(unnest(string_split_regex(response1 || ' ' || response2, '[.!?]\\s+|\\n+'))) AS text
       FROM read_json('${sample}')`,
    );
    const pick = (list: string, seed: string) => `${list}[1 + (hash(${seed}) % len(${list}))::INTEGER]`;
    const answer = (salt: number) =>
      `array_to_string(list_transform(range((4 + hash(i * ${salt}) % 14)::BIGINT), lambda k: ${pick('sentences', `i * ${salt} + k * 7919`)}), '. ') || '.'`;
    await session.run(
      `COPY (
        WITH s AS (SELECT list(text ORDER BY text) AS sentences FROM scratch.sentence WHERE length(text) > 20),
          q AS (SELECT list(instruction ORDER BY instruction) AS questions FROM read_json('${sample}'))
        SELECT ${pick('questions', 'i // 2')} || ' (case ' || (i // 2) || ')' AS prompt, ${answer(31)} AS chosen, ${answer(37)} AS rejected
        FROM range(${rows}) t(i), s, q) TO '${parquet}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000)`,
    );
    await session.run(`COPY (FROM '${parquet}') TO '${jsonl}' (FORMAT json)`);
  });
  await database.close();
  return { jsonl, parquet };
}
