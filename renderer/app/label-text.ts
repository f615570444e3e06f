import type { Text } from './text.ts';

const labels = ['a', 'b', 'tie', 'both_bad', 'skip'] as const;

/**
 * Words of a label, "A is better" for `a`; undefined for anything else. Where the source does not tell which response
 * was shown where (`hasSides` false), they say under which letter the chosen response is stored.
 */
export function labelText(value: unknown, text: Text, hasSides = true): string | undefined {
  const label = labels.find((known) => known === value);
  if (label === undefined) return undefined;
  return !hasSides && (label === 'a' || label === 'b')
    ? text.t(`labels.stored_${label}`)
    : text.t(`labels.${label}`);
}

/** Labels in words, equal ones together with their number: "A is better, B is better (2)". */
export function labelsText(
  labels: readonly { readonly aspect: string | null; readonly label: string | null }[],
  text: Text,
): string {
  const counts = new Map<string, number>();
  for (const { aspect, label } of labels) {
    const words = label === null ? text.t('labels.none') : (labelText(label, text) ?? label);
    const said = aspect === null ? words : text.t('labels.ofAspect', { aspect, label: words });
    counts.set(said, (counts.get(said) ?? 0) + 1);
  }
  return [...counts]
    .map(([said, n]) => (n === 1 ? said : text.t('labels.times', { label: said, n: text.number(n) })))
    .join(', ');
}
