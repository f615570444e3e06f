import type { Reading, Sql } from './reader.ts';
import { messageStruct, normaliseRole, promptMessages, renderMessages } from './message-sql.ts';
import {
  annotatorStruct,
  problems,
  type Problem,
  ratingStruct,
  responseStruct,
  votesFromScores,
} from './record-parts.ts';
import { itemsOf, numberField, textField } from './source-sql.ts';

/** A node's own message. */
export function nodeMessage(node: Sql): Sql {
  return messageStruct(normaliseRole(textField(node, 'role')), textField(node, 'text'));
}

/**
 * Names and numbers of a node's `labels` or `emojis` as structs (label, amount): an object of name to number, an object
 * of name to {value, count}, or parallel arrays name[], value[], count[].
 */
function entriesOf(json: Sql, number: 'value' | 'count'): Sql {
  const names = itemsOf(`json_extract(${json}, '$.name')`);
  const numbers = itemsOf(`json_extract(${json}, '$.${number}')`);
  const member = `json_extract(${json}, '$."' || replace(key, '"', '') || '"')`;
  return `CASE WHEN json_type(json_extract(${json}, '$.name')) = 'ARRAY' THEN
      list_transform(range(1, len(${names}) + 1), lambda spot: struct_pack(label := json_extract_string(${names}[spot], '$'),
        amount := TRY_CAST(json_extract_string(${numbers}[spot], '$') AS DOUBLE)))
    WHEN json_type(${json}) = 'OBJECT' THEN
      list_transform(json_keys(${json}), lambda key: struct_pack(label := key,
        amount := TRY_CAST(coalesce(json_extract_string(${member}, '$.${number}'), json_extract_string(${member}, '$')) AS DOUBLE)))
    END`;
}

const raters = "'OASST reviewers'";

/** Ratings of the replies: review labels on 0..1, counts of emojis, and the rank (0 = best). */
function ratingsOf(replies: Sql): Sql {
  const given = (aspect: Sql, amount: Sql, limits: { min?: number; max?: number } = {}) =>
    ratingStruct({ response: 'place - 1', aspect, value: amount, annotator: raters, ...limits });
  const list = (kind: 'labels' | 'emojis', number: 'value' | 'count', struct: Sql) =>
    `list_transform(coalesce(${entriesOf(`json_extract(reply, '$.${kind}')`, number)}, []), lambda entry: ${struct})`;
  return `list_filter(flatten(list_transform(${replies}, lambda reply, place: list_concat(
      [${given("'rank'", numberField('reply', 'rank'), { min: 0 })}],
      ${list('labels', 'value', given('entry.label', 'entry.amount', { min: 0, max: 1 }))},
      ${list('emojis', 'count', given(`'emoji ' || entry.label`, 'entry.amount', { min: 0 }))}))),
    lambda rating: rating."value" IS NOT NULL)`;
}

/** Ranks of the replies as DOUBLE[], for a column of its own: votes look at them once for every pair. */
export function ranksOf(replies: Sql): Sql {
  return `list_transform(${replies}, lambda reply: ${numberField('reply', 'rank')})`;
}

/** A vote for every two replies that are ranked both: the lower rank wins, equal ranks tie. */
function votesOf(ranks: Sql): Sql {
  return `list_filter(${votesFromScores({ scores: ranks, isRank: true, annotator: raters })},
    lambda given: given.label IS NOT NULL)`;
}

type ThreadReading = Omit<Reading, 'from' | 'usedColumns' | 'exampleId' | 'sourceRows'>;

/**
 * A prompter message and the replies to it. `node` is the message as JSON, `path` the messages up to and with it,
 * `replies` the assistant's replies as JSON[], `ranks` their ranks as DOUBLE[].
 */
export function readThread(
  parts: { readonly node: Sql; readonly path: Sql; readonly replies: Sql; readonly ranks: Sql },
  refusals: readonly Problem[],
): ThreadReading {
  return {
    promptText: renderMessages(parts.path),
    promptMessages: promptMessages(parts.path),
    language: textField(parts.node, 'lang'),
    responses: `list_transform(coalesce(${parts.replies}, []), lambda reply:
      ${responseStruct(textField('reply', 'text'), { model: `nullif(${textField('reply', 'model_name')}, '')` })})`,
    votes: votesOf(parts.ranks),
    ratings: ratingsOf(parts.replies),
    annotators: `[${annotatorStruct(raters, "'human'")}]`,
    ...problems(refusals),
    hasSides: true,
    relation: 'pairs',
  };
}
