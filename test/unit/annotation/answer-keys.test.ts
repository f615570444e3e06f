import { describe, expect, it } from 'vitest';
import {
  type Answers,
  type Question,
  questionSchema,
} from '../../../electron/contract/annotation.contract.ts';
import { listSlots, readKey } from '../../../renderer/features/annotate/answer-keys.ts';

const question = (more: Record<string, unknown>): Question =>
  questionSchema.parse({ id: 'q', title: 'q', ...more });
const five = question({ kind: 'pairwise', points: 5, hasTie: true, hasBothBad: false });
const two = question({ kind: 'pairwise', points: 2, hasTie: false, hasBothBad: true });

function press(keys: string, asked: Question, shownFirst: 'a' | 'b' = 'a', side: 'a' | 'b' | null = null) {
  let answers: Answers = {};
  for (const key of keys) {
    const result = readKey(key, { question: asked, side }, { answers, shownFirst });
    if (result) answers = { q: result.answer };
  }
  return answers['q'];
}

describe('keys of a preference', () => {
  it('A and B go one grade, stronger when pressed again, and turn round at once', () => {
    expect(press('a', five)).toMatchObject({ label: 'a', strength: 0.5 });
    expect(press('aa', five)).toMatchObject({ label: 'a', strength: 1 });
    expect(press('aaa', five)).toMatchObject({ label: 'a', strength: 1 });
    expect(press('aab', five)).toMatchObject({ label: 'b', strength: 0.5 });
  });

  it('mean the response on the left and right, not the sides of the dataset', () => {
    expect(press('a', five, 'b')).toMatchObject({ label: 'b', strength: 0.5 });
    expect(press('1', two, 'b')).toMatchObject({ label: 'b', strength: null });
    expect(press('5', five, 'b')).toMatchObject({ label: 'a', strength: 1 });
  });

  it('T, 0 and X answer only where tie and both bad are offered', () => {
    expect(press('t', five)).toMatchObject({ label: 'tie' });
    expect(press('0', five)).toMatchObject({ label: 'tie' });
    expect(press('x', five)).toBeUndefined();
    expect(press('t', two)).toBeUndefined();
    expect(press('X', two)).toMatchObject({ label: 'both_bad' });
  });

  it('digits off the scale mean nothing', () => {
    expect(press('3', two)).toBeUndefined();
    expect(press('6', five)).toBeUndefined();
  });
});

describe('keys of other questions', () => {
  it('rate the side of the slot and keep the other; 7 of 5 means nothing', () => {
    const rating = question({ kind: 'rating', aspect: 'x', min: 1, max: 5 });
    expect(press('47', rating, 'a', 'b')).toEqual({ kind: 'rating', a: null, b: 4 });
    const slots = listSlots([rating], {}, 'b');
    expect(slots.map((slot) => slot.side)).toEqual(['b', 'a']);
  });

  it('put options in and take them out again', () => {
    const labels = question({ kind: 'multi_label', options: ['x', 'y'] });
    expect(press('12', labels)).toEqual({ kind: 'multi_label', labels: ['x', 'y'] });
    expect(press('121', labels)).toEqual({ kind: 'multi_label', labels: ['y'] });
    expect(press('3', labels)).toBeUndefined();
  });
});
