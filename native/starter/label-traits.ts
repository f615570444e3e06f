import { DuckDBInstance } from '@duckdb/node-api';
import { quoteLiteral } from '../duckdb/quoting.ts';
import { buildTraitSelect } from '../../electron/core/constitution/traits/trait-sql.ts';

/**
 * Computes every surface trait of texts with the SQL of the product: reads JSON lines with `id`, `text` and `prompt`,
 * writes a CSV file with `response_id` and a column for each trait.
 */
async function label(source: string, target: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const texts = `(SELECT id AS response_id, text, prompt AS prompt_text
    FROM read_json(${quoteLiteral(source)}, format = 'newline_delimited', columns = {id: 'INTEGER', text: 'VARCHAR', prompt: 'VARCHAR'}))`;
  await connection.run('SET threads = 2');
  await connection.run(
    `COPY (${buildTraitSelect({ source: texts })} ORDER BY response_id) TO ${quoteLiteral(target)} (FORMAT csv, HEADER)`,
  );
  connection.closeSync();
}

const [source, target] = process.argv.slice(2);
if (source === undefined || target === undefined)
  throw new Error('give the JSON lines to read and the CSV file to write');
await label(source, target);
