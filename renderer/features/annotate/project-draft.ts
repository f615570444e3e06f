import type { ProjectSettings, Question } from '../../../electron/contract/annotation.contract.ts';

/** A new project while it is being set up: numbers are what stands in their fields. */
export interface ProjectDraft {
  name: string;
  guidelines: string;
  questions: Question[];
  source: string;
  limit: string;
  order: ProjectSettings['order'];
  seed: string;
  overlap: string;
  gold: string;
  goldSource: 'labels' | 'unanimous';
  suggestionsFrom: number;
}

export type QuestionKind = Question['kind'];

export function emptyDraft(): ProjectDraft {
  return {
    name: '',
    guidelines: '',
    questions: [],
    source: 'all',
    limit: '',
    order: 'random',
    seed: '1',
    overlap: '1',
    gold: '0',
    goldSource: 'labels',
    suggestionsFrom: 0,
  };
}

/** A whole number in a field, null where it is empty or none. */
export function readCount(text: string, least: number): number | null {
  const value = Number(text);
  return text.trim() !== '' && Number.isSafeInteger(value) && value >= least ? value : null;
}

/** A question of a kind with an id no other has. */
export function newQuestion(kind: QuestionKind, title: string, questions: readonly Question[]): Question {
  const taken = new Set(questions.map((one) => one.id));
  let no = questions.length + 1;
  while (taken.has(`q${no}`)) no += 1;
  const base = { id: `q${no}`, title, isRequired: kind !== 'rationale' && kind !== 'span', when: null };
  const hasOverall = questions.some((one) => one.kind === 'pairwise' && one.aspect === null);
  if (kind === 'pairwise')
    return {
      ...base,
      kind,
      aspect: hasOverall ? `aspect ${no}` : null,
      points: 2,
      hasTie: true,
      hasBothBad: true,
    };
  if (kind === 'rating') return { ...base, kind, aspect: `aspect ${no}`, min: 1, max: 5 };
  if (kind === 'multi_label') return { ...base, kind, options: ['Option 1', 'Option 2'] };
  if (kind === 'span') return { ...base, kind, labels: ['Label 1', 'Label 2'] };
  if (kind === 'confidence') return { ...base, kind, points: 3 };
  return { ...base, kind };
}

/** The settings a draft stands for; null where a field does not hold what it should. */
export function settingsOf(draft: ProjectDraft, filter: ProjectSettings['filter']): ProjectSettings | null {
  const limit = draft.limit.trim() === '' ? null : readCount(draft.limit, 1);
  const seed = readCount(draft.seed, 0);
  const overlap = readCount(draft.overlap, 1);
  const gold = readCount(draft.gold === '' ? '0' : draft.gold, 0);
  const isLimitWrong = limit === null && draft.limit.trim() !== '';
  if (draft.name.trim() === '' || draft.questions.length === 0 || isLimitWrong) return null;
  if (seed === null || overlap === null || gold === null) return null;
  return {
    name: draft.name.trim(),
    guidelines: draft.guidelines,
    questions: draft.questions,
    filter,
    limit,
    order: draft.order,
    seed,
    overlap,
    gold: gold === 0 ? null : { count: gold, source: draft.goldSource },
    suggestionsFrom: draft.suggestionsFrom === 0 ? null : draft.suggestionsFrom,
  };
}
