import type { Database } from '../../../../native/duckdb/database.ts';
import type { PlainValue } from '../../../../native/duckdb/values.ts';
import type { Cell, GridRow, Relation } from '../../../contract/corpus.contract.ts';
import type { Sql } from '../reading/reader.ts';
import { baseTable, byIds, type FieldDefinition, listJoins } from './field-table.ts';

const previewLength = 240;

/** From so many ids on, a lookup runs as two side by side: one reads its scattered rows strictly in turn. */
const fewestToHalve = 64;

/** Two columns, not a struct: of a struct the driver makes two objects a cell. */
const previewColumns = (text: Sql): readonly Sql[] => [`left(${text}, ${previewLength})`, `length(${text})`];

const columnsOf = (field: FieldDefinition): readonly Sql[] =>
  field.isLong ? previewColumns(field.sql) : [field.sql];

/** The cell whose columns begin at `place`: long texts as previews, lists as they are. */
function cellAt(row: readonly PlainValue[], place: number, isLong: boolean): Cell {
  const value = row[place] ?? null;
  if (Array.isArray(value)) return value.map(String);
  if (!isLong || value === null) return value as Cell;
  return { preview: value as string, length: row[place + 1] as number };
}

/** Rows of one table by id: the key of each to its values. */
type Lookup = ReadonlyMap<number, readonly PlainValue[]>;

interface LookupRequest {
  readonly table: string;
  readonly alias: string;
  readonly key: string;
  readonly columns: readonly Sql[];
  readonly keys: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

async function lookUp(database: Database, request: LookupRequest): Promise<Lookup> {
  const { table, alias, key, columns, keys, signal } = request;
  const ascending = [...new Set(keys)].sort((left, right) => left - right);
  const middle = ascending.length < fewestToHalve ? ascending.length : ascending.length >> 1;
  const parts = [ascending.slice(0, middle), ascending.slice(middle)].filter((part) => part.length > 0);
  const select = `SELECT ${[`${alias}.${key}`, ...columns].join(', ')} FROM ${table} ${alias}`;
  const read = await Promise.all(
    parts.map((part) =>
      database.withReader((session) =>
        session.table(`${select} WHERE ${byIds(`${alias}.${key}`, part)}`, [], { signal }),
      ),
    ),
  );
  return new Map(read.flatMap(({ rows }) => rows.map(([first, ...rest]) => [first as number, rest])));
}

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
  const columns: Sql[] = joins.map((join) => `x.${join.foreignKey}`);
  const places = new Map<FieldDefinition, number>();
  for (const field of fields.filter(({ textOf }) => textOf === undefined)) {
    places.set(field, columns.length);
    columns.push(...columnsOf(field));
  }
  const rows = await lookUp(database, { table, alias: 'x', key: id, columns, keys: ids, signal });

  const tables = [...new Map(joins.map((join) => [join.table, join.key]))];
  const texts = new Map(
    await Promise.all(
      tables.map(async ([name, key]): Promise<[string, Lookup]> => {
        const sides = joins.flatMap((join, place) => (join.table === name ? [place] : []));
        const keys = [...rows.values()].flatMap((row) => sides.map((place) => row[place] as number));
        const text = { table: name, alias: 't', key, columns: previewColumns('t.text'), keys, signal };
        return [name, await lookUp(database, text)];
      }),
    ),
  );

  const cellOf = (row: readonly PlainValue[], field: FieldDefinition): Cell => {
    const own = places.get(field);
    if (own !== undefined) return cellAt(row, own, field.isLong);
    const place = joins.findIndex((join) => join.name === field.textOf);
    const text = texts.get(joins[place]?.table ?? '')?.get(row[place] as number);
    return text ? cellAt(text, 0, true) : null;
  };
  return ids.flatMap((rowId) => {
    const row = rows.get(rowId);
    return row ? [{ id: rowId, cells: fields.map((field) => cellOf(row, field)) }] : [];
  });
}
