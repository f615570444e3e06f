import { diffWordsWithSpace } from 'diff';

export interface WordChange {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

const longest = 40_000;

/** What must be taken out of one text and put in to make the other, in reading order; whole texts where they are too long. */
export function listWordChanges(before: string | null, after: string | null): WordChange[] {
  const [first, second] = [before ?? '', after ?? ''];
  const changes =
    Math.max(first.length, second.length) > longest
      ? undefined
      : diffWordsWithSpace(first, second, { timeout: 500 });
  if (!changes) {
    const all: WordChange[] = [
      { kind: 'removed', text: first },
      { kind: 'added', text: second },
    ];
    return all.filter(({ text }) => text !== '');
  }
  return changes.map(({ value, added, removed }) => ({
    kind: added ? 'added' : removed ? 'removed' : 'same',
    text: value,
  }));
}
