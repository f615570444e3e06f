import path from 'node:path';
import { buildTraitSelect } from '../../electron/core/constitution/traits/trait-sql.ts';
import { Database } from '../duckdb/database.ts';
import { quoteLiteral } from '../duckdb/quoting.ts';

/**
 * Computes every surface trait of texts with the SQL of the product: reads JSON lines with `id`, `text` and `prompt`,
 * writes a CSV file with `response_id` and a column for each trait.
 */
async function label(source: string, target: string): Promise<void> {
  const folders = [path.dirname(source), path.dirname(target)];
  const database = await Database.open({
    path: ':memory:',
    directories: folders,
    temporaryDirectory: path.dirname(target),
    memoryLimitMb: 2_000,
    threads: 2,
  });
  const texts = `(SELECT id AS response_id, text, prompt AS prompt_text
    FROM read_json(${quoteLiteral(source)}, format = 'newline_delimited', columns = {id: 'INTEGER', text: 'VARCHAR', prompt: 'VARCHAR'}))`;
  await database.write((session) =>
    session.run(
      `COPY (${buildTraitSelect({ source: texts })} ORDER BY response_id) TO ${quoteLiteral(target)} (FORMAT csv, HEADER)`,
    ),
  );
  await database.close();
}

const [source, target] = process.argv.slice(2);
if (source === undefined || target === undefined)
  throw new Error('give the JSON lines to read and the CSV file to write');
await label(path.resolve(source), path.resolve(target));
