import type { Answer, Answers, Preference, Question } from './annotation.contract.ts';

/** What a condition can compare an answer with: labels, option texts, numbers as text; `any` for a written text. */
export function answerKeys(answer: Answer | undefined): string[] {
  if (!answer) return [];
  if (answer.kind === 'pairwise') return [answer.label];
  if (answer.kind === 'confidence') return [String(answer.value)];
  if (answer.kind === 'multi_label') return answer.labels;
  if (answer.kind === 'rationale') return answer.text.trim() === '' ? [] : ['any'];
  if (answer.kind === 'span') return [...new Set(answer.spans.map((span) => span.label))];
  return [answer.a, answer.b].flatMap((value) => (value === null ? [] : [String(value)]));
}

/** Questions that are asked given the answers so far, in order; one that hangs on a hidden question is hidden too. */
export function listShownQuestions(questions: readonly Question[], answers: Answers): Question[] {
  const shown: Question[] = [];
  for (const question of questions) {
    const { when } = question;
    const isShown =
      when === null ||
      (shown.some((one) => one.id === when.question) &&
        answerKeys(answers[when.question]).some((key) => when.is.includes(key)));
    if (isShown) shown.push(question);
  }
  return shown;
}

/** Answers to the questions that are asked; those to hidden or unknown questions, and empty ones, are left out. */
export function keepShownAnswers(questions: readonly Question[], answers: Answers): Answers {
  const kept = listShownQuestions(questions, answers).flatMap(({ id }): [string, Answer][] => {
    const answer = answers[id];
    return answer !== undefined && hasContent(answer) ? [[id, answer]] : [];
  });
  return Object.fromEntries(kept);
}

function hasContent(answer: Answer): boolean {
  if (answer.kind === 'rationale') return answer.text.trim() !== '';
  if (answer.kind === 'multi_label') return answer.labels.length > 0;
  if (answer.kind === 'span') return answer.spans.length > 0;
  return answer.kind !== 'rating' || answer.a !== null || answer.b !== null;
}

/** Why an answer does not fit its question; undefined where it does. */
export function findAnswerFault(question: Question, answer: Answer): string | undefined {
  const inRange = (value: number, low: number, high: number) => value >= low && value <= high;
  if (question.kind !== answer.kind) return 'it is of another kind';
  if (question.kind === 'pairwise' && answer.kind === 'pairwise')
    return findPreferenceFault(question, answer);
  if (question.kind === 'rating' && answer.kind === 'rating')
    return [answer.a, answer.b].every((one) => one !== null && inRange(one, question.min, question.max))
      ? undefined
      : `both responses need a value from ${question.min} to ${question.max}`;
  if (question.kind === 'multi_label' && answer.kind === 'multi_label')
    return answer.labels.every((label) => question.options.includes(label))
      ? undefined
      : 'an option is unknown';
  if (question.kind === 'span' && answer.kind === 'span')
    return answer.spans.every(({ start, end, label }) => start < end && question.labels.includes(label))
      ? undefined
      : 'a span is empty or its label unknown';
  if (question.kind === 'confidence' && answer.kind === 'confidence')
    return inRange(answer.value, 1, question.points) ? undefined : 'the value is off the scale';
  return undefined;
}

function findPreferenceFault(
  question: Extract<Question, { kind: 'pairwise' }>,
  { label, strength }: Preference,
): string | undefined {
  if (label === 'tie' && !question.hasTie) return 'a tie is not offered';
  if (label === 'both_bad' && !question.hasBothBad) return '“both bad” is not offered';
  if (label === 'tie' || label === 'both_bad') return strength === null ? undefined : 'it has no strength';
  const grades = (question.points - 1) / 2;
  if (question.points === 2) return strength === null ? undefined : 'the question has no grades';
  const isGrade =
    strength !== null && strength > 0 && Math.abs(strength * grades - Math.round(strength * grades)) < 1e-9;
  return isGrade ? undefined : 'the strength is not one of the grades';
}

const isLowSurrogate = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;

/** The first question with a span that ends behind its response, or begins or ends inside a character. */
export function findSpanFault(
  answers: Answers,
  texts: { readonly a: string; readonly b: string },
): { question: string; fault: string } | undefined {
  for (const [question, answer] of Object.entries(answers)) {
    if (answer.kind !== 'span') continue;
    const isWrong = answer.spans.some(({ side, start, end }) => {
      const text = texts[side];
      return end > text.length || [start, end].some((place) => isLowSurrogate(text.charCodeAt(place)));
    });
    if (isWrong) return { question, fault: 'a span does not fit the text of the response' };
  }
  return undefined;
}

/** Questions that keep an item from being handed in, each with why. */
export function listAnswerFaults(
  questions: readonly Question[],
  answers: Answers,
): { question: string; fault: string }[] {
  const kept = keepShownAnswers(questions, answers);
  return listShownQuestions(questions, answers).flatMap((question) => {
    const answer = kept[question.id];
    if (!answer) return question.isRequired ? [{ question: question.id, fault: 'it has no answer' }] : [];
    const fault = findAnswerFault(question, answer);
    return fault === undefined ? [] : [{ question: question.id, fault }];
  });
}

/**
 * The preference a place on the scale stands for, for the sides as they were shown. Places run from 1, strongest for the
 * response shown first, to `points`; of 2 points place 1 is the first response and 2 the second, of 5 or 7 the middle is
 * the tie. Undefined off the scale, and for the middle where ties are not offered.
 */
export function preferenceAt(
  place: number,
  question: { readonly points: number; readonly hasTie: boolean },
  shownFirst: 'a' | 'b',
): Preference | undefined {
  const { points, hasTie } = question;
  if (!Number.isInteger(place) || place < 1 || place > points) return undefined;
  const second = shownFirst === 'a' ? 'b' : 'a';
  if (points === 2) return { label: place === 1 ? shownFirst : second, strength: null };
  const middle = (points + 1) / 2;
  if (place === middle) return hasTie ? { label: 'tie', strength: null } : undefined;
  return {
    label: place < middle ? shownFirst : second,
    strength: Math.abs(place - middle) / (middle - 1),
  };
}

/** The place of a preference on the scale, as {@link preferenceAt} counts; undefined for “both bad” and a tie off the scale. */
export function placeOf(
  { label, strength }: Preference,
  points: number,
  shownFirst: 'a' | 'b',
): number | undefined {
  if (label === 'both_bad') return undefined;
  const middle = (points + 1) / 2;
  if (label === 'tie') return points === 2 ? undefined : middle;
  const sign = label === shownFirst ? -1 : 1;
  return points === 2 ? (sign < 0 ? 1 : 2) : middle + sign * Math.round((strength ?? 1) * (middle - 1));
}
