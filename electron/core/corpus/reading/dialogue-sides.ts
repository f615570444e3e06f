import {
  promptMessages,
  renderMessages,
  responseMessages,
  responseText,
  sharedTurns,
} from './message-sql.ts';
import type { Reading, Sql } from './reader.ts';
import { type Problem, responseStruct } from './record-parts.ts';

/** Two whole dialogues, one a side, as message expressions over the source, and the columns they come from. */
export interface DialogueSides {
  readonly a: Sql;
  readonly b: Sql;
  readonly modelA: Sql;
  readonly modelB: Sql;
  readonly columnA: string;
  readonly columnB: string;
}

type SidesPart = Pick<Reading, 'promptText' | 'promptMessages' | 'promptBText' | 'responses'> & {
  readonly from: (relation: Sql) => Sql;
  readonly missing: readonly Problem[];
};

/** Number of turns before the first one of the assistant. */
const askedTurns = (messages: Sql) =>
  `coalesce(list_position(list_transform(${messages}, lambda said: said."role" = 'assistant'), true) - 1, len(${messages}))`;

/**
 * Prompt and responses of two dialogues held side by side. The whole turns that both begin with are the prompt, the rest
 * is each side's response; dialogues that begin differently each have a prompt of their own.
 */
export function readDialogueSides({ a, b, modelA, modelB, columnA, columnB }: DialogueSides): SidesPart {
  const response = (rest: Sql, model: Sql) =>
    responseStruct(responseText(rest), { model, messages: responseMessages(rest) });
  const split = (messages: Sql) =>
    `CASE WHEN assay_shared > 0 THEN assay_shared ELSE ${askedTurns(messages)} END`;
  return {
    from: (relation) => `(SELECT *, assay_a[:assay_split_a] AS assay_prompt,
        nullif(assay_a[assay_split_a + 1:], []) AS assay_rest_a, nullif(assay_b[assay_split_b + 1:], []) AS assay_rest_b
      FROM (SELECT *, ${split('assay_a')} AS assay_split_a, ${split('assay_b')} AS assay_split_b
        FROM (SELECT *, ${sharedTurns('assay_a', 'assay_b')} AS assay_shared
          FROM (SELECT *, ${a} AS assay_a, ${b} AS assay_b FROM ${relation}))))`,
    promptText: renderMessages('assay_prompt'),
    promptMessages: promptMessages('nullif(assay_prompt, [])'),
    promptBText: `CASE WHEN assay_shared = 0 THEN ${renderMessages('assay_b[:assay_split_b]')} END`,
    responses: `[${response('assay_rest_a', modelA)}, ${response('assay_rest_b', modelB)}]`,
    missing: [
      { when: 'assay_rest_a IS NULL', text: `There is no response in “${columnA}”.`, column: columnA },
      { when: 'assay_rest_b IS NULL', text: `There is no response in “${columnB}”.`, column: columnB },
    ],
  };
}
