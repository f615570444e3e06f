import { quoteIdentifier, quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { SourceColumn } from '../../../contract/import.contract.ts';
import type { SourceShape, Sql } from './reader.ts';

/** Limits of a plain pair, so that the importer spends no pass on counting. */
export const plainPair = { maxResponses: 2, maxVotes: 1 } as const;

export type ColumnKind = 'text' | 'json' | 'list' | 'struct' | 'map' | 'number' | 'boolean' | 'other';

const numberType = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DOUBLE|FLOAT|DECIMAL\(.*\))$/;

/** What kind of value a column of this DuckDB type holds. */
export function kindOf(type: string): ColumnKind {
  if (type === 'VARCHAR') return 'text';
  if (type === 'JSON') return 'json';
  if (/\[\d*\]$/.test(type)) return 'list';
  if (type.startsWith('STRUCT(')) return 'struct';
  if (type.startsWith('MAP(')) return 'map';
  if (type === 'BOOLEAN') return 'boolean';
  return numberType.test(type) ? 'number' : 'other';
}

/** The first of the names that the source has: exact spelling first, then without regard to case. */
export function findColumn(shape: SourceShape, ...names: readonly string[]): SourceColumn | undefined {
  for (const name of names) {
    const exact = shape.columns.find((column) => column.name === name);
    if (exact) return exact;
    const folded = shape.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
    if (folded) return folded;
  }
  return undefined;
}

/** The source's own spelling of the first of the names that it has. */
export function columnNamed(shape: SourceShape, ...names: readonly string[]): string | undefined {
  return findColumn(shape, ...names)?.name;
}

/** True when the source has every one of the columns, without regard to case. */
export function hasColumns(shape: SourceShape, ...names: readonly string[]): boolean {
  return names.every((name) => findColumn(shape, name) !== undefined);
}

/** Those of the names that the source has, in its own spelling: for `usedColumns`. */
export function presentColumns(shape: SourceShape, ...names: readonly string[]): string[] {
  return names.flatMap((name) => columnNamed(shape, name) ?? []);
}

/** The column's sampled values that are not null; JSON inside text cells is parsed. */
export function sampleValues(shape: SourceShape, name: string): unknown[] {
  const column = findColumn(shape, name);
  if (!column) return [];
  return shape.rows.flatMap((row) => {
    const value = row[column.name];
    if (value === null || value === undefined) return [];
    if (typeof value === 'string' && /^\s*[[{]/.test(value)) {
      try {
        return [JSON.parse(value) as unknown];
      } catch {
        return [value];
      }
    }
    return [value];
  });
}

function isMessage(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ('role' in value || 'from' in value) && ('content' in value || 'value' in value);
}

/** True when the column holds chat messages: a list of {role, content} or {from, value}, or one such object. */
export function holdsMessages(shape: SourceShape, name: string): boolean {
  const column = findColumn(shape, name);
  if (!column) return false;
  const values = sampleValues(shape, name).filter((value) => !Array.isArray(value) || value.length > 0);
  if (values.length > 0) {
    return values.some((value) => (Array.isArray(value) ? value.every(isMessage) : isMessage(value)));
  }
  const names = column.type.match(/\b(role|content|from|value)\b/g) ?? [];
  return column.type.startsWith('STRUCT(') && names.length >= 2;
}

/** True when some sampled value of the column passes the test. */
export function someValue(shape: SourceShape, name: string, test: (value: unknown) => boolean): boolean {
  return sampleValues(shape, name).some(test);
}

/** True when the column has sampled values and each passes the test. */
export function everyValue(shape: SourceShape, name: string, test: (value: unknown) => boolean): boolean {
  const values = sampleValues(shape, name);
  return values.length > 0 && values.every(test);
}

/** A member of a JSON expression as JSON; NULL when absent. */
export function jsonField(json: Sql, key: string): Sql {
  return `json_extract(${json}, ${quoteLiteral(`$."${key}"`)})`;
}

/** A member of a JSON expression as text; JSON null and absent are NULL. */
export function textField(json: Sql, key: string): Sql {
  return `json_extract_string(${json}, ${quoteLiteral(`$."${key}"`)})`;
}

/** A member of a JSON expression as a finite DOUBLE; "N/A" and the like are NULL. */
export function numberField(json: Sql, key: string): Sql {
  return numberFromText(textField(json, key));
}

/** Text as a finite DOUBLE; what is no number is NULL. */
export function numberFromText(text: Sql): Sql {
  return `list_filter([TRY_CAST(${text} AS DOUBLE)], lambda n: isfinite(n))[1]`;
}

/** Text as BOOLEAN: true/false, yes/no, t/f, y/n, 1/0 in any case; anything else is NULL. */
export function booleanFromText(text: Sql): Sql {
  return `CASE WHEN list_contains(['true', 'yes', 't', 'y', '1', '1.0'], lower(trim(${text}))) THEN true
    WHEN list_contains(['false', 'no', 'f', 'n', '0', '0.0'], lower(trim(${text}))) THEN false END`;
}

/** A column as VARCHAR, NULL when the source lacks it. JSON strings lose their quotes; other JSON stays JSON text. */
export function textOf(shape: SourceShape, name: string): Sql {
  const column = findColumn(shape, name);
  if (!column) return 'NULL::VARCHAR';
  const identifier = quoteIdentifier(column.name);
  switch (kindOf(column.type)) {
    case 'text':
      return identifier;
    case 'json':
      return `json_extract_string(${identifier}, '$')`;
    case 'list':
    case 'struct':
    case 'map':
      return `to_json(${identifier})::VARCHAR`;
    default:
      return `${identifier}::VARCHAR`;
  }
}

/** A column as a finite DOUBLE; text that is no number, such as "N/A" or "nan", is NULL. */
export function numberOf(shape: SourceShape, name: string): Sql {
  const column = findColumn(shape, name);
  if (!column) return 'NULL::DOUBLE';
  const identifier = quoteIdentifier(column.name);
  switch (kindOf(column.type)) {
    case 'number':
      return column.type === 'DOUBLE' || column.type === 'FLOAT'
        ? `CASE WHEN isfinite(${identifier}) THEN ${identifier}::DOUBLE END`
        : `${identifier}::DOUBLE`;
    case 'boolean':
      return `${identifier}::INTEGER::DOUBLE`;
    default:
      return numberFromText(textOf(shape, name));
  }
}

/** A column as BOOLEAN; numbers are true unless 0; text by `booleanFromText`. */
export function booleanOf(shape: SourceShape, name: string): Sql {
  const column = findColumn(shape, name);
  if (!column) return 'NULL::BOOLEAN';
  const identifier = quoteIdentifier(column.name);
  switch (kindOf(column.type)) {
    case 'boolean':
      return identifier;
    case 'number':
      return `${identifier} <> 0`;
    default:
      return booleanFromText(textOf(shape, name));
  }
}

/** A column as JSON; text that does not parse is NULL. */
export function jsonOf(shape: SourceShape, name: string): Sql {
  const column = findColumn(shape, name);
  if (!column) return 'NULL::JSON';
  const identifier = quoteIdentifier(column.name);
  switch (kindOf(column.type)) {
    case 'text':
      return `TRY_CAST(${identifier} AS JSON)`;
    case 'json':
      return identifier;
    default:
      return `to_json(${identifier})`;
  }
}

/** A JSON array as JSON[]; anything else is NULL. */
export function itemsOf(json: Sql): Sql {
  return `CASE WHEN json_type(${json}) = 'ARRAY' THEN TRY_CAST(${json} AS JSON[]) END`;
}

/** A list column, or a JSON array in a JSON or text column, as JSON[]; NULL when it is no list. */
export function listOf(shape: SourceShape, name: string): Sql {
  const column = findColumn(shape, name);
  if (column && kindOf(column.type) === 'list') {
    return `list_transform(${quoteIdentifier(column.name)}, lambda item: to_json(item))`;
  }
  return itemsOf(jsonOf(shape, name));
}

/** A list column, or a JSON array in a JSON or text column, as VARCHAR[]; nulls inside stay NULL. */
export function textListOf(shape: SourceShape, name: string): Sql {
  const column = findColumn(shape, name);
  if (column?.type === 'VARCHAR[]') return quoteIdentifier(column.name);
  return `list_transform(${listOf(shape, name)}, lambda item: json_extract_string(item, '$'))`;
}

/** A list column, or a JSON array in a JSON or text column, as DOUBLE[]; what is no number becomes NULL. */
export function numberListOf(shape: SourceShape, name: string): Sql {
  return `list_transform(${listOf(shape, name)}, lambda item: TRY_CAST(json_extract_string(item, '$') AS DOUBLE))`;
}
