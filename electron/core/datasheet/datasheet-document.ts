import type {
  Completeness,
  DatasheetChange,
  DatasheetDocument,
  DatasheetEntry,
} from '../../contract/datasheet.contract.ts';
import type { Facts } from './facts.ts';
import { type Question, sections } from './questions.ts';

/** A person's answer, with what the data said when it was given. */
export interface StoredAnswer {
  readonly question: string;
  readonly answer: string;
  readonly autoValue: string | null;
  readonly answeredAt: string;
}

/** Words that say an answer is not known. */
const unknownWords = /^(unknown|not known|n\/?a|\?+)\.?$/i;

/** True for an answer that says it is not known, which is allowed and scores nothing. */
export function isUnknown(answer: string): boolean {
  return unknownWords.test(answer.trim());
}

/** answered / required; 0 of 0 is complete. */
export function measureCompleteness(answered: number, required: number): Completeness {
  return { answered, required, share: required === 0 ? 1 : answered / required };
}

/** Answers count unless they say "unknown" or nobody and nothing has given one; a stale answer counts until it is changed. */
const isScoring = (entry: DatasheetEntry) => entry.status !== 'open' && entry.status !== 'unknown';

function describe(question: Question, facts: Facts, stored: StoredAnswer | undefined): DatasheetEntry {
  const auto = question.fact === undefined ? null : facts[question.fact];
  const base = { question: question.id, text: question.text, hint: question.hint, auto };
  if (!stored) return { ...base, answer: null, answeredAt: null, status: auto === null ? 'open' : 'auto' };
  const isStale = stored.autoValue !== auto;
  const status = isUnknown(stored.answer) ? 'unknown' : isStale ? 'stale' : 'answered';
  return { ...base, answer: stored.answer, answeredAt: stored.answeredAt, status };
}

/** The datasheet of a dataset from what its data say and what people typed. */
export function composeDatasheet(
  dataset: { datasetId: number; name: string },
  facts: Facts,
  answers: readonly StoredAnswer[],
): DatasheetDocument {
  const byQuestion = new Map(answers.map((answer) => [answer.question, answer]));
  const described = sections.map((section) => {
    const entries = section.questions.map((question) =>
      describe(question, facts, byQuestion.get(question.id)),
    );
    return {
      id: section.id,
      title: section.title,
      is_tension: section.isTension,
      completeness: measureCompleteness(entries.filter(isScoring).length, entries.length),
      entries,
    };
  });
  const entries = described.flatMap((section) => section.entries);
  return {
    schema: 'assay.datasheet/1',
    dataset: dataset.name,
    dataset_id: dataset.datasetId,
    created_at: new Date().toISOString(),
    completeness: measureCompleteness(entries.filter(isScoring).length, entries.length),
    sections: described,
    gaps: entries.filter((entry) => !isScoring(entry)).map((entry) => entry.question),
  };
}

/** What a reader sees as the answer: the typed text, with what the data say before it. */
function shownAnswer(entry: DatasheetEntry): string | null {
  const parts = [entry.auto, entry.answer].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join('\n\n');
}

/** The questions whose shown answer differs between two versions. */
export function compareDatasheets(before: DatasheetDocument, after: DatasheetDocument): DatasheetChange[] {
  const former = new Map(
    before.sections.flatMap((section) => section.entries.map((entry) => [entry.question, entry])),
  );
  return after.sections.flatMap((section) =>
    section.entries.flatMap((entry) => {
      const old = former.get(entry.question);
      const values = { before: old ? shownAnswer(old) : null, after: shownAnswer(entry) };
      return values.before === values.after
        ? []
        : [{ question: entry.question, text: entry.text, ...values }];
    }),
  );
}

const quote = (text: string) => text.trim().replaceAll('\r\n', '\n');
const bar = ({ answered, required, share }: Completeness) =>
  `${answered} of ${required} answered (${Math.round(100 * share)} %)`;

/** The datasheet as Markdown: gaps first, then every question with the answer of the data and of people. */
export function renderMarkdown(
  document: DatasheetDocument,
  { version, changes }: { version: number; changes: readonly DatasheetChange[] },
): string {
  const texts = new Map(
    document.sections.flatMap((section) => section.entries.map((entry) => [entry.question, entry.text])),
  );
  const gaps =
    document.gaps.length === 0
      ? ['No gaps.']
      : ['Not answered yet:', '', ...document.gaps.map((gap) => `- ${texts.get(gap) ?? gap} (\`${gap}\`)`)];
  const body = document.sections.flatMap((section) => [
    `## ${section.title}${section.is_tension ? ' (value tension)' : ''}`,
    '',
    `_${bar(section.completeness)}_`,
    '',
    ...section.entries.flatMap(renderEntry),
  ]);
  const changed =
    changes.length === 0
      ? []
      : ['## Changed since the version before', '', ...changes.map((one) => `- ${one.text}`), ''];
  return [
    `# Datasheet: ${document.dataset}`,
    '',
    `Version ${version}, ${document.created_at.slice(0, 10)}. ${bar(document.completeness)}.`,
    '',
    ...gaps,
    '',
    ...body,
    ...changed,
  ].join('\n');
}

function renderEntry(entry: DatasheetEntry): string[] {
  const note = {
    stale: ' _(the data have changed since this was written)_',
    unknown: ' _(unknown)_',
  } as const;
  const mark = entry.status === 'stale' || entry.status === 'unknown' ? note[entry.status] : '';
  return [
    `### ${entry.text}`,
    '',
    ...(entry.auto === null ? [] : [`From the data: ${quote(entry.auto)}`, '']),
    ...(entry.answer === null ? [] : [`${quote(entry.answer)}${mark}`, '']),
    ...(entry.auto === null && entry.answer === null ? ['_Not answered._', ''] : []),
  ];
}
