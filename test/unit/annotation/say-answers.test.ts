import { describe, expect, it } from 'vitest';
import { type Answers, questionSchema } from '../../../electron/contract/annotation.contract.ts';
import { sayAnswers } from '../../../electron/core/annotation/say-answers.ts';

const questions = [
  { id: 'overall', kind: 'pairwise', title: 'Which is better?', points: 7, hasTie: true, hasBothBad: true },
  { id: 'help', kind: 'rating', title: 'Help', aspect: 'help', min: 1, max: 5 },
  { id: 'faults', kind: 'multi_label', title: 'Faults', options: ['Wrong', 'Rude'] },
  { id: 'why', kind: 'rationale', title: 'Why?' },
  { id: 'sure', kind: 'confidence', title: 'How sure', points: 3 },
  { id: 'marks', kind: 'span', title: 'Marks', labels: ['Wrong'] },
].map((one) => questionSchema.parse(one));

describe('answers in words', () => {
  it('stand in the order of the questions with their titles; would catch a person who is shown JSON', () => {
    const answers: Answers = {
      why: { kind: 'rationale', text: 'Shorter' },
      overall: { kind: 'pairwise', label: 'b', strength: 1 },
      help: { kind: 'rating', a: 2, b: null },
      faults: { kind: 'multi_label', labels: ['Wrong', 'Rude'] },
      sure: { kind: 'confidence', value: 3 },
      marks: { kind: 'span', spans: [{ side: 'a', start: 2, end: 5, label: 'Wrong' }] },
    };
    expect(sayAnswers(questions, answers)).toBe(
      'Which is better? B is much better; Help: A 2, B –; Faults: Wrong, Rude; Why? “Shorter”; How sure: 3; Marks: Wrong (A 2–5)',
    );
  });

  it('name grades as the keys of the scale do, and what was asked in another project by its id', () => {
    const of = (label: 'a' | 'tie' | 'both_bad', strength: number | null) =>
      sayAnswers([], { other: { kind: 'pairwise', label, strength } });
    // 7 points: a third, two thirds and the whole of the strongest grade; 5 points: one half and the whole
    expect([1 / 3, 1 / 2, 2 / 3, 1, null].map((strength) => of('a', strength))).toEqual([
      'other: A is slightly better',
      'other: A is better',
      'other: A is better',
      'other: A is much better',
      'other: A is better',
    ]);
    expect([of('tie', null), of('both_bad', null)]).toEqual(['other: tie', 'other: both bad']);
  });
});
