import type { PrincipleResult } from '../../../electron/contract/constitution.contract.ts';
import { excludes } from '../../charts/figure-text.ts';
import type { ColumnId, StrengthView } from './principle-columns.ts';

export interface PrincipleFilter {
  readonly words: string;
  /** Empty = all families. */
  readonly family: string;
  readonly isSelectedOnly: boolean;
  readonly hidesSmall: boolean;
}

export interface PrincipleSort {
  readonly column: ColumnId;
  readonly direction: 'asc' | 'desc';
}

/** What length does to a principle. */
export type LengthEffect = 'reverses' | 'fades' | null;

/**
 * `reverses` where the strength has the opposite sign once length is held neutral and one of the two is distinct from
 * zero; `fades` where it is distinct from zero as it is and not any more with length held neutral.
 */
export function lengthEffect(principle: PrincipleResult): LengthEffect {
  const { strength, strength_ci: ci, strength_length_controlled: held } = principle;
  const heldCi = principle.strength_length_controlled_ci;
  if (strength === null || held === null) return null;
  const isOpposite = strength * held < 0;
  if (isOpposite && (excludes(ci, 0) || excludes(heldCi, 0))) return 'reverses';
  return excludes(ci, 0) && heldCi !== null && !excludes(heldCi, 0) ? 'fades' : null;
}

export function filterPrinciples(
  principles: readonly PrincipleResult[],
  filter: PrincipleFilter,
): PrincipleResult[] {
  const words = filter.words.trim().toLowerCase();
  return principles.filter(
    (principle) =>
      (words === '' || principle.text.toLowerCase().includes(words)) &&
      (filter.family === '' || principle.family === filter.family) &&
      (!filter.isSelectedOnly || principle.is_selected) &&
      (!filter.hidesSmall || principle.status === 'ok'),
  );
}

/** Sorted by one column; what is undefined comes last in either direction. */
export function sortPrinciples(
  principles: readonly PrincipleResult[],
  sort: PrincipleSort,
  view: StrengthView,
): PrincipleResult[] {
  const sign = sort.direction === 'asc' ? 1 : -1;
  return [...principles].sort((left, right) => {
    const a = sortValue(left, sort.column, view);
    const b = sortValue(right, sort.column, view);
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === 'string' || typeof b === 'string') return sign * String(a).localeCompare(String(b));
    return sign * (a - b);
  });
}

function sortValue(principle: PrincipleResult, column: ColumnId, view: StrengthView): string | number | null {
  if (column !== 'forest') return principle[column];
  return view === 'raw' ? principle.strength : principle.strength_length_controlled;
}
