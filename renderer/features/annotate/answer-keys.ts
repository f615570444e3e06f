import type { Answer, Answers, Question } from '../../../electron/contract/annotation.contract.ts';
import { listShownQuestions, placeOf, preferenceAt } from '../../../electron/contract/annotation-rules.ts';

/** One thing a key can answer: a question, or one side of a rating. `side` is the side of the dataset. */
export interface Slot {
  readonly question: Question;
  readonly side: 'a' | 'b' | null;
}

/** The slots of the questions that are asked, ratings once for each response in the order they are shown. */
export function listSlots(questions: readonly Question[], answers: Answers, shownFirst: 'a' | 'b'): Slot[] {
  const sides = shownFirst === 'a' ? (['a', 'b'] as const) : (['b', 'a'] as const);
  return listShownQuestions(questions, answers).flatMap((question): Slot[] =>
    question.kind === 'rating' ? sides.map((side) => ({ question, side })) : [{ question, side: null }],
  );
}

export function isSlotAnswered({ question, side }: Slot, answers: Answers): boolean {
  const answer = answers[question.id];
  if (!answer) return false;
  if (answer.kind === 'rating') return side !== null && answer[side] !== null;
  if (answer.kind === 'rationale') return answer.text.trim() !== '';
  if (answer.kind === 'span') return answer.spans.length > 0;
  return answer.kind !== 'multi_label' || answer.labels.length > 0;
}

export interface KeyResult {
  readonly answer: Answer;
  /** True where nothing more is to be said in this slot. */
  readonly isDone: boolean;
}

/**
 * What a key answers in a slot; undefined where it means nothing there. Digits are places on the scale or numbers of
 * options; A and B prefer the left or the right response, one grade stronger each time; T or 0 is a tie, X both bad.
 */
export function readKey(
  key: string,
  { question, side }: Slot,
  state: { readonly answers: Answers; readonly shownFirst: 'a' | 'b' },
): KeyResult | undefined {
  const former = state.answers[question.id];
  const digit = /^[0-9]$/.test(key) ? Number(key) : undefined;
  if (question.kind === 'pairwise')
    return readPreferenceKey(key, question, { former, shownFirst: state.shownFirst });
  if (digit === undefined) return undefined;
  if (question.kind === 'confidence')
    return digit >= 1 && digit <= question.points
      ? { answer: { kind: 'confidence', value: digit }, isDone: true }
      : undefined;
  if (question.kind === 'rating' && side !== null && digit >= question.min && digit <= question.max) {
    const values = former?.kind === 'rating' ? former : { a: null, b: null };
    return { answer: { kind: 'rating', a: values.a, b: values.b, [side]: digit }, isDone: true };
  }
  const option = question.kind === 'multi_label' ? question.options[digit - 1] : undefined;
  if (option === undefined) return undefined;
  return { answer: toggleLabel(former, option), isDone: false };
}

/** The answer with an option put in or taken out. */
export function toggleLabel(former: Answer | undefined, option: string): Answer {
  const labels = former?.kind === 'multi_label' ? former.labels : [];
  return {
    kind: 'multi_label',
    labels: labels.includes(option) ? labels.filter((one) => one !== option) : [...labels, option],
  };
}

function readPreferenceKey(
  key: string,
  question: Extract<Question, { kind: 'pairwise' }>,
  { former, shownFirst }: { readonly former: Answer | undefined; readonly shownFirst: 'a' | 'b' },
): KeyResult | undefined {
  const letter = key.toLowerCase();
  if (letter === 't' || letter === '0')
    return question.hasTie
      ? { answer: { kind: 'pairwise', label: 'tie', strength: null }, isDone: true }
      : undefined;
  if (letter === 'x')
    return question.hasBothBad
      ? { answer: { kind: 'pairwise', label: 'both_bad', strength: null }, isDone: true }
      : undefined;
  if (letter === 'a' || letter === 'b')
    return strengthen(letter === 'a' ? -1 : 1, question, { former, shownFirst });
  const preference = preferenceAt(Number(key), question, shownFirst);
  return preference && { answer: { kind: 'pairwise', ...preference }, isDone: true };
}

function strengthen(
  direction: -1 | 1,
  question: Extract<Question, { kind: 'pairwise' }>,
  { former, shownFirst }: { readonly former: Answer | undefined; readonly shownFirst: 'a' | 'b' },
): KeyResult | undefined {
  const { points } = question;
  if (points === 2) {
    const preference = preferenceAt(direction < 0 ? 1 : 2, question, shownFirst);
    return preference && { answer: { kind: 'pairwise', ...preference }, isDone: true };
  }
  const middle = (points + 1) / 2;
  const place = former?.kind === 'pairwise' ? placeOf(former, points, shownFirst) : undefined;
  const isThatSide = place !== undefined && Math.sign(place - middle) === direction;
  const next = isThatSide ? place + direction : middle + direction;
  const preference = preferenceAt(Math.min(points, Math.max(1, next)), question, shownFirst);
  return preference && { answer: { kind: 'pairwise', ...preference }, isDone: false };
}
