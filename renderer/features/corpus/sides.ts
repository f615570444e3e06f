import type { ResponseDetail, RowDetail } from '../../../electron/contract/corpus.contract.ts';

export type Role = 'chosen' | 'rejected' | 'none';

export interface Side {
  readonly role: Role;
  /** The letter the label uses for it. */
  readonly letter: 'A' | 'B';
  readonly response: ResponseDetail;
}

/** The responses of a row with their part in the label; the chosen one first, otherwise A before B. */
export function sidesOf(row: Pick<RowDetail, 'responses' | 'label'>): Side[] {
  const sides = row.responses.slice(0, 2).map((response, index): Side => {
    const letter = index === 0 ? 'A' : 'B';
    return { role: roleOf(letter, row.label), letter, response };
  });
  return row.label === 'b' ? sides.reverse() : sides;
}

function roleOf(letter: 'A' | 'B', label: RowDetail['label']): Role {
  if (label !== 'a' && label !== 'b') return 'none';
  return label.toUpperCase() === letter ? 'chosen' : 'rejected';
}
