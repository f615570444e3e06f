import type { Text } from '../../app/text.ts';
import { useText } from '../../app/text.ts';
import { labelText } from '../../app/label-text.ts';
import type { FieldValue } from './clauses.ts';

/** Text of a field's value, e.g. "A is better" for `a` of the label; a missing one gets words of its own. */
export type SayValue = (field: string, value: FieldValue) => string;

/**
 * Words of one value. Where the source does not tell which response was shown where (`hasSides` false), a label
 * says under which letter the chosen response is stored.
 */
export function valueText(
  input: { field: string; value: FieldValue; hasSides: boolean },
  text: Text,
): string {
  const { field, value, hasSides } = input;
  if (field !== 'label') return value === null ? text.t('facets.missing') : String(value);
  if (value === null) return text.t('labels.none');
  return labelText(value, text, hasSides) ?? String(value);
}

/** Says the values of one dataset. */
export function useValueText(hasSides: () => boolean): SayValue {
  const text = useText();
  return (field, value) => valueText({ field, value, hasSides: hasSides() }, text);
}
