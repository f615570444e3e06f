import type { Answer, Answers, Question } from '../../contract/annotation.contract.ts';

const longestText = 300;

const verdicts = { tie: 'tie', both_bad: 'both bad' } as const;
const grades = ['slightly better', 'slightly better', 'better', 'much better'] as const;

function sayPreference({ label, strength }: Extract<Answer, { kind: 'pairwise' }>): string {
  if (label === 'tie' || label === 'both_bad') return verdicts[label];
  const grade = strength === null ? 'better' : (grades[Math.round(strength * 3)] ?? 'better');
  return `${label.toUpperCase()} ${grade === 'better' ? 'is better' : `is ${grade}`}`;
}

function say(answer: Answer): string {
  switch (answer.kind) {
    case 'pairwise':
      return sayPreference(answer);
    case 'rating':
      return `A ${answer.a ?? '–'}, B ${answer.b ?? '–'}`;
    case 'multi_label':
      return answer.labels.join(', ');
    case 'rationale':
      return `“${answer.text.length > longestText ? `${answer.text.slice(0, longestText)}…` : answer.text}”`;
    case 'confidence':
      return String(answer.value);
    case 'span':
      return answer.spans
        .map(({ label, side, start, end }) => `${label} (${side.toUpperCase()} ${start}–${end})`)
        .join(', ');
  }
}

/** Answers in words, with the questions as they are asked: “Which is better? A is better; Why? “Shorter””. */
export function sayAnswers(questions: readonly Question[], answers: Answers): string {
  const known = questions.flatMap(({ id, title }) => {
    const answer = answers[id];
    return answer ? [[title, answer] as const] : [];
  });
  const others = Object.entries(answers).filter(([id]) => !questions.some((one) => one.id === id));
  return [...known, ...others]
    .map(([title, answer]) => `${title}${/[?!.:]$/.test(title) ? '' : ':'} ${say(answer)}`)
    .join('; ');
}
