import type { FormatReader, Sql } from '../reading/reader.ts';
import { annotatorStruct, problems, ratingStruct, responseStruct } from '../reading/record-parts.ts';
import {
  hasColumns,
  itemsOf,
  jsonField,
  jsonOf,
  presentColumns,
  someValue,
  textField,
  textOf,
} from '../reading/source-sql.ts';

const single = { maxResponses: 1, maxVotes: 0, hasSides: false, relation: 'responses' } as const;

/** The completion a step went on with: the person's own, else the chosen one, else the first. */
const takenCompletion: Sql = `coalesce(CASE WHEN json_type(json_extract(step, '$.human_completion')) = 'OBJECT'
    THEN json_extract(step, '$.human_completion') END,
  (${itemsOf(`json_extract(step, '$.completions')`)})[coalesce(TRY_CAST(${textField('step', 'chosen_completion')} AS INTEGER), 0) + 1])`;

/** PRM800K: the solution that was followed as one response; ratings −1…1 of its steps. */
export const prm800k: FormatReader = {
  id: 'prm800k',
  title: 'PRM800K',
  description: 'question and label.steps: the solution that was followed, each step rated −1, 0 or 1.',
  detect: (shape) =>
    hasColumns(shape, 'question', 'label') &&
    someValue(shape, 'label', (value) => typeof value === 'object' && value !== null && 'steps' in value)
      ? { confidence: 0.98, why: 'a question with labelled steps' }
      : null,
  read(shape) {
    const labeler = textOf(shape, 'labeler');
    const problem = textField(jsonOf(shape, 'question'), 'problem');
    const rating = ratingStruct({
      response: 0,
      aspect: "'step ' || place",
      value: `TRY_CAST(${textField('assay_steps[place]', 'rating')} AS DOUBLE)`,
      annotator: labeler,
      min: -1,
      max: 1,
    });
    return {
      ...single,
      from: (relation) => `(SELECT *, list_transform(${itemsOf(jsonField(jsonOf(shape, 'label'), 'steps'))},
        lambda step: ${takenCompletion}) AS assay_steps FROM ${relation})`,
      promptText: problem,
      responses: `[${responseStruct(`array_to_string(list_transform(assay_steps, lambda step: ${textField('step', 'text')}), chr(10))`)}]`,
      ratings: `list_filter(list_transform(range(1, len(assay_steps) + 1), lambda place: ${rating}),
        lambda given: given."value" IS NOT NULL)`,
      annotators: `CASE WHEN ${labeler} IS NOT NULL THEN [${annotatorStruct(labeler, "'human'")}] END`,
      ...problems([
        { when: `${problem} IS NULL`, text: 'The question holds no problem.', column: 'question' },
        { when: 'coalesce(len(assay_steps), 0) = 0', text: 'There are no steps.', column: 'label' },
      ]),
      usedColumns: presentColumns(shape, 'labeler'),
    };
  },
};

const stepMark = 'ки';

/** Math-Shepherd: steps end with a mark in `input`, and with + or − in its place in `label`. */
export const mathShepherd: FormatReader = {
  id: 'math-shepherd',
  title: 'Math-Shepherd',
  description:
    'input with marked steps and the same text with + or − as label: one response with rated steps.',
  detect: (shape) =>
    hasColumns(shape, 'input', 'label') &&
    someValue(shape, 'input', (value) => typeof value === 'string' && value.includes(stepMark))
      ? { confidence: 0.97, why: `steps marked “${stepMark}” with a label text` }
      : null,
  read(shape) {
    const input = textOf(shape, 'input');
    const signs = `regexp_extract_all(${textOf(shape, 'label')}, '([+-])\\s*(?:\\n|$)', 1)`;
    const start = `instr(${input}, 'Step 1:')`;
    const rating = ratingStruct({
      response: 0,
      aspect: "'step ' || place",
      value: `CASE WHEN (${signs})[place] = '+' THEN 1 ELSE 0 END`,
      min: 0,
      max: 1,
    });
    return {
      ...single,
      promptText: `trim(substr(${input}, 1, ${start} - 1))`,
      topic: textOf(shape, 'task'),
      responses: `[${responseStruct(`trim(regexp_replace(substr(${input}, ${start}), ' ?${stepMark}', '', 'g'))`)}]`,
      ratings: `list_transform(range(1, len(${signs}) + 1), lambda place: ${rating})`,
      ...problems([
        { when: `${input} IS NULL OR ${start} = 0`, text: 'No first step was found.', column: 'input' },
        {
          when: `len(string_split(${input}, '${stepMark}')) - 1 <> len(${signs})`,
          text: 'There are not as many signs in the label as marked steps.',
          column: 'label',
        },
      ]),
      usedColumns: presentColumns(shape, 'input', 'label', 'task'),
    };
  },
};
