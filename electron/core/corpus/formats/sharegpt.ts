import { readConversation } from '../reading/conversation-reading.ts';
import { messageStruct, messagesOf, messagesType } from '../reading/message-sql.ts';
import type { FormatReader, Reading, SourceShape, Sql } from '../reading/reader.ts';
import {
  columnNamed,
  holdsMessages,
  listOf,
  presentColumns,
  sampleValues,
  textField,
  textOf,
} from '../reading/source-sql.ts';

const conversationNames = ['conversations', 'messages', 'conversation'];

/** The column that holds chat messages, if any does. */
function conversationColumn(shape: SourceShape): string | undefined {
  return conversationNames.find((name) => holdsMessages(shape, name));
}

/** The conversation with the row's `system` text before it, unless it begins with a system turn itself. */
function withSystem(shape: SourceShape, column: string): Sql {
  const messages = messagesOf(shape, column);
  if (!columnNamed(shape, 'system')) return messages;
  const system = `nullif(${textOf(shape, 'system')}, '')`;
  return `CASE WHEN ${system} IS NULL OR (${messages})[1]."role" = 'system' THEN ${messages}
    ELSE list_concat([${messageStruct("'system'", system)}], ${messages}) END`;
}

function readSingle(shape: SourceShape): Reading {
  const column = conversationColumn(shape) ?? 'conversations';
  return {
    ...readConversation({
      messages: withSystem(shape, column),
      column,
      ...(columnNamed(shape, 'model') ? { model: textOf(shape, 'model') } : {}),
    }),
    exampleId: textOf(shape, columnNamed(shape, 'id', 'conversation_id') ?? 'id'),
    subset: textOf(shape, 'source'),
    maxVotes: 0,
    usedColumns: presentColumns(shape, column, 'id', 'system', 'model', 'source'),
  };
}

/** Conversations with one response each: ShareGPT, LLaMA-Factory, TRL and OpenAI messages. */
export const sharegpt: FormatReader = {
  id: 'sharegpt',
  title: 'Conversations (ShareGPT, messages)',
  description:
    'conversations[{from, value}] or messages[{role, content}]; the last assistant turn is the response.',
  detect(shape) {
    const column = conversationColumn(shape);
    if (
      !column ||
      columnNamed(shape, 'chosen', 'rejected', 'prompt', 'completion', 'label', 'kto_tag') !== undefined
    )
      return null;
    return { confidence: 0.85, why: `chat messages in “${column}” and no pair beside them` };
  },
  read: readSingle,
};

function isExchange(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'input' in value && 'output' in value;
}

/** Capybara: `conversation` as exchanges of input and output. */
export const capybara: FormatReader = {
  id: 'capybara',
  title: 'Capybara',
  description: 'conversation[{input, output}]; the last output is the response.',
  detect(shape) {
    const [first] = sampleValues(shape, 'conversation');
    const isMine = Array.isArray(first) && first.length > 0 && first.every(isExchange);
    return isMine && !columnNamed(shape, 'chosen')
      ? { confidence: 0.95, why: 'conversation of input and output' }
      : null;
  },
  read(shape) {
    const turns = [
      messageStruct("'user'", textField('exchange', 'input')),
      messageStruct("'assistant'", textField('exchange', 'output')),
    ];
    return {
      ...readConversation({
        messages: `flatten(list_transform(${listOf(shape, 'conversation')}, lambda exchange: [${turns.join(', ')}]))::${messagesType}`,
        column: 'conversation',
      }),
      subset: textOf(shape, 'source'),
      maxVotes: 0,
      usedColumns: presentColumns(shape, 'conversation', 'source'),
    };
  },
};
