import {
  messagesOf,
  promptMessages,
  renderMessages,
  responseMessages,
  responseText,
} from '../reading/message-sql.ts';
import type { FormatReader, Reading, SourceShape } from '../reading/reader.ts';
import { problems, ratingStruct, responseStruct } from '../reading/record-parts.ts';
import {
  booleanFromText,
  columnNamed,
  hasColumns,
  holdsMessages,
  presentColumns,
  textListOf,
  textOf,
} from '../reading/source-sql.ts';

const single = { maxResponses: 1, maxVotes: 0, hasSides: false, relation: 'responses' } as const;

function readChat(shape: SourceShape): Reading {
  return {
    ...single,
    from: (relation) => `(SELECT *, nullif(${messagesOf(shape, 'prompt')}, []) AS assay_prompt,
      nullif(${messagesOf(shape, 'completion', 'assistant')}, []) AS assay_completion FROM ${relation})`,
    promptText: renderMessages('assay_prompt'),
    promptMessages: promptMessages('assay_prompt'),
    responses: `[${responseStruct(responseText('assay_completion'), { messages: responseMessages('assay_completion') })}]`,
    ...problems([
      { when: 'assay_prompt IS NULL', text: 'There is no prompt.', column: 'prompt' },
      { when: 'assay_completion IS NULL', text: 'There is no completion.', column: 'completion' },
    ]),
    usedColumns: presentColumns(shape, 'prompt', 'completion'),
  };
}

/** TRL prompt and completion, plain or conversational, without a label. */
export const trlPromptCompletion: FormatReader = {
  id: 'trl-prompt-completion',
  title: 'Prompt and completion',
  description: 'TRL prompt–completion data: one response a prompt, no preference.',
  detect: (shape) =>
    hasColumns(shape, 'prompt', 'completion') &&
    columnNamed(shape, 'label', 'chosen', 'rejected') === undefined
      ? { confidence: 0.85, why: 'prompt and completion without a label' }
      : null,
  read(shape) {
    if (holdsMessages(shape, 'prompt') || holdsMessages(shape, 'completion')) return readChat(shape);
    return {
      ...single,
      promptText: textOf(shape, 'prompt'),
      responses: `[${responseStruct(textOf(shape, 'completion'))}]`,
      ...problems([
        { when: `${textOf(shape, 'prompt')} IS NULL`, text: 'There is no prompt.', column: 'prompt' },
        {
          when: `${textOf(shape, 'completion')} IS NULL`,
          text: 'There is no completion.',
          column: 'completion',
        },
      ]),
      usedColumns: presentColumns(shape, 'prompt', 'completion'),
    };
  },
};

const besideText = /^(text|id|url|source|meta(data)?|lang(uage)?|split|timestamp|date)$/i;

/** TRL language modelling data: a bare `text`, which becomes a response to an empty prompt. */
export const trlText: FormatReader = {
  id: 'trl-text',
  title: 'Plain texts',
  description: 'Language modelling data: each text is one response with an empty prompt.',
  detect: (shape) =>
    hasColumns(shape, 'text') && shape.columns.every(({ name }) => besideText.test(name))
      ? { confidence: 0.7, why: 'a text column and no second text' }
      : null,
  read: (shape) => ({
    ...single,
    promptText: "''",
    responses: `[${responseStruct(textOf(shape, 'text'))}]`,
    ...problems([{ when: `${textOf(shape, 'text')} IS NULL`, text: 'There is no text.', column: 'text' }]),
    usedColumns: presentColumns(shape, 'text'),
  }),
};

/** TRL stepwise supervision: the steps are one response, each step's label is a rating `step n`. */
export const trlStepwise: FormatReader = {
  id: 'trl-stepwise',
  title: 'Stepwise supervision',
  description: 'prompt, completions[] and labels[]: one response whose steps are rated right or wrong.',
  detect: (shape) =>
    hasColumns(shape, 'prompt', 'completions', 'labels')
      ? { confidence: 0.97, why: 'a list of steps with a list of labels' }
      : null,
  read(shape) {
    const labels = textListOf(shape, 'labels');
    const steps = textListOf(shape, 'completions');
    const rating = ratingStruct({
      response: 0,
      aspect: "'step ' || place",
      value: `CASE WHEN ${booleanFromText(`(${labels})[place]`)} THEN 1 ELSE 0 END`,
      min: 0,
      max: 1,
    });
    return {
      ...single,
      promptText: textOf(shape, 'prompt'),
      responses: `[${responseStruct(`array_to_string(${steps}, chr(10))`)}]`,
      ratings: `list_transform(list_filter(range(1, len(${labels}) + 1),
        lambda place: ${booleanFromText(`(${labels})[place]`)} IS NOT NULL), lambda place: ${rating})`,
      ...problems([
        { when: `${textOf(shape, 'prompt')} IS NULL`, text: 'There is no prompt.', column: 'prompt' },
        { when: `${steps} IS NULL`, text: 'The completions are no list of steps.', column: 'completions' },
        {
          when: `len(${steps}) <> len(${labels})`,
          text: 'There are not as many labels as steps.',
          column: 'labels',
        },
      ]),
      usedColumns: presentColumns(shape, 'prompt', 'completions', 'labels'),
    };
  },
};
