import { z } from 'zod';
import { quoteIdentifier } from '../../../../../native/duckdb/quoting.ts';
import { AppError } from '../../../../contract/app-error.ts';
import type { Binder } from '../../selection/selection-table.ts';

/** Rules over numbers and texts of a row's `extra` fields; what they cannot judge (a missing field) does not fail. */
const ruleSchema = z.discriminatedUnion('rule', [
  z.object({
    rule: z.literal('range'),
    column: z.string(),
    min: z.number().nullable().default(null),
    max: z.number().nullable().default(null),
  }),
  z.object({ rule: z.literal('enum'), column: z.string(), values: z.array(z.string()).min(1) }),
  z.object({
    rule: z.literal('product'),
    equals: z.string(),
    factors: z.array(z.string()).min(1),
    tolerance: z.number().min(0).default(0.05),
  }),
  z.object({ rule: z.literal('order'), smaller: z.string(), larger: z.string() }),
  z.object({ rule: z.literal('monotone'), column: z.string(), by: z.string() }),
]);
export type DataRule = z.infer<typeof ruleSchema>;

/** `relevance`: about one field; `coherence`: about how fields of a row, or rows of a series, fit together. */
export const lensOf = (rule: DataRule): 'relevance' | 'coherence' =>
  rule.rule === 'range' || rule.rule === 'enum' ? 'relevance' : 'coherence';

/** Rules from their JSON text; none for an empty text. Throws INPUT_INVALID saying what is wrong. */
export function parseRules(text: string): DataRule[] {
  if (text.trim() === '') return [];
  try {
    return z.array(ruleSchema).parse(JSON.parse(text));
  } catch (error) {
    const why =
      error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : '';
    throw new AppError(
      'INPUT_INVALID',
      `Nothing was audited: the rules are not valid. Give a JSON list such as [{"rule":"range","column":"speed","min":0,"max":200}]. ${why}`,
    );
  }
}

export function nameRule(rule: DataRule): string {
  switch (rule.rule) {
    case 'range':
      return `${rule.min ?? '−∞'} ≤ ${rule.column} ≤ ${rule.max ?? '∞'}`;
    case 'enum':
      return `${rule.column} is one of ${rule.values.join(', ')}`;
    case 'product':
      return `${rule.equals} = ${rule.factors.join(' × ')} within ${rule.tolerance * 100} %`;
    case 'order':
      return `${rule.smaller} ≤ ${rule.larger}`;
    case 'monotone':
      return `${rule.column} never falls within ${rule.by}`;
  }
}

/** SQL over a relation with `row_id` and `extra`: true, false, or NULL where the row lacks a field. */
export function compileRule(rule: DataRule, binder: Binder): string {
  const text = (column: string) =>
    `json_extract_string(extra, ${binder.bind(`$.${quoteIdentifier(column.replaceAll('"', ''))}`, 'VARCHAR')})`;
  const number = (column: string) => `TRY_CAST(${text(column)} AS DOUBLE)`;
  switch (rule.rule) {
    case 'range': {
      const value = number(rule.column);
      const least = rule.min === null ? 'true' : `${value} >= ${binder.bind(rule.min, 'DOUBLE')}`;
      const most = rule.max === null ? 'true' : `${value} <= ${binder.bind(rule.max, 'DOUBLE')}`;
      return `CASE WHEN ${text(rule.column)} IS NOT NULL THEN coalesce(${least} AND ${most}, false) END`;
    }
    case 'enum':
      return `${text(rule.column)} IN (${rule.values.map((value) => binder.bind(value, 'VARCHAR')).join(', ')})`;
    case 'product': {
      const product = rule.factors.map(number).join(' * ');
      return `abs(${number(rule.equals)} - ${product}) <= ${binder.bind(rule.tolerance, 'DOUBLE')} * abs(${number(rule.equals)})`;
    }
    case 'order':
      return `${number(rule.smaller)} <= ${number(rule.larger)}`;
    case 'monotone':
      return `${number(rule.column)} >= coalesce(lag(${number(rule.column)}) OVER (PARTITION BY ${text(rule.by)} ORDER BY row_id), ${number(rule.column)})`;
  }
}
