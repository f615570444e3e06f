import type { Database } from '../../../../native/duckdb/database.ts';
import type { PlainValue } from '../../../../native/duckdb/values.ts';
import type { Cell, GridRow, Relation } from '../../../contract/corpus.contract.ts';
import type { Sql } from '../reading/reader.ts';
import { baseTable, byIds, type FieldDefinition, listJoins } from './field-table.ts';

const previewLength = 240;

/** A cell of a page: long texts as previews, lists as they are. */
function toCell(value: PlainValue): Cell {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (Array.isArray(value)) return value.map(String);
  const { preview, length } = value as { preview: string | null; length: number };
  return preview === null ? null : { preview, length };
}

function selectCell(field: FieldDefinition): Sql {
  return field.isLong
    ? `{'preview': left(${field.sql}, ${previewLength}), 'length': length(${field.sql})}`
    : field.sql;
}

/** Rows of one table by id: the key of each to its values, in the order asked for. */
type Lookup = ReadonlyMap<number, readonly PlainValue[]>;

export interface PageRequest {
  readonly relation: Relation;
  readonly fields: readonly FieldDefinition[];
  /** Row ids in the order of the page. */
  readonly ids: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * The cells of a few rows. Each table is asked by id, which its index answers in milliseconds, and the tables a row points
 * to are asked side by side; a join of them would read both texts of every row. Rows that are gone are left out.
 */
export async function readPageRows(
  database: Database,
  { relation, fields, ids, signal }: PageRequest,
): Promise<GridRow[]> {
  const { table, id } = baseTable[relation];
  const joins = listJoins(fields);
  const lookUp = async (
    from: Sql,
    key: Sql,
    columns: readonly Sql[],
    keys: readonly number[],
  ): Promise<Lookup> => {
    if (keys.length === 0) return new Map();
    const sql = `SELECT ${[key, ...columns].join(', ')} FROM ${from} WHERE ${byIds(key, keys)}`;
    const { rows } = await database.withReader((session) => session.table(sql, [], { signal }));
    return new Map(rows.map(([first, ...rest]) => [first as number, rest]));
  };
  const own = fields.filter((field) => field.joins.length === 0);
  const foreignKeys = joins.map((join) => `x.${join.foreignKey}`);
  const rows = await lookUp(`${table} x`, `x.${id}`, [...foreignKeys, ...own.map(selectCell)], ids);
  const joined = await Promise.all(
    joins.map(async (join, place) => {
      const keys = [...new Set([...rows.values()].map((row) => row[place] as number))];
      const theirs = fields.filter((field) => field.joins.some((name) => name === join.name));
      return lookUp(`${join.table} ${join.alias}`, `${join.alias}.${join.key}`, theirs.map(selectCell), keys);
    }),
  );
  const cellOf = (row: readonly PlainValue[], field: FieldDefinition): Cell => {
    const place = joins.findIndex((join) => field.joins.some((name) => name === join.name));
    if (place < 0) return toCell(row[joins.length + own.indexOf(field)] ?? null);
    const theirs = fields.filter((other) => other.joins.some((name) => name === joins[place]?.name));
    return toCell(joined[place]?.get(row[place] as number)?.[theirs.indexOf(field)] ?? null);
  };
  return ids.flatMap((rowId) => {
    const row = rows.get(rowId);
    return row ? [{ id: rowId, cells: fields.map((field) => cellOf(row, field)) }] : [];
  });
}
