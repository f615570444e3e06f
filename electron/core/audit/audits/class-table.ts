import type { Parameter, Session } from '../../../../native/duckdb/session.ts';
import type { AuditTable } from '../../../contract/audit.contract.ts';

/**
 * How often each class of the chosen side meets each of the rejected one, the most frequent first. `classOf` is SQL of the
 * class of a side, `chosen` or `rejected`, NULL where it has none; such pairs are left out.
 */
export async function crossClasses(
  session: Session,
  from: string,
  table: Pick<AuditTable, 'id' | 'title'> & {
    readonly classOf: (side: 'chosen' | 'rejected') => string;
    readonly parameters?: readonly Parameter[];
    readonly signal?: AbortSignal | undefined;
  },
): Promise<AuditTable> {
  const { id, title, classOf, parameters = [], signal } = table;
  const rows = await session.all<{ chosen: string; rejected: string; pairs: number }>(
    `SELECT * FROM (SELECT ${classOf('chosen')} AS chosen, ${classOf('rejected')} AS rejected, count(*) AS pairs FROM ${from} GROUP BY ALL)
     WHERE chosen IS NOT NULL AND rejected IS NOT NULL ORDER BY pairs DESC, chosen, rejected`,
    parameters,
    { signal },
  );
  return {
    id,
    title,
    columns: ['Chosen', 'Rejected', 'Pairs'],
    rows: rows.map(({ chosen, rejected, pairs }) => [chosen, rejected, pairs]),
  };
}

/** SQL: positive, negative or neutral by a score between −1 and 1; parameter 1 is where positive begins. NULL without a score. */
export const sentimentClass = (score: string): string =>
  `CASE WHEN ${score} >= $1::DOUBLE THEN 'positive' WHEN ${score} <= -$1::DOUBLE THEN 'negative' WHEN ${score} IS NOT NULL THEN 'neutral' END`;
