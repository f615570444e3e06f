import type { Facet } from '../../../electron/contract/corpus.contract.ts';
import type { BarValue } from '../../charts/bar-value.ts';
import type { Text } from '../../app/text.ts';
import type { FieldValue } from './clauses.ts';

export type CategoryFacet = Extract<Facet, { kind: 'categories' }>;
export type HistogramFacet = Extract<Facet, { kind: 'histogram' }>;

/** Text of a facet value; a missing one gets a word of its own. */
export function valueLabel(value: FieldValue, text: Text): string {
  return value === null ? text.t('facets.missing') : String(value);
}

/** Bars of the first `limit` values; keys are JSON so that `"1"`, `1` and null stay apart. */
export function barsOf(
  facet: CategoryFacet,
  selected: readonly FieldValue[],
  text: Text,
  limit: number,
): BarValue[] {
  return facet.values.slice(0, limit).map(({ value, count, total }) => {
    const label = valueLabel(value, text);
    return {
      key: JSON.stringify(value),
      label,
      count,
      total,
      isSelected: selected.includes(value),
      tooltip: text.t('facets.valueHint', { label, count: text.number(count), total: text.number(total) }),
      countText: text.number(count),
    };
  });
}

/** The value behind a bar's key. */
export function valueOfKey(key: string): FieldValue {
  return JSON.parse(key) as FieldValue;
}
