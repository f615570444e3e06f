import { describe, expect, it } from 'vitest';
import { decideJury, listJuries } from '../../../electron/core/judging/jury.ts';

describe('juries (judging spec 2.2)', () => {
  it('take the mode, and with no unique mode follow the policy: tie + a gives a only under non_tie_wins', () => {
    expect(decideJury(['a', 'b', 'a'], 'tie')).toBe('a');
    expect(decideJury(['tie', 'a'], 'tie')).toBe('tie');
    expect(decideJury(['tie', 'a'], 'non_tie_wins')).toBe('a');
    expect(decideJury(['a', 'b'], 'non_tie_wins')).toBe('tie');
    expect(decideJury(['a', 'b', 'tie'], 'non_tie_wins')).toBe('tie');
    expect(decideJury([], 'tie')).toBeUndefined();
  });

  it('are 57 for six judges', () => {
    expect(listJuries(6)).toHaveLength(57);
    expect(listJuries(3)).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
      [0, 1, 2],
    ]);
  });
});
