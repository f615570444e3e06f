import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { SourceShape, Sql } from './reader.ts';

/** How rows of one item become one row. */
export interface Grouping {
  /** Expressions that identify the item. */
  readonly by: readonly Sql[];
  /** Names the row inside its item: the rater, the message. */
  readonly memberId: Sql;
  /** Columns that differ inside an item and that no part holds: kept as one JSON object of member id to value. */
  readonly keyed: readonly string[];
  /** Further aggregates, by output name. */
  readonly aggregates: Readonly<Record<string, Sql>>;
}

/**
 * A grouped SELECT that keeps every source column under its name, so that `extra` still holds what no part does:
 * columns in `keyed` as one JSON object, others as their value in the item's first row. Adds `src_row` (the first)
 * and `assay_rows` (how many).
 */
export function groupSource(shape: SourceShape, relation: Sql, grouping: Grouping): Sql {
  const columns = shape.columns.map(({ name }) => {
    const column = quoteIdentifier(name);
    return grouping.keyed.includes(name)
      ? `('{' || string_agg(to_json((${grouping.memberId})::VARCHAR)::VARCHAR || ':' || to_json(${column})::VARCHAR, ','
          ORDER BY src_row) FILTER (${column} IS NOT NULL) || '}')::JSON AS ${column}`
      : `any_value(${column} ORDER BY src_row) AS ${column}`;
  });
  const aggregates = Object.entries(grouping.aggregates).map(
    ([name, expression]) => `${expression} AS ${quoteIdentifier(name)}`,
  );
  return `SELECT ${[...columns, ...aggregates].join(', ')}, min(src_row) AS src_row, count(*) AS assay_rows
    FROM ${relation} GROUP BY ${grouping.by.join(', ')}`;
}
