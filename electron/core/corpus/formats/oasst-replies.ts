import type { Reading, Sql } from './reader.ts';
import { messageStruct, normaliseRole, promptMessages, renderMessages } from './message-sql.ts';
import {
  annotatorStruct,
  problems,
  type Problem,
  ratingStruct,
  responseStruct,
  voteStruct,
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
    `list_transform(coalesce(${entriesOf(`json_extract(${replies}[place], '$.${kind}')`, number)}, []), lambda entry: ${struct})`;
  return `list_filter(flatten(list_transform(range(1, len(${replies}) + 1), lambda place: list_concat(
      [${given("'rank'", numberField(`${replies}[place]`, 'rank'), { min: 0 })}],
      ${list('labels', 'value', given('entry.label', 'entry.amount', { min: 0, max: 1 }))},
      ${list('emojis', 'count', given(`'emoji ' || entry.label`, 'entry.amount', { min: 0 }))}))),
    lambda rating: rating."value" IS NOT NULL)`;
}

/** A vote for every two replies that are ranked both: the lower rank wins, equal ranks tie. */
function votesOf(replies: Sql): Sql {
  const rank = (place: Sql) => numberField(`${replies}[${place}]`, 'rank');
  const vote = voteStruct({
    a: 'i - 1',
    b: 'j - 1',
    label: `CASE WHEN ${rank('i')} < ${rank('j')} THEN 'a' WHEN ${rank('i')} > ${rank('j')} THEN 'b'
      WHEN ${rank('i')} = ${rank('j')} THEN 'tie' END`,
    annotator: raters,
  });
  return `list_filter(flatten(list_transform(range(1, len(${replies}) + 1), lambda i:
    list_transform(range(i + 1, len(${replies}) + 1), lambda j: ${vote}))), lambda given: given.label IS NOT NULL)`;
}

type ThreadReading = Omit<Reading, 'from' | 'usedColumns' | 'exampleId' | 'sourceRows'>;

/**
 * A prompter message and the replies to it. `node` is the message as JSON, `path` the messages up to and with it,
 * `replies` the assistant's replies as JSON[].
 */
export function readThread(
  parts: { readonly node: Sql; readonly path: Sql; readonly replies: Sql },
  refusals: readonly Problem[],
): ThreadReading {
  return {
    promptText: renderMessages(parts.path),
    promptMessages: promptMessages(parts.path),
    language: textField(parts.node, 'lang'),
    responses: `list_transform(coalesce(${parts.replies}, []), lambda reply:
      ${responseStruct(textField('reply', 'text'), { model: `nullif(${textField('reply', 'model_name')}, '')` })})`,
    votes: votesOf(parts.replies),
    ratings: ratingsOf(parts.replies),
    annotators: `[${annotatorStruct(raters, "'human'")}]`,
    ...problems(refusals),
    hasSides: true,
    relation: 'pairs',
  };
}
