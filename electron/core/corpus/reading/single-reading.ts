import {
  messageStruct,
  messagesOf,
  messagesType,
  promptMessages,
  renderMessages,
  responseMessages,
  responseText,
} from './message-sql.ts';
import type { Reading, SourceShape, Sql } from './reader.ts';
import { problems, type Problem, ratingStruct, responseStruct } from './record-parts.ts';
import { booleanOf, columnNamed, holdsMessages, presentColumns, textOf } from './source-sql.ts';

/** Column names of a prompt with one response; those the source lacks are skipped. */
export interface SingleColumns {
  readonly prompt?: string | undefined;
  readonly system?: string | undefined;
  readonly response: string;
}

type SinglePart = Pick<Reading, 'from' | 'promptText' | 'promptMessages' | 'responses'> & {
  readonly missing: Problem;
};

/** Prompt and single response, as text or as messages; the response of a dialogue is what follows its last user turn. */
export function readSingle(shape: SourceShape, { prompt, system, response }: SingleColumns): SinglePart {
  const hasPrompt = prompt !== undefined && columnNamed(shape, prompt) !== undefined;
  const isDialogue = holdsMessages(shape, response) || (hasPrompt && holdsMessages(shape, prompt));
  const systemText = system ? textOf(shape, system) : undefined;
  if (!isDialogue && systemText === undefined) {
    const text = textOf(shape, response);
    return {
      promptText: hasPrompt ? `coalesce(${textOf(shape, prompt)}, '')` : "''",
      responses: `[${responseStruct(text)}]`,
      missing: missingResponse(text, response),
    };
  }
  const before = systemText
    ? `CASE WHEN coalesce(${systemText}, '') <> '' THEN [${messageStruct("'system'", systemText)}] ELSE []::${messagesType} END`
    : `[]::${messagesType}`;
  const asMessages = (name: string, role: string) =>
    holdsMessages(shape, name)
      ? messagesOf(shape, name, role)
      : `CASE WHEN ${textOf(shape, name)} IS NOT NULL THEN [${messageStruct(`'${role}'`, textOf(shape, name))}] END`;
  const asked = hasPrompt ? `coalesce(${asMessages(prompt, 'user')}, [])` : `[]::${messagesType}`;
  return readDialogueSingle(
    `list_concat(${before}, ${asked}, ${asMessages(response, 'assistant')})`,
    response,
  );
}

/** A dialogue as a prompt (all but the last turn) and a response (the last turn, unless it is the user's). */
export function readDialogueSingle(dialogue: Sql, column: string): SinglePart {
  const rest = `CASE WHEN assay_dialogue[-1]."role" NOT IN ('user', 'system') THEN assay_dialogue[-1:] END`;
  return {
    from: (relation) => `(SELECT *, assay_dialogue[:-2] AS assay_prompt, ${rest} AS assay_response
      FROM (SELECT *, ${dialogue} AS assay_dialogue FROM ${relation}))`,
    promptText: `coalesce(${renderMessages('assay_prompt')}, '')`,
    promptMessages: promptMessages('nullif(assay_prompt, [])'),
    responses: `[${responseStruct(responseText('assay_response'), { messages: responseMessages('assay_response') })}]`,
    missing: missingResponse('assay_response', column),
  };
}

function missingResponse(expression: Sql, column: string): Problem {
  return { when: `${expression} IS NULL`, text: `There is no response in “${column}”.`, column };
}

/** One response with a wanted/unwanted label, as KTO uses it: rating aspect `label`, 1 = wanted, 0 = unwanted. */
export function readUnpaired(shape: SourceShape, columns: SingleColumns, label: string): Reading {
  const { missing, ...single } = readSingle(shape, columns);
  return unpairedReading(shape, { ...single, missing }, label, [
    ...Object.values<string | undefined>({ ...columns }).filter((name) => name !== undefined),
  ]);
}

/** The parts that every labelled single response has in common. */
export function unpairedReading(
  shape: SourceShape,
  { missing, ...single }: SinglePart,
  label: string,
  used: readonly string[],
): Reading {
  const wanted = booleanOf(shape, label);
  return {
    ...single,
    ratings: `[${ratingStruct({ response: 0, aspect: "'label'", value: `(${wanted})::INTEGER`, min: 0, max: 1 })}]`,
    maxResponses: 1,
    maxVotes: 0,
    usedColumns: presentColumns(shape, ...used, label, 'id'),
    ...(columnNamed(shape, 'id') ? { exampleId: textOf(shape, 'id') } : {}),
    hasSides: false,
    relation: 'responses',
    ...problems([
      missing,
      {
        when: `(${wanted}) IS NULL`,
        text: `The label in “${label}” is neither true nor false.`,
        column: label,
      },
    ]),
  };
}
