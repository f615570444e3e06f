import { quoteIdentifier, quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { SourceShape, Sql } from './reader.ts';
import { findColumn, jsonOf, textField } from './source-sql.ts';

/** DuckDB type of a dialogue. */
export const messagesType = 'STRUCT("role" VARCHAR, content VARCHAR)[]';

/** The field's many words for who speaks, as user|assistant|system|tool; an unknown word stays as it is. */
export function normaliseRole(role: Sql): Sql {
  return `CASE lower(${role})
    WHEN 'human' THEN 'user' WHEN 'prompter' THEN 'user' WHEN 'user' THEN 'user'
    WHEN 'gpt' THEN 'assistant' WHEN 'model' THEN 'assistant' WHEN 'chatgpt' THEN 'assistant'
    WHEN 'bot' THEN 'assistant' WHEN 'assistant' THEN 'assistant' WHEN 'system' THEN 'system'
    WHEN 'observation' THEN 'tool' WHEN 'function_call' THEN 'assistant' ELSE lower(${role}) END`;
}

/** One message as a struct. */
export function messageStruct(role: Sql, content: Sql): Sql {
  return `struct_pack("role" := (${role})::VARCHAR, content := (${content})::VARCHAR)`;
}

/** Message content as text: a list of parts is joined with new lines, a part that is no text becomes its type in brackets. */
function contentText(content: Sql): Sql {
  return `CASE WHEN json_type(${content}) = 'ARRAY' THEN array_to_string(
      list_transform(TRY_CAST(${content} AS JSON[]), lambda part:
        CASE WHEN json_type(part) = 'VARCHAR' THEN json_extract_string(part, '$')
          ELSE coalesce(json_extract_string(part, '$.text'), '[' || json_extract_string(part, '$.type') || ']') END), chr(10))
    ELSE json_extract_string(${content}, '$') END`;
}

function messageFromJson(json: Sql): Sql {
  const role = `coalesce(${textField(json, 'role')}, ${textField(json, 'from')})`;
  const content = `coalesce(json_extract(${json}, '$.content'), json_extract(${json}, '$.value'))`;
  return messageStruct(normaliseRole(role), contentText(content));
}

/**
 * Messages of a JSON expression: an array of messages, one message, or a bare string, which is taken as one message of
 * `textRole`. Anything else is NULL.
 */
export function messagesFromJson(json: Sql, textRole = 'user'): Sql {
  return `CASE json_type(${json})
    WHEN 'ARRAY' THEN list_transform(
      list_filter(TRY_CAST(${json} AS JSON[]), lambda entry: json_type(entry) = 'OBJECT'),
      lambda entry: ${messageFromJson('entry')})
    WHEN 'OBJECT' THEN [${messageFromJson(json)}]
    WHEN 'VARCHAR' THEN [${messageStruct(quoteLiteral(textRole), `json_extract_string(${json}, '$')`)}] END`;
}

const typedMessages =
  /^STRUCT\((?=.*"?role"? VARCHAR)(?=.*"?content"? VARCHAR)[^()]*\)\[\]$|^STRUCT\((?=.*"?from"? VARCHAR)(?=.*"?value"? VARCHAR)[^()]*\)\[\]$/;

/**
 * A column as messages. Typed lists of {role, content} or {from, value} take no JSON detour; other columns may hold JSON
 * in any of the shapes of `messagesFromJson`.
 */
export function messagesOf(shape: SourceShape, name: string, textRole = 'user'): Sql {
  const column = findColumn(shape, name);
  if (!column) return `NULL::${messagesType}`;
  const identifier = quoteIdentifier(column.name);
  if (typedMessages.test(column.type)) {
    const [role, content] = /"?role"? VARCHAR/.test(column.type) ? ['role', 'content'] : ['from', 'value'];
    return `list_transform(${identifier}, lambda entry: ${messageStruct(
      normaliseRole(`entry.${quoteIdentifier(role)}`),
      `entry.${quoteIdentifier(content)}`,
    )})`;
  }
  return messagesFromJson(jsonOf(shape, name), textRole);
}

/**
 * Messages as one text: a single user turn is its bare content, everything else is `User: …`, `Assistant: …` with an
 * empty line between turns.
 */
export function renderMessages(messages: Sql): Sql {
  return `CASE WHEN len(${messages}) = 1 AND ${messages}[1]."role" = 'user' THEN ${messages}[1].content
    ELSE array_to_string(list_transform(${messages}, lambda said:
      upper(said."role"[1]) || said."role"[2:] || ': ' || coalesce(said.content, '')), chr(10) || chr(10)) END`;
}

/** Messages of a prompt, NULL where they are just one user turn, as `Reading.promptMessages` wants it. */
export function promptMessages(messages: Sql): Sql {
  return `CASE WHEN len(${messages}) = 1 AND ${messages}[1]."role" = 'user' THEN NULL ELSE ${messages} END`;
}

/** Text of a response: one assistant turn is its bare content, several turns are rendered. */
export function responseText(messages: Sql): Sql {
  return `CASE WHEN len(${messages}) = 1 THEN ${messages}[1].content ELSE ${renderMessages(messages)} END`;
}

/** Messages of a response, NULL where they are just one turn. */
export function responseMessages(messages: Sql): Sql {
  return `CASE WHEN len(${messages}) = 1 THEN NULL ELSE ${messages} END`;
}

/**
 * Number of leading turns that two dialogues share, whole turns only. The last turn of each stays out of it unless it is
 * the user's or the system's, so that two equal responses are not taken for prompt.
 */
export function sharedTurns(first: Sql, second: Sql): Sql {
  const limit = (messages: Sql) =>
    `len(${messages}) - CASE WHEN ${messages}[-1]."role" IN ('user', 'system') THEN 0 ELSE 1 END`;
  const most = `greatest(least(${limit(first)}, ${limit(second)}), 0)`;
  const pairs = `list_zip(${first}[:${most}], ${second}[:${most}])`;
  return `coalesce(list_position(list_transform(${pairs}, lambda twin: twin[1] IS NOT DISTINCT FROM twin[2]), false) - 1,
    ${most}, 0)`;
}

/** Unicode noncharacters, which no text holds: they stand before a turn and before its content while it is split. */
const turnStart = 'chr(64976)';
const turnBody = 'chr(64977)';

/**
 * A flat transcript as messages. `marker` is an RE2 pattern whose only group is the speaker's word; text before the first
 * marker is a turn of the user. One blank after a marker is dropped, and an empty last turn where `isPrompt` is set
 * (the place where the response goes).
 */
export function messagesFromTranscript(text: Sql, marker: string, isPrompt = false): Sql {
  const separated = `string_split(regexp_replace(${text}, ${quoteLiteral(marker)}, ${turnStart} || '\\1' || ${turnBody}, 'g'), ${turnStart})`;
  const turns = `list_transform(${separated}, lambda turn: CASE WHEN contains(turn, ${turnBody})
      THEN ${messageStruct(normaliseRole(`split_part(turn, ${turnBody}, 1)`), `substr(turn, instr(turn, ${turnBody}) + 1)`)}
      ELSE ${messageStruct("'user'", 'turn')} END)`;
  const keep = isPrompt ? `said.content <> ''` : `said.content <> '' OR said."role" <> 'user'`;
  return `list_filter(${turns}, lambda said: ${keep})`;
}
