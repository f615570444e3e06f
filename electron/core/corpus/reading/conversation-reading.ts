import { promptMessages, renderMessages, responseMessages } from './message-sql.ts';
import type { Reading, Sql } from './reader.ts';
import { problems, responseStruct } from './record-parts.ts';

/** A conversation column and what is known beside it. */
export interface Conversation {
  /** Messages as STRUCT("role", content)[]. */
  readonly messages: Sql;
  /** The column a person should look at when a row cannot be used. */
  readonly column: string;
  readonly model?: Sql;
}

type ConversationReading = Pick<
  Reading,
  | 'from'
  | 'promptText'
  | 'promptMessages'
  | 'responses'
  | 'problem'
  | 'problemColumn'
  | 'maxResponses'
  | 'hasSides'
  | 'relation'
>;

/**
 * A conversation as one response: the last turn of the assistant, after everything said before it. Turns that follow it
 * stay with the response's messages. Without a turn of the assistant the row cannot be used.
 */
export function readConversation({ messages, column, model }: Conversation): ConversationReading {
  const roles = 'list_reverse(list_transform(assay_messages, lambda said: said."role"))';
  const prompt = 'assay_messages[1:assay_last - 1]';
  const rest = 'assay_messages[assay_last:]';
  return {
    from: (
      relation,
    ) => `(SELECT *, len(assay_messages) + 1 - nullif(list_position(${roles}, 'assistant'), 0) AS assay_last
      FROM (SELECT *, ${messages} AS assay_messages FROM ${relation}))`,
    promptText: renderMessages(prompt),
    promptMessages: promptMessages(`nullif(${prompt}, [])`),
    responses: `[${responseStruct('assay_messages[assay_last].content', {
      messages: responseMessages(rest),
      ...(model ? { model } : {}),
    })}]`,
    ...problems([
      { when: 'assay_messages IS NULL', text: 'There is no conversation.', column },
      { when: 'assay_last IS NULL', text: 'The assistant says nothing in this conversation.', column },
    ]),
    maxResponses: 1,
    hasSides: false,
    relation: 'responses',
  };
}
