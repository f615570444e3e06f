import { describe, expect, it } from 'vitest';
import {
  type Answers,
  type Question,
  questionSchema,
} from '../../../electron/contract/annotation.contract.ts';
import {
  keepShownAnswers,
  listAnswerFaults,
  listShownQuestions,
  placeOf,
  preferenceAt,
} from '../../../electron/contract/annotation-rules.ts';
import { checkQuestions } from '../../../electron/core/annotation/check-project.ts';
import { projectTemplates } from '../../../electron/core/annotation/templates.ts';

const pairwise = (more: Record<string, unknown> = {}): Question =>
  questionSchema.parse({
    id: 'overall',
    kind: 'pairwise',
    title: 'Better?',
    points: 2,
    hasTie: true,
    hasBothBad: true,
    ...more,
  });
const follow = (id: string, question: string, is: string[]): Question =>
  questionSchema.parse({ id, kind: 'rationale', title: id, when: { question, is } });
const overall = (label: string, strength: number | null = null): Answers =>
  ({ overall: { kind: 'pairwise', label, strength } }) as Answers;

describe('a place on the scale', () => {
  it('stands for the side that was shown there, by hand on 7 points; would catch sides that are not swapped back', () => {
    const seven = { points: 7, hasTie: true };
    expect(preferenceAt(1, seven, 'a')).toEqual({ label: 'a', strength: 1 });
    expect(preferenceAt(1, seven, 'b')).toEqual({ label: 'b', strength: 1 });
    expect(preferenceAt(3, seven, 'b')).toEqual({ label: 'b', strength: 1 / 3 });
    expect(preferenceAt(4, seven, 'b')).toEqual({ label: 'tie', strength: null });
    expect(preferenceAt(6, seven, 'b')).toEqual({ label: 'a', strength: 2 / 3 });
    expect(preferenceAt(8, seven, 'b')).toBeUndefined();
  });

  it('has no middle where ties are not offered, and no grades on two points', () => {
    expect(preferenceAt(3, { points: 5, hasTie: false }, 'a')).toBeUndefined();
    expect(preferenceAt(2, { points: 2, hasTie: true }, 'a')).toEqual({ label: 'b', strength: null });
  });

  it('comes back from its preference on every scale and side', () => {
    for (const points of [2, 5, 7])
      for (const side of ['a', 'b'] as const)
        for (let place = 1; place <= points; place++) {
          const preference = preferenceAt(place, { points, hasTie: true }, side);
          expect(preference && placeOf(preference, points, side)).toBe(place);
        }
  });
});

describe('questions on a condition', () => {
  const questions = [
    pairwise(),
    follow('faults', 'overall', ['both_bad']),
    follow('more', 'faults', ['any']),
  ];
  const text = (value: string) => ({ kind: 'rationale' as const, text: value });

  it('are asked only where the earlier answer is among those named, and not when that one is hidden itself', () => {
    const shown = (answers: Answers) => listShownQuestions(questions, answers).map((one) => one.id);
    expect(shown({})).toEqual(['overall']);
    expect(shown(overall('both_bad'))).toEqual(['overall', 'faults']);
    expect(shown({ ...overall('both_bad'), faults: text('x') })).toEqual(['overall', 'faults', 'more']);
    expect(shown({ ...overall('a'), faults: text('x') })).toEqual(['overall']);
  });

  it('leave no answer behind when they go; would catch a reason stored for an answer that was taken back', () => {
    expect(keepShownAnswers(questions, { ...overall('a'), faults: text('x') })).toEqual(overall('a'));
  });
});

describe('faults of an answer', () => {
  it('are open required questions, ties and grades that are not offered, and values off the scale', () => {
    const rating = questionSchema.parse({ id: 'r', kind: 'rating', aspect: 'r', title: 'r', min: 1, max: 5 });
    const faulty = (question: Question, answers: Answers) =>
      listAnswerFaults([question], answers).map((one) => one.question);
    expect(faulty(pairwise(), {})).toEqual(['overall']);
    expect(faulty(pairwise({ isRequired: false }), {})).toEqual([]);
    expect(faulty(pairwise({ hasTie: false }), overall('tie'))).toEqual(['overall']);
    expect(faulty(pairwise({ hasBothBad: false }), overall('both_bad'))).toEqual(['overall']);
    expect(faulty(pairwise({ points: 5 }), overall('a', 0.3))).toEqual(['overall']);
    expect(faulty(pairwise({ points: 5 }), overall('a', 0.5))).toEqual([]);
    expect(faulty(pairwise(), overall('a', 0.5))).toEqual(['overall']);
    expect(faulty(rating, { r: { kind: 'rating', a: 1, b: null } })).toEqual(['r']);
    expect(faulty(rating, { r: { kind: 'rating', a: 1, b: 6 } })).toEqual(['r']);
    expect(faulty(rating, { r: { kind: 'rating', a: 1, b: 5 } })).toEqual([]);
  });
});

describe('the questions of a project', () => {
  it('are refused with equal ids, a condition on a later one, or two that write the same vote', () => {
    const refused = (questions: Question[]) => () => checkQuestions(questions);
    const code = /^The project was not created: /;
    expect(refused([pairwise(), pairwise({ aspect: 'x' })])).toThrow(code);
    expect(refused([follow('f', 'overall', ['a']), pairwise()])).toThrow(code);
    expect(refused([pairwise(), pairwise({ id: 'again' })])).toThrow(code);
    expect(refused([pairwise(), pairwise({ id: 'again', aspect: 'care' })])).not.toThrow();
  });

  it.each(projectTemplates)('of the template $id can be asked', ({ questions }) => {
    expect(() => checkQuestions(questions)).not.toThrow();
  });
});
