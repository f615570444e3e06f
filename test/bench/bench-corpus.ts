import path from 'node:path';
import { Database } from '../../native/duckdb/database.ts';

const sample = path.resolve('resources/sample/pandalm/pandalm-testset.json');

/**
 * Writes `rows` pairs of realistic texts as JSON Lines and Parquet: answers and instructions of the bundled sample,
 * recombined sentence by sentence with a running number, so that texts differ and compress like real ones. About 2 kB a
 * row. Deterministic.
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
      `CREATE TABLE scratch.piece AS SELECT row_number() OVER () - 1 AS no, instruction, response1, response2 FROM read_json('${sample}')`,
    );
    const { n } = await session.one<{ n: number }>('SELECT count(*) AS n FROM scratch.piece');
    const answer = (column: string, salt: number) =>
      `concat_ws(' ', ${[0, 1, 2, 3].map((part) => `(list_${column}[1 + ((i * ${salt + 13 * part} + ${part * 7}) % ${n})])`).join(', ')}, 'No. ' || i || '.')`;
    await session.run(
      `COPY (
        WITH lists AS (SELECT list(instruction ORDER BY no) AS list_i, list(response1 ORDER BY no) AS list_a, list(response2 ORDER BY no) AS list_b FROM scratch.piece)
        SELECT list_i[1 + (i % ${n})] || ' (case ' || (i // 3) || ')' AS prompt, ${answer('a', 31)} AS chosen, ${answer('b', 17)} AS rejected
        FROM range(${rows}) t(i), lists) TO '${parquet}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000)`,
    );
    await session.run(`COPY (FROM '${parquet}') TO '${jsonl}' (FORMAT json)`);
  });
  await database.close();
  return { jsonl, parquet };
}
