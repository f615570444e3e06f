import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ForeignTable } from './foreign.ts';
import { quoteIdentifier, quoteLiteral } from './quoting.ts';

/** Entry of the throw-away process: `extract-process FILE FOLDER` prints the tables it wrote as JSON. */
async function extract(file: string, folder: string): Promise<ForeignTable[]> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: '1000MB',
    temp_directory: path.join(folder, 'tmp'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  await connection.run(`ATTACH ${quoteLiteral(file)} AS source (READ_ONLY)`);
  await connection.run(`SET allowed_directories = [${quoteLiteral(folder)}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  const reader = await connection.runAndReadAll(
    "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source' AND NOT internal ORDER BY 1, 2",
  );
  const tables: ForeignTable[] = [];
  for (const [schema, table] of reader.getRows() as [string, string][]) {
    const parquet = path.join(folder, `${tables.length}.parquet`);
    const name = `source.${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
    await connection.run(
      `COPY (SELECT * FROM ${name}) TO ${quoteLiteral(parquet)} (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 20000)`,
    );
    tables.push({ name: table, parquet });
  }
  return tables;
}

const [, , file, folder] = process.argv;
if (file === undefined || folder === undefined) throw new Error('usage: extract-process FILE FOLDER');
process.stdout.write(JSON.stringify(await extract(file, folder)));
