import { messageStruct, messagesType, promptMessages, renderMessages } from '../reading/message-sql.ts';
import { groupSource } from '../reading/grouped-source.ts';
import type { FormatReader, Reading, SourceShape, Sql } from '../reading/reader.ts';
import {
  annotatorStruct,
  problems,
  ratingStruct,
  responseStruct,
  voteStruct,
} from '../reading/record-parts.ts';
import {
  booleanOf,
  columnNamed,
  hasColumns,
  numberOf,
  presentColumns,
  textOf,
} from '../reading/source-sql.ts';

/**
 * Votes of one PRISM turn: the chosen response against each other one, by the person who scored them. `shown` is a list
 * of structs with `score` (1..100) and `chosen`. Equal scores make no vote, because the choice is random there.
 */
export function prismVotes(shown: Sql, annotator: Sql): Sql {
  const winner = `list_position(list_transform(${shown}, lambda one: coalesce(one.chosen, false)), true)`;
  const score = (place: Sql) => `${shown}[${place}].score`;
  const isFirst = `${winner} < other`;
  const vote = voteStruct({
    a: `least(${winner}, other) - 1`,
    b: `greatest(${winner}, other) - 1`,
    label: `CASE WHEN ${isFirst} THEN 'a' ELSE 'b' END`,
    strength: `abs(${score(winner)} - ${score('other')}) / 99`,
    annotator,
  });
  return `list_transform(list_filter(range(1, len(${shown}) + 1), lambda other:
    ${winner} IS NOT NULL AND other <> ${winner} AND coalesce(${score('other')} <> ${score(winner)}, false)),
    lambda other: ${vote})`;
}

/** Scores of one PRISM turn as ratings on 1..100. */
export function prismRatings(shown: Sql, annotator: Sql): Sql {
  const rating = ratingStruct({
    response: 'place - 1',
    aspect: "'score'",
    value: `${shown}[place].score`,
    annotator,
    min: 1,
    max: 100,
  });
  return `list_transform(list_filter(range(1, len(${shown}) + 1), lambda place: ${shown}[place].score IS NOT NULL),
    lambda place: ${rating})`;
}

/** Responses of one PRISM turn; the words EMPTY STRING stand for an empty response. */
export function prismResponses(shown: Sql): Sql {
  return `list_transform(${shown}, lambda one:
    ${responseStruct(`CASE WHEN one.said = 'EMPTY STRING' THEN '' ELSE one.said END`, { model: 'one.model' })})`;
}

const heldColumns = [
  ...['user_id', 'conversation_id', 'interaction_id', 'conversation_type', 'turn', 'user_prompt'],
  ...['model_response', 'model_name', 'score', 'if_chosen'],
];

/** One row a turn, with the earlier turns of the conversation (the prompt and the chosen response) as messages. */
function groupTurns(shape: SourceShape): (relation: Sql) => Sql {
  const held = presentColumns(shape, ...heldColumns);
  const keyed = shape.columns
    .map(({ name }) => name)
    .filter((name) => !held.includes(name) && name !== 'included_in_balanced_subset');
  const place = numberOf(shape, 'within_turn_id');
  const isTurn = `${textOf(shape, 'user_prompt')} IS NOT NULL AND ${textOf(shape, 'model_response')} IS NOT NULL`;
  return (relation) => {
    const grouped = groupSource(shape, relation, {
      by: [
        textOf(shape, 'conversation_id'),
        numberOf(shape, 'turn'),
        `CASE WHEN ${isTurn} THEN -1 ELSE src_row END`,
      ],
      memberId: `coalesce(${textOf(shape, 'utterance_id')}, src_row::VARCHAR)`,
      keyed,
      aggregates: {
        assay_shown: `list(struct_pack(said := ${textOf(shape, 'model_response')}, model := ${textOf(shape, 'model_name')},
          score := ${numberOf(shape, 'score')}, chosen := ${booleanOf(shape, 'if_chosen')}) ORDER BY ${place}, src_row)
          FILTER (${isTurn})`,
      },
    });
    const chosen = `list_filter(assay_shown, lambda one: one.chosen)[1].said`;
    return `(SELECT *, list_append(coalesce(flatten(list([${messageStruct("'user'", textOf(shape, 'user_prompt'))},
        ${messageStruct("'assistant'", `CASE WHEN ${chosen} = 'EMPTY STRING' THEN '' ELSE ${chosen} END`)}])
        OVER (PARTITION BY ${textOf(shape, 'conversation_id')} ORDER BY ${numberOf(shape, 'turn')}, src_row
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)), []::${messagesType}),
        ${messageStruct("'user'", textOf(shape, 'user_prompt'))}) AS assay_messages
      FROM (${grouped}))`;
  };
}

function read(shape: SourceShape): Reading {
  const person = textOf(shape, 'user_id');
  return {
    from: groupTurns(shape),
    sourceRows: 'assay_rows',
    exampleId: `coalesce(${textOf(shape, 'interaction_id')}, ${textOf(shape, 'conversation_id')} || '/' || ${textOf(shape, 'turn')})`,
    promptText: renderMessages('assay_messages'),
    promptMessages: promptMessages('assay_messages'),
    subset: textOf(shape, 'conversation_type'),
    responses: prismResponses('assay_shown'),
    votes: prismVotes('assay_shown', person),
    ratings: prismRatings('assay_shown', person),
    annotators: `CASE WHEN ${person} IS NOT NULL THEN [${annotatorStruct(person, "'human'")}] END`,
    ...problems([
      {
        when: `${textOf(shape, 'user_prompt')} IS NULL`,
        text: 'There is no user prompt.',
        column: 'user_prompt',
      },
      { when: 'assay_shown IS NULL', text: 'There is no model response.', column: 'model_response' },
    ]),
    usedColumns: presentColumns(
      shape,
      ...heldColumns.filter((name) => name !== 'conversation_id' && name !== 'turn'),
    ),
    hasSides: true,
    relation: 'pairs',
  };
}

/** PRISM utterances: one row a response; responses of one turn become one record. */
export const prismUtterances: FormatReader = {
  id: 'prism-utterances',
  title: 'PRISM utterances',
  description: 'One row a model response with its score 1…100; turns are put together, ties make no pair.',
  detect: (shape) =>
    hasColumns(shape, 'conversation_id', 'turn', 'user_prompt', 'model_response', 'score') &&
    columnNamed(shape, 'if_chosen') !== undefined
      ? { confidence: 0.99, why: 'one scored model response a row, with conversation and turn' }
      : null,
  read,
};
