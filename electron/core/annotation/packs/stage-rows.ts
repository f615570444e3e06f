import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { quoteIdentifier, quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { Session } from '../../../../native/duckdb/session.ts';

/**
 * Makes the temporary table `table` of plain objects, by way of a file in `incoming`: one statement however many there
 * are. `columns` names each member and its type.
 */
export async function stageRows(
  session: Session,
  rows: readonly object[],
  {
    table,
    columns,
    incoming,
  }: {
    readonly table: string;
    readonly columns: Readonly<Record<string, string>>;
    readonly incoming: string;
  },
): Promise<void> {
  const folder = mkdtempSync(path.join(incoming, 'pack-'));
  try {
    const file = path.join(folder, 'rows.jsonl');
    writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const types = Object.entries(columns).map(
      ([name, type]) => `${quoteIdentifier(name)}: ${quoteLiteral(type)}`,
    );
    await session.run(
      `CREATE OR REPLACE TEMP TABLE ${quoteIdentifier(table)} AS SELECT * FROM read_json(${quoteLiteral(file)},
         format = 'newline_delimited', columns = {${types.join(', ')}}, maximum_object_size = 268435456)`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
