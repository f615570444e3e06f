import type { ResponseDetail, RowDetail } from '../../../electron/contract/corpus.contract.ts';

export type Role = 'chosen' | 'rejected' | 'none';

export interface Side {
  readonly role: Role;
  /** The letter the label uses for it. */
  readonly letter: 'A' | 'B';
  readonly response: ResponseDetail;
}

/** Images that every response of a row has: they belong to the prompt. None where there is one response. */
export function sharedMedia(row: Pick<RowDetail, 'responses'>): ResponseDetail['media'] {
  const [first, ...others] = row.responses;
  if (!first || others.length === 0) return [];
  return first.media.filter(({ path }) =>
    others.every((other) => other.media.some((one) => one.path === path)),
  );
}

/** The responses of a row with their part in the label; the chosen one first, otherwise A before B. */
export function sidesOf(row: Pick<RowDetail, 'responses' | 'label'>): Side[] {
  const shared = new Set(sharedMedia(row).map(({ path }) => path));
  const sides = row.responses.slice(0, 2).map((response, index): Side => {
    const letter = index === 0 ? 'A' : 'B';
    const media = response.media.filter(({ path }) => !shared.has(path));
    return { role: roleOf(letter, row.label), letter, response: { ...response, media } };
  });
  return row.label === 'b' ? sides.reverse() : sides;
}

function roleOf(letter: 'A' | 'B', label: RowDetail['label']): Role {
  if (label !== 'a' && label !== 'b') return 'none';
  return label.toUpperCase() === letter ? 'chosen' : 'rejected';
}
