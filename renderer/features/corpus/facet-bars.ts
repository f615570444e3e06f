import type { Facet } from '../../../electron/contract/corpus.contract.ts';
import type { BarValue } from '../../charts/bar-value.ts';
import type { Text } from '../../app/text.ts';
import type { FieldValue } from './clauses.ts';
import type { SayValue } from './value-text.ts';

export type CategoryFacet = Extract<Facet, { kind: 'categories' }>;

/**
 * The one value a histogram's rows have, in words: "3 in all 999 rows"; null where they have several or none.
 * Equal-width bins of a single value would draw one block as wide as the chart.
 */
export function constantText(facet: Facet, text: Text): string | null {
  if (facet.kind !== 'histogram' || facet.min === null || facet.min !== facet.max) return null;
  const rows = facet.bins.reduce((sum, bin) => sum + bin.total, 0);
  const figures = { value: text.number(facet.min), n: text.number(rows) };
  return text.t(facet.nulls > 0 ? 'facets.constantSome' : 'facets.constant', figures, rows);
}

/** Bars of the first `limit` values; keys are JSON so that `"1"`, `1` and null stay apart. */
export function barsOf(
  facet: CategoryFacet,
  selected: readonly FieldValue[],
  words: { readonly text: Text; readonly say: SayValue },
  limit: number,
): BarValue[] {
  const { text, say } = words;
  return facet.values.slice(0, limit).map(({ value, count, total }) => {
    const label = say(facet.field, value);
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
