import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { FormatReader, Reading, SourceShape, Sql } from '../reading/reader.ts';
import { annotatorStruct, problems } from '../reading/record-parts.ts';
import { columnNamed, hasColumns, jsonOf, presentColumns, textField, textOf } from '../reading/source-sql.ts';

const plainAttributes = [
  ...['age', 'gender', 'education', 'employment_status', 'marital_status', 'english_proficiency'],
  ...['lm_familiarity', 'lm_frequency_use', 'study_locale'],
];

const nestedAttributes: readonly (readonly [column: string, member: string])[] = [
  ['religion', 'simplified'],
  ['religion', 'categorised'],
  ['ethnicity', 'simplified'],
  ['ethnicity', 'categorised'],
  ['location', 'birth_country'],
  ['location', 'birth_region'],
  ['location', 'reside_country'],
  ['location', 'reside_region'],
  ['location', 'special_region'],
];

/** Demographic answers by name; nested ones as `column_member`, the simplified form under the column's own name. */
function attributesOf(shape: SourceShape): Record<string, Sql> {
  const plain = plainAttributes
    .filter((name) => columnNamed(shape, name) !== undefined)
    .map((name) => [name, textOf(shape, name)] as const);
  const nested = nestedAttributes
    .filter(([column]) => columnNamed(shape, column) !== undefined)
    .map(([column, member]) => {
      const name = member === 'simplified' ? column : column === 'location' ? member : `${column}_${member}`;
      return [name, textField(jsonOf(shape, column), member)] as const;
    });
  return Object.fromEntries([...plain, ...nested]);
}

const noPrompt = { promptText: 'NULL', responses: '[]', hasSides: false, relation: 'responses' } as const;

/** PRISM survey: one person a row, without prompt or response; only the annotators of the dataset are described. */
export const prismSurvey: FormatReader = {
  id: 'prism-survey',
  title: 'PRISM survey',
  description: 'One person a row: demographics become attributes of the annotators; no prompts or responses.',
  detect: (shape) =>
    hasColumns(shape, 'user_id', 'stated_prefs', 'lm_familiarity')
      ? {
          confidence: 0.99,
          why: 'survey answers of persons: the annotators’ attributes are taken, there are no responses in it',
        }
      : null,
  read(shape) {
    const person = textOf(shape, 'user_id');
    return {
      ...noPrompt,
      exampleId: person,
      annotators: `[${annotatorStruct(person, "'human'", attributesOf(shape))}]`,
      ...problems([{ when: `${person} IS NULL`, text: 'There is no user_id.', column: 'user_id' }]),
      maxResponses: 0,
      maxVotes: 0,
      usedColumns: presentColumns(shape, 'user_id', ...plainAttributes),
    };
  },
};

function refuseAll(text: string, column: string): Reading {
  return {
    ...noPrompt,
    problem: quoteLiteral(text),
    problemColumn: quoteLiteral(column),
    maxResponses: 0,
    maxVotes: 0,
    usedColumns: [],
  };
}

/** PRISM metadata: flags on texts that other files hold; recognised so that a person is told, never loaded. */
export const prismMetadata: FormatReader = {
  id: 'prism-metadata',
  title: 'PRISM metadata (not loaded)',
  description:
    'Flags for language, moderation and personal data, without the texts; every row is refused with the reason.',
  detect: (shape) =>
    hasColumns(shape, 'column_id', 'conversation_id', 'pii_flag', 'moderation_flag')
      ? { confidence: 0.99, why: 'flags on PRISM texts without the texts; nothing of it can be loaded' }
      : null,
  read: () =>
    refuseAll(
      'This row flags a text that another PRISM file holds. Import utterances.jsonl or conversations.jsonl instead.',
      'column_id',
    ),
};

/** PRISM models: how each model was called; recognised so that a person is told, never loaded. */
export const prismModels: FormatReader = {
  id: 'prism-models',
  title: 'PRISM models (not loaded)',
  description: 'Names and parameters of the models, without texts; every row is refused with the reason.',
  detect: (shape) =>
    hasColumns(shape, 'long_name', 'short_name', 'model_provider', 'selected_params')
      ? { confidence: 0.99, why: 'a list of models with their parameters; nothing of it can be loaded' }
      : null,
  read: () =>
    refuseAll(
      'This row describes a model and holds no prompt or response. Import utterances.jsonl or conversations.jsonl instead.',
      'long_name',
    ),
};
