import {
  messageStruct,
  messagesOf,
  messagesType,
  promptMessages,
  renderMessages,
  responseMessages,
  responseText,
  sharedTurns,
} from './message-sql.ts';
import type { Reading, SourceShape, Sql } from './reader.ts';
import {
  type Problem,
  presentRatings,
  problems,
  ratingStruct,
  responseStruct,
  voteStruct,
} from './record-parts.ts';
import { columnNamed, holdsMessages, numberOf, plainPair, presentColumns, textOf } from './source-sql.ts';
import { flattenedPrompt } from './transcript.ts';

/** Column names of a chosen/rejected pair; those the source lacks are skipped. */
export interface PairColumns {
  readonly prompt?: string | undefined;
  /** A second part of the prompt, put below it (Alpaca's `input`). */
  readonly input?: string | undefined;
  readonly system?: string | undefined;
  readonly chosen: string;
  readonly rejected: string;
  readonly chosenModel?: string | undefined;
  readonly rejectedModel?: string | undefined;
  readonly chosenRating?: string | undefined;
  readonly rejectedRating?: string | undefined;
  readonly exampleId?: string | undefined;
  readonly subset?: string | undefined;
  readonly topic?: string | undefined;
  readonly language?: string | undefined;
}

const isFilled = (text: Sql) => `coalesce(${text}, '') <> ''`;

/** The prompt of a row as messages: system, then the prompt's own messages or its text as one user turn; [] when empty. */
function explicitMessages(shape: SourceShape, columns: PairColumns): Sql {
  const { prompt, system } = columns;
  const text = promptTextOf(shape, columns);
  const flattened = prompt ? flattenedPrompt(shape, prompt) : undefined;
  const said =
    prompt && holdsMessages(shape, prompt)
      ? `coalesce(${messagesOf(shape, prompt)}, []::${messagesType})`
      : (flattened ??
        `CASE WHEN ${isFilled(text)} THEN [${messageStruct("'user'", text)}] ELSE []::${messagesType} END`);
  if (!system || !columnNamed(shape, system)) return said;
  const before = textOf(shape, system);
  return `list_concat(CASE WHEN ${isFilled(before)} THEN [${messageStruct("'system'", before)}]
    ELSE []::${messagesType} END, ${said})`;
}

function promptTextOf(shape: SourceShape, { prompt, input }: PairColumns): Sql {
  const text = prompt ? textOf(shape, prompt) : 'NULL::VARCHAR';
  if (!input || !columnNamed(shape, input)) return text;
  return `concat_ws(chr(10), ${text}, nullif(${textOf(shape, input)}, ''))`;
}

function commonMembers(shape: SourceShape, columns: PairColumns) {
  const ratings = [columns.chosenRating, columns.rejectedRating].flatMap((name, response) =>
    name && columnNamed(shape, name)
      ? [ratingStruct({ response, aspect: "'overall'", value: numberOf(shape, name) })]
      : [],
  );
  const given = presentRatings(ratings);
  const optional = (name: string | undefined, member: 'exampleId' | 'subset' | 'topic' | 'language') =>
    name && columnNamed(shape, name) ? { [member]: textOf(shape, name) } : {};
  return {
    ...plainPair,
    hasSides: false,
    relation: 'pairs',
    votes: `[${voteStruct({ label: "'a'" })}]`,
    ...(given ? { ratings: given } : {}),
    ...optional(columns.exampleId, 'exampleId'),
    ...optional(columns.subset, 'subset'),
    ...optional(columns.topic, 'topic'),
    ...optional(columns.language, 'language'),
    usedColumns: presentColumns(
      shape,
      ...Object.values<string | undefined>({ ...columns }).filter((name) => name !== undefined),
    ),
  } as const;
}

function modelsOf(shape: SourceShape, { chosenModel, rejectedModel }: PairColumns): [Sql, Sql] {
  const text = (name: string | undefined) => (name ? textOf(shape, name) : 'NULL::VARCHAR');
  return [text(chosenModel), text(rejectedModel)];
}

/** Reasons for which a pair cannot be used: a side that is null. */
export function missingSides(chosen: Sql, rejected: Sql, columns: PairColumns): Problem[] {
  const side = (text: Sql, column: string): Problem => ({
    when: `${text} IS NULL`,
    text: `There is no response in “${column}”.`,
    column,
  });
  return [side(chosen, columns.chosen), side(rejected, columns.rejected)];
}

/** Dialogues of both sides as message expressions over the source. */
export interface DialoguePair {
  readonly chosen: Sql;
  readonly rejected: Sql;
}

/**
 * Pairs whose sides are dialogues that may repeat the prompt. The longest run of whole turns that both sides begin with
 * is the prompt, after an explicit prompt that the run does not already hold; what is left of each side is its response.
 */
export function readDialoguePairs(
  shape: SourceShape,
  columns: PairColumns,
  dialogues: DialoguePair,
): Reading {
  const run = `assay_chosen[1:assay_shared]`;
  const contents = (messages: Sql) => `list_transform(${messages}, lambda said: trim(said.content))`;
  const from = (relation: Sql) => `(SELECT *,
      CASE WHEN list_has_all(${contents(run)}, ${contents('assay_explicit')}) THEN ${run}
        ELSE list_concat(assay_explicit, ${run}) END AS assay_prompt,
      nullif(assay_chosen[assay_shared + 1:], []) AS assay_chosen_rest,
      nullif(assay_rejected[assay_shared + 1:], []) AS assay_rejected_rest
    FROM (SELECT *, ${sharedTurns('assay_chosen', 'assay_rejected')} AS assay_shared
      FROM (SELECT *, ${dialogues.chosen} AS assay_chosen, ${dialogues.rejected} AS assay_rejected,
          ${explicitMessages(shape, columns)} AS assay_explicit
        FROM ${relation})))`;
  const models = modelsOf(shape, columns);
  const response = (rest: Sql, model: Sql) =>
    responseStruct(responseText(rest), { model, messages: responseMessages(rest) });
  return {
    ...commonMembers(shape, columns),
    from,
    promptText: renderMessages('assay_prompt'),
    promptMessages: promptMessages('nullif(assay_prompt, [])'),
    responses: `[${response('assay_chosen_rest', models[0])}, ${response('assay_rejected_rest', models[1])}]`,
    ...problems(
      missingSides(responseText('assay_chosen_rest'), responseText('assay_rejected_rest'), columns),
    ),
  };
}

/** Pairs of plain texts beside a prompt; no JSON work per row where prompt and sides are VARCHAR. */
function readTextPairs(shape: SourceShape, columns: PairColumns): Reading {
  const [chosen, rejected] = [textOf(shape, columns.chosen), textOf(shape, columns.rejected)];
  const models = modelsOf(shape, columns);
  const hasMessages =
    (columns.prompt !== undefined &&
      (holdsMessages(shape, columns.prompt) || flattenedPrompt(shape, columns.prompt) !== undefined)) ||
    (columns.system !== undefined && columnNamed(shape, columns.system) !== undefined);
  const explicit = explicitMessages(shape, columns);
  const prompt = hasMessages
    ? {
        from: (relation: Sql) => `(SELECT *, ${explicit} AS assay_prompt FROM ${relation})`,
        promptText: renderMessages('assay_prompt'),
        promptMessages: promptMessages('nullif(assay_prompt, [])'),
      }
    : { promptText: `coalesce(${promptTextOf(shape, columns)}, '')` };
  return {
    ...commonMembers(shape, columns),
    ...prompt,
    responses: `[${responseStruct(chosen, { model: models[0] })}, ${responseStruct(rejected, { model: models[1] })}]`,
    ...problems(missingSides(chosen, rejected, columns)),
  };
}

/**
 * Pairs of plain texts that both hold the prompt. What both begin with is cut at the last line break, or at the last
 * blank where there is no line break, never inside a word.
 */
function readImplicitTextPairs(shape: SourceShape, columns: PairColumns): Reading {
  const [chosen, rejected] = [textOf(shape, columns.chosen), textOf(shape, columns.rejected)];
  const shared = (separator: Sql) => {
    const [first, second] = [
      `string_split(${chosen}, ${separator})`,
      `string_split(${rejected}, ${separator})`,
    ];
    const most = `least(len(${first}), len(${second})) - 1`;
    const pairs = `list_zip(${first}[:${most}], ${second}[:${most}])`;
    return `coalesce(list_position(list_transform(${pairs}, lambda twin: twin[1] = twin[2]), false) - 1, ${most})`;
  };
  const prefix = (separator: Sql, count: Sql) =>
    `array_to_string(string_split(${chosen}, ${separator})[1:${count}], ${separator}) || ${separator}`;
  const from = (relation: Sql) => `(SELECT *,
      CASE WHEN assay_lines > 0 THEN ${prefix('chr(10)', 'assay_lines')}
        WHEN assay_words > 0 THEN ${prefix("' '", 'assay_words')} ELSE '' END AS assay_prompt
    FROM (SELECT *, ${shared('chr(10)')} AS assay_lines, ${shared("' '")} AS assay_words FROM ${relation}))`;
  const rest = (text: Sql) => `substr(${text}, length(assay_prompt) + 1)`;
  const models = modelsOf(shape, columns);
  return {
    ...commonMembers(shape, columns),
    from,
    promptText: "trim(assay_prompt, ' ' || chr(10))",
    responses: `[${responseStruct(rest(chosen), { model: models[0] })}, ${responseStruct(rest(rejected), { model: models[1] })}]`,
    ...problems(missingSides(chosen, rejected, columns)),
  };
}

/** Chosen/rejected pairs, plain or conversational, with an explicit prompt or one that the sides repeat. */
export function readPairs(shape: SourceShape, columns: PairColumns): Reading {
  if (holdsMessages(shape, columns.chosen) || holdsMessages(shape, columns.rejected)) {
    return readDialoguePairs(shape, columns, {
      chosen: messagesOf(shape, columns.chosen, 'assistant'),
      rejected: messagesOf(shape, columns.rejected, 'assistant'),
    });
  }
  const hasPrompt = columns.prompt !== undefined && columnNamed(shape, columns.prompt) !== undefined;
  return hasPrompt ? readTextPairs(shape, columns) : readImplicitTextPairs(shape, columns);
}
