import {
  messagesOf,
  promptMessages,
  renderMessages,
  responseMessages,
  responseText,
} from '../reading/message-sql.ts';
import type { FormatReader, Reading, SourceShape, Sql } from '../reading/reader.ts';
import {
  annotatorStruct,
  labelFromWord,
  ratingStruct,
  responseStruct,
  voteStruct,
} from '../reading/record-parts.ts';
import {
  hasColumns,
  holdsMessages,
  listOf,
  numberField,
  numberOf,
  presentColumns,
  textField,
  textOf,
} from '../reading/source-sql.ts';

const ownColumns = ['example_id', 'prompt', 'label', 'model_a', 'source_file', 'source_row', 'tags', 'extra'];
const pairColumns = ['response_a', 'response_b', 'strength', 'model_b', 'n_votes', 'votes', 'prompt_of_b'];

/** A text column that may hold messages, as text and as messages; a CSV cannot tell an empty text from none. */
function saidIn(shape: SourceShape, name: string, role: 'user' | 'assistant'): { text: Sql; messages?: Sql } {
  if (!holdsMessages(shape, name)) return { text: `coalesce(${textOf(shape, name)}, '')` };
  const messages = `(${messagesOf(shape, name, role)})`;
  return role === 'user'
    ? {
        text: `coalesce(${renderMessages(messages)}, '')`,
        messages: promptMessages(`nullif(${messages}, [])`),
      }
    : { text: responseText(messages), messages: responseMessages(messages) };
}

function commonMembers(shape: SourceShape, prompt: { text: Sql; messages?: Sql }) {
  return {
    exampleId: textOf(shape, 'example_id'),
    promptText: prompt.text,
    ...(prompt.messages ? { promptMessages: prompt.messages } : {}),
    language: textOf(shape, 'language'),
    topic: textOf(shape, 'topic'),
    subset: textOf(shape, 'subset'),
  };
}

function readPairs(shape: SourceShape): Reading {
  const prompt = saidIn(shape, 'prompt', 'user');
  const response = (side: 'a' | 'b') => {
    const { text, messages } = saidIn(shape, `response_${side}`, 'assistant');
    return responseStruct(text, { model: textOf(shape, `model_${side}`), ...(messages ? { messages } : {}) });
  };
  const overall = voteStruct({
    label: labelFromWord(textOf(shape, 'label')),
    strength: numberOf(shape, 'strength'),
    annotator: "'label'",
  });
  const single = voteStruct({
    label: labelFromWord(textField('one', 'label')),
    strength: numberField('one', 'strength'),
    annotator: textField('one', 'annotator'),
    aspect: textField('one', 'aspect'),
  });
  const others = `list_filter(coalesce(${listOf(shape, 'votes')}, []), lambda one:
    NOT (${textField('one', 'annotator')} = 'label' AND ${textField('one', 'aspect')} IS NULL))`;
  return {
    ...commonMembers(shape, prompt),
    promptBText: textOf(shape, 'prompt_of_b'),
    responses: `[${response('a')}, ${response('b')}]`,
    votes: `list_concat([${overall}], list_transform(${others}, lambda one: ${single}))`,
    reference: "'label'",
    annotators: `list_transform(${others}, lambda one: ${annotatorStruct(textField('one', 'annotator'), textField('one', 'kind'))})`,
    maxResponses: 2,
    usedColumns: presentColumns(
      shape,
      ...ownColumns.slice(0, 4),
      ...pairColumns,
      'language',
      'topic',
      'subset',
    ),
    hasSides: true,
    relation: 'pairs',
  };
}

function readResponses(shape: SourceShape): Reading {
  const prompt = saidIn(shape, 'prompt', 'user');
  const { text, messages } = saidIn(shape, 'response', 'assistant');
  const rating = ratingStruct({
    response: 0,
    aspect: textField('one', 'aspect'),
    value: numberField('one', 'value'),
    valueText: textField('one', 'value_text'),
    annotator: textField('one', 'annotator'),
  });
  return {
    ...commonMembers(shape, prompt),
    responses: `[${responseStruct(text, { model: textOf(shape, 'model_a'), ...(messages ? { messages } : {}) })}]`,
    ratings: `list_transform(coalesce(${listOf(shape, 'ratings')}, []), lambda one: ${rating})`,
    maxResponses: 1,
    maxVotes: 0,
    usedColumns: presentColumns(
      shape,
      ...ownColumns.slice(0, 4),
      'response',
      'ratings',
      'language',
      'topic',
      'subset',
    ),
    hasSides: false,
    relation: 'responses',
  };
}

/** The table of all columns that Assay itself writes; votes and ratings come back with their annotators. */
export const assayTable: FormatReader = {
  id: 'assay-table',
  title: 'Table written by Assay',
  description:
    'Every pair or response with all its columns, as Assay exports it to Parquet, JSON Lines or CSV.',
  detect: (shape) => {
    const isOwn = hasColumns(shape, ...ownColumns);
    const isPairs = isOwn && hasColumns(shape, ...pairColumns);
    return isPairs || (isOwn && hasColumns(shape, 'response', 'ratings'))
      ? { confidence: 0.99, why: 'It has the columns of a table written by Assay.' }
      : null;
  },
  read: (shape) => (hasColumns(shape, ...pairColumns) ? readPairs(shape) : readResponses(shape)),
};
