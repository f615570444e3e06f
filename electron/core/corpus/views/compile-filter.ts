import type { Parameter } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import type { Clause } from '../../../contract/filter.contract.ts';
import type { Sql } from '../reading/reader.ts';
import { baseTable, type FieldDefinition, listFields } from './field-table.ts';
import { findCurationField } from './curation-fields.ts';
import { findRaterField } from './rater-fields.ts';
import { findRationaleField } from './rationale-fields.ts';

export interface Condition {
  readonly sql: Sql;
  readonly parameters: readonly Parameter[];
  /** The field it reads, absent for row ids. */
  readonly field?: FieldDefinition;
}

/** Throws FIELD_UNKNOWN naming the fields there are. */
export function getField(relation: Relation, id: string): FieldDefinition {
  const field =
    listFields(relation).find((candidate) => candidate.id === id) ??
    findRaterField(relation, id) ??
    findRationaleField(relation, id) ??
    findCurationField(relation, id);
  if (field) return field;
  const known = listFields(relation)
    .map((candidate) => candidate.id)
    .join(', ');
  throw new AppError('FIELD_UNKNOWN', `Not filtered: ${relation} have no field ${id}. Fields: ${known}.`, {
    field: id,
  });
}

function compileSet(
  field: FieldDefinition,
  values: readonly (string | number | boolean | null)[],
  isIn: boolean,
): Condition {
  const present = values.filter((value) => value !== null);
  const marks = present.map(() => '?').join(', ');
  const inSql =
    field.kind === 'tags'
      ? `list_has_any(coalesce(${field.sql}, []), [${marks}])`
      : `${field.sql} IN (${marks})`;
  const parts = present.length > 0 ? [inSql] : [];
  const emptySql = field.kind === 'tags' ? `len(coalesce(${field.sql}, [])) = 0` : `${field.sql} IS NULL`;
  if (values.includes(null)) parts.push(emptySql);
  const sql = `(${parts.join(' OR ')})`;
  return { sql: isIn ? sql : `NOT coalesce(${sql}, false)`, parameters: present, field };
}

/** RE2 has its own syntax; a pattern it refuses must be told, not thrown as a bug. */
export function explainPatternError(pattern: string, error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  if (!/regular expression|regexp|invalid perl|missing|repetition|escape sequence/i.test(message))
    throw error;
  throw new AppError(
    'FILTER_INVALID',
    `Not filtered: “${pattern}” is not a valid regular expression. ${message.split('\n')[0] ?? ''}`,
    { pattern },
  );
}

/** One clause as SQL over the relation's aliases; every value from outside is a bound parameter. */
export function compileClause(relation: Relation, clause: Clause): Condition {
  if (clause.op === 'ids') {
    const marks = clause.ids.map(() => '?').join(', ');
    return {
      sql: clause.ids.length === 0 ? 'false' : `x.${baseTable[relation].id} IN (${marks})`,
      parameters: clause.ids,
    };
  }
  const field = getField(relation, clause.field);
  switch (clause.op) {
    case 'in':
      return compileSet(field, clause.values, true);
    case 'not_in':
      return compileSet(field, clause.values, false);
    case 'is_null':
      return { sql: `${field.sql} IS NULL`, parameters: [], field };
    case 'not_null':
      return { sql: `${field.sql} IS NOT NULL`, parameters: [], field };
    case 'range': {
      const low = clause.min === null ? [] : [`${field.sql} >= ?::DOUBLE`];
      const high = clause.max === null ? [] : [`${field.sql} ${clause.closed ? '<=' : '<'} ?::DOUBLE`];
      const parameters = [clause.min, clause.max].filter((value) => value !== null);
      return { sql: `(${[...low, ...high].join(' AND ') || 'true'})`, parameters, field };
    }
    case 'contains':
      return clause.ignoreCase
        ? { sql: `contains(lower(${field.sql}), lower(?))`, parameters: [clause.text], field }
        : { sql: `contains(${field.sql}, ?)`, parameters: [clause.text], field };
    case 'matches':
      return {
        sql: `regexp_matches(${field.sql}, ?, '${clause.ignoreCase ? 'i' : 'c'}')`,
        parameters: [clause.pattern],
        field,
      };
  }
}

/** All clauses joined by AND, with the fields they read; `true` where there are none. */
export function compileClauses(
  relation: Relation,
  clauses: readonly Clause[],
): { sql: Sql; parameters: Parameter[]; fields: FieldDefinition[] } {
  const conditions = clauses.map((clause) => compileClause(relation, clause));
  return {
    sql: conditions.map((condition) => condition.sql).join(' AND ') || 'true',
    parameters: conditions.flatMap((condition) => condition.parameters),
    fields: conditions.flatMap((condition) => condition.field ?? []),
  };
}
