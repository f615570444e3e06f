import type { Client } from '../../../electron/contract/contract.ts';
import type { Cell } from '../../../electron/contract/corpus.contract.ts';

const pageRows = 1024;

/** The first `limit` rows of a kept result. Throws VIEW_MISSING where the core no longer holds it. */
export async function readResultRows(
  client: Client,
  result: { readonly resultId: string; readonly count: number },
  options: { readonly limit: number; readonly signal: AbortSignal },
): Promise<Cell[][]> {
  const wanted = Math.min(result.count, options.limit);
  const rows: Cell[][] = [];
  while (rows.length < wanted) {
    const page = await client.sql.page(
      {
        resultId: result.resultId,
        offset: rows.length,
        limit: Math.min(pageRows, wanted - rows.length),
      },
      { signal: options.signal },
    );
    if (page.rows.length === 0) return rows;
    rows.push(...page.rows);
  }
  return rows;
}
