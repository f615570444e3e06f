import { AppError } from '../../contract/app-error.ts';
import type { ProjectSettings, Question } from '../../contract/annotation.contract.ts';

/** Throws ANNOTATION_PROJECT_INVALID for questions that cannot be asked as they stand. */
export function checkQuestions(questions: ProjectSettings['questions']): void {
  const refuse = (why: string, question: string) => {
    throw new AppError('ANNOTATION_PROJECT_INVALID', `The project was not created: ${why}.`, { question });
  };
  const seen = new Map<string, Question>();
  const targets = new Set<string>();
  for (const question of questions) {
    const { id, when } = question;
    if (seen.has(id)) refuse(`two questions have the id ${id}`, id);
    if (when && !seen.has(when.question))
      refuse(`${id} depends on ${when.question}, which is not an earlier question`, id);
    const target = targetOf(question);
    if (target !== undefined && targets.has(target))
      refuse(`${id} asks for the same thing as another question; give it another aspect`, id);
    if (target !== undefined) targets.add(target);
    seen.set(id, question);
  }
}

function targetOf(question: Question): string | undefined {
  if (question.kind === 'pairwise') return `vote/${question.aspect ?? ''}`;
  if (question.kind === 'rating') return `rating/${question.aspect}`;
  return undefined;
}
