import { diffWordsWithSpace } from 'diff';

/** Longest text, in characters, whose words are compared. */
export const maxDiffCharacters = 40_000;

const diffTimeout = 800;

export interface DiffPart {
  readonly text: string;
  readonly isChanged: boolean;
}

export interface WordDiff {
  readonly first: readonly DiffPart[];
  readonly second: readonly DiffPart[];
}

/**
 * What each of two texts has that the other has not, word by word; undefined where a text is longer than
 * `maxDiffCharacters` or the comparison takes over 0.8 s.
 */
export function findWordDiff(first: string, second: string): WordDiff | undefined {
  if (Math.max(first.length, second.length) > maxDiffCharacters) return undefined;
  const changes = diffWordsWithSpace(second, first, { timeout: diffTimeout });
  if (!changes) return undefined;
  return {
    first: changes.filter((c) => !c.removed).map((c) => ({ text: c.value, isChanged: c.added })),
    second: changes.filter((c) => !c.added).map((c) => ({ text: c.value, isChanged: c.removed })),
  };
}
