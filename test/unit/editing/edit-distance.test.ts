import { describe, expect, it } from 'vitest';
import { checkRevision, listTokens, tokenDistance } from '../../../electron/core/editing/edit-distance.ts';
import { cutToDifference } from '../../../electron/core/editing/preview.ts';
import { titleOf } from '../../../electron/core/editing/title.ts';
import { seeded } from '../../support/seeded.ts';

/** The textbook recurrence, without a band. */
function plainDistance(first: readonly string[], second: readonly string[]): number {
  let row = second.map((_, place) => place + 1);
  row.unshift(0);
  for (const [at, token] of first.entries()) {
    const next = [at + 1];
    for (const [place, other] of second.entries())
      next.push(
        Math.min(
          (row[place] ?? 0) + (token === other ? 0 : 1),
          (row[place + 1] ?? 0) + 1,
          (next[place] ?? 0) + 1,
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}

describe('token distance', () => {
  it('agrees with the textbook recurrence on random token lists, long and short, alike and not', () => {
    const random = seeded(11);
    for (let round = 0; round < 300; round++) {
      const draw = (length: number) => Array.from({ length }, () => 'abcd'[Math.floor(random() * 4)] ?? 'a');
      const first = draw(Math.floor(random() * 40));
      const second =
        random() < 0.5 ? draw(Math.floor(random() * 40)) : first.filter(() => random() < 0.9).concat(draw(2));
      expect(tokenDistance(first, second), `${first.join('')} ${second.join('')}`).toBe(
        plainDistance(first, second),
      );
    }
  });

  it('knows the classic example: kitten, sitting = 3', () => {
    expect(tokenDistance([...'kitten'], [...'sitting'])).toBe(3);
  });

  it('takes long texts that differ in a few words without comparing every pair of words', () => {
    const first = Array.from({ length: 60_000 }, (_, place) => `w${place}`);
    const second = first.toSpliced(100, 1, 'x').toSpliced(50_000, 2);
    const startedAt = performance.now();
    expect(tokenDistance(first, second)).toBe(3);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('minimal revisions', () => {
  it('have an edit ratio of token distance over tokens: "a b c" to "a x c" is 1/3', () => {
    // the example of the specification of the method
    expect(checkRevision('a b c', 'a x c')).toMatchObject({
      editRatio: 1 / 3,
      distance: 1,
      tokens: 3,
      problems: [],
    });
  });

  it('are refused when empty, unchanged, or repeating', () => {
    expect(checkRevision('a b', ' \n').problems).toContain('empty');
    expect(checkRevision('a b', 'a b').problems).toContain('unchanged');
    expect(checkRevision('a b', 'It is so. Then no. It is so.').problems).toContain('repeats_last_sentence');
    expect(checkRevision('a b', `${'go '.repeat(31)}`).problems).toContain('repeats_last_word');
    expect(checkRevision('a b', `${'go '.repeat(30)}`).problems).not.toContain('repeats_last_word');
  });

  it('of an empty response count the words that were added', () => {
    expect(checkRevision('', 'two words')).toMatchObject({ editRatio: 1, tokens: 0 });
    expect(listTokens(' a\tb\n')).toEqual(['a', 'b']);
  });
});

describe('samples and titles', () => {
  it('cut long texts around the first difference, not at their beginning', () => {
    const start = 'x'.repeat(5_000);
    const { before, after } = cutToDifference(`${start}one`, `${start}two`);
    expect(before?.endsWith('one')).toBe(true);
    expect(after?.endsWith('two')).toBe(true);
    expect(before?.length).toBeLessThan(1_300);
    expect(cutToDifference(null, 'short')).toEqual({ before: null, after: 'short' });
  });

  it('name what was done and to how many rows', () => {
    expect(titleOf({ op: 'set', values: { label: null, topic: 'x' } }, 1_234)).toBe(
      'label = none, topic = x (1,234 rows)',
    );
    expect(titleOf({ op: 'hide' }, 1)).toBe('Hide (1 row)');
  });
});
