import type { Clause } from '../../../electron/contract/filter.contract.ts';
import type { BinRange } from '../../charts/bins.ts';

export type FieldValue = string | number | boolean | null;

/** Values picked on a field. */
export function selectedValues(clauses: readonly Clause[], field: string): readonly FieldValue[] {
  const found = clauses.find((c) => c.op === 'in' && c.field === field);
  return found?.op === 'in' ? found.values : [];
}

/** Picks or unpicks one value of a field; values of one field are alternatives. */
export function toggleValue(clauses: readonly Clause[], field: string, value: FieldValue): Clause[] {
  const before = selectedValues(clauses, field);
  const values = before.includes(value) ? before.filter((v) => v !== value) : [...before, value];
  const isThis = (c: Clause) => c.op === 'in' && c.field === field;
  const next: Clause = { op: 'in', field, values: [...values] };
  if (!clauses.some(isThis)) return [...clauses, next];
  return clauses.flatMap((c) => (!isThis(c) ? [c] : values.length > 0 ? [next] : []));
}

/** The brushed range of a field, null where there is none. */
export function selectedRange(clauses: readonly Clause[], field: string): BinRange | null {
  const found = clauses.find((c) => c.op === 'range' && c.field === field);
  if (found?.op !== 'range') return null;
  return { min: found.min ?? -Infinity, max: found.max ?? Infinity, isClosed: found.closed };
}

/** Replaces the range of a field; null removes it, infinite bounds are left open. */
export function setRange(clauses: readonly Clause[], field: string, range: BinRange | null): Clause[] {
  const rest = clauses.filter((c) => !(c.op === 'range' && c.field === field));
  if (!range || (range.min === -Infinity && range.max === Infinity)) return rest;
  const min = Number.isFinite(range.min) ? range.min : null;
  const max = Number.isFinite(range.max) ? range.max : null;
  return [...rest, { op: 'range', field, min, max, closed: range.isClosed }];
}

export function removeClause(clauses: readonly Clause[], index: number): Clause[] {
  return clauses.filter((_, i) => i !== index);
}
