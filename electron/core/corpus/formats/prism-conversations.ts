import {
  messageStruct,
  messagesType,
  normaliseRole,
  promptMessages,
  renderMessages,
} from '../reading/message-sql.ts';
import { prismRatings, prismResponses, prismVotes } from './prism-utterances.ts';
import type { FormatReader, Reading, SourceShape, Sql } from '../reading/reader.ts';
import { annotatorStruct, problems } from '../reading/record-parts.ts';
import {
  booleanFromText,
  hasColumns,
  listOf,
  numberField,
  presentColumns,
  textField,
  textOf,
} from '../reading/source-sql.ts';

/** The history as a typed list. */
function historyOf(shape: SourceShape): Sql {
  return `list_transform(coalesce(${listOf(shape, 'conversation_history')}, []), lambda entry: struct_pack(
    turn := ${numberField('entry', 'turn')}, speaker := ${normaliseRole(textField('entry', 'role'))},
    said := ${textField('entry', 'content')}, model := ${textField('entry', 'model_name')},
    score := ${numberField('entry', 'score')}, chosen := ${booleanFromText(textField('entry', 'if_chosen'))},
    place := ${numberField('entry', 'within_turn_id')}))`;
}

/** One row a turn that has responses; a conversation without any stays as one row. */
function unnestTurns(shape: SourceShape): (relation: Sql) => Sql {
  const earlier = `list_filter(assay_history, lambda entry: entry.turn < assay_turn AND (entry.speaker = 'user' OR entry.chosen))`;
  const own = `list_filter(assay_history, lambda entry: entry.turn = assay_turn AND entry.speaker = 'user')`;
  return (relation) => `(SELECT *,
      list_transform(list_concat(${earlier}, ${own}), lambda entry: ${messageStruct('entry.speaker', 'entry.said')})::${messagesType}
        AS assay_messages,
      list_filter(assay_history, lambda entry: entry.turn = assay_turn AND entry.speaker = 'assistant') AS assay_shown,
      row_number() OVER (PARTITION BY src_row ORDER BY assay_turn) AS assay_order
    FROM (SELECT *, unnest(CASE WHEN len(assay_turns) = 0 THEN [NULL::DOUBLE] ELSE assay_turns END) AS assay_turn
      FROM (SELECT *, list_sort(list_distinct(list_transform(
          list_filter(assay_history, lambda entry: entry.speaker = 'assistant'), lambda entry: entry.turn))) AS assay_turns
        FROM (SELECT *, ${historyOf(shape)} AS assay_history FROM ${relation}))))`;
}

function read(shape: SourceShape): Reading {
  const person = textOf(shape, 'user_id');
  return {
    from: unnestTurns(shape),
    sourceRows: 'CASE WHEN assay_order = 1 THEN 1 ELSE 0 END',
    exampleId: `${textOf(shape, 'conversation_id')} || coalesce('/' || assay_turn::INTEGER, '')`,
    promptText: renderMessages('assay_messages'),
    promptMessages: promptMessages('assay_messages'),
    subset: textOf(shape, 'conversation_type'),
    responses: prismResponses('assay_shown'),
    votes: prismVotes('assay_shown', person),
    ratings: prismRatings('assay_shown', person),
    annotators: `CASE WHEN ${person} IS NOT NULL THEN [${annotatorStruct(person, "'human'")}] END`,
    ...problems([
      {
        when: 'assay_turn IS NULL',
        text: 'The conversation holds no model response.',
        column: 'conversation_history',
      },
    ]),
    usedColumns: presentColumns(
      shape,
      'user_id',
      'conversation_type',
      'opening_prompt',
      'conversation_history',
    ),
    hasSides: true,
    relation: 'pairs',
  };
}

/** PRISM conversations: nested histories; every turn with responses becomes one record. */
export const prismConversations: FormatReader = {
  id: 'prism-conversations',
  title: 'PRISM conversations',
  description: 'Nested conversation_history; every turn becomes a record with the earlier turns as prompt.',
  detect: (shape) =>
    hasColumns(shape, 'conversation_id', 'conversation_history', 'opening_prompt')
      ? { confidence: 0.99, why: 'nested conversation_history with an opening prompt' }
      : null,
  read,
};
