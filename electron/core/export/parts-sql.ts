import { renderMessages, sharedTurns } from '../corpus/reading/message-sql.ts';
import type { Sql } from '../corpus/reading/reader.ts';
import { column, type Condition, type Holding, type WriterColumn } from './writer.ts';

/** DuckDB types of what files hold. */
export const chatType = 'STRUCT("role" VARCHAR, "content" VARCHAR)[]';
export const shareType = 'STRUCT("from" VARCHAR, "value" VARCHAR)[]';

/** Messages as {role, content}. */
export const asChat = (messages: Sql): Sql => `${messages}::${chatType}`;

/** Messages as ShareGPT's {from, value}, with its words for who speaks. */
export const asShare = (messages: Sql): Sql =>
  `list_transform(${messages}, lambda said: {'from': CASE said."role" WHEN 'user' THEN 'human' WHEN 'assistant' THEN 'gpt'
    WHEN 'tool' THEN 'observation' ELSE said."role" END, 'value': said.content})`;

/** The system text of a prompt that begins with one, else an empty text. */
export const systemText: Sql = `CASE WHEN prompt_messages[1]."role" = 'system' THEN prompt_messages[1].content ELSE '' END`;

/** The prompt without the system turn it begins with. */
export const withoutSystem: Sql = `CASE WHEN prompt_messages[1]."role" = 'system' THEN prompt_messages[2:] ELSE prompt_messages END`;

/** The prompt below its system turn as one text; several turns are rendered with the speakers' names. */
export const askedText: Sql = `CASE WHEN prompt_messages[1]."role" = 'system' AND len(prompt_messages) > 1
    THEN ${renderMessages('prompt_messages[2:]')} WHEN prompt_messages[1]."role" = 'system' THEN '' ELSE prompt END`;

const said = (messages: Sql, marks: Readonly<Record<string, string>>, between: Sql) =>
  `array_to_string(list_transform(${messages}, lambda said: CASE said."role" ${Object.entries(marks)
    .map(([role, mark]) => `WHEN '${role}' THEN ${mark}`)
    .join(' ')} END || coalesce(said.content, '')), ${between})`;

const blankLine = 'chr(10) || chr(10)';

/** Turns as Anthropic's transcript: an empty line and the speaker before each. */
export const asTranscript = (messages: Sql): Sql =>
  said(messages, { user: `${blankLine} || 'Human: '`, assistant: `${blankLine} || 'Assistant: '` }, "''");

/** A prompt as NVIDIA flattens it: the first user turn bare, every other with a marker before it. */
export const asNvidia = (messages: Sql): Sql => {
  const marked = (list: Sql) =>
    said(
      list,
      {
        user: `'<extra_id_1>User' || chr(10)`,
        assistant: `'<extra_id_1>Assistant' || chr(10)`,
        system: `'<extra_id_1>System' || chr(10)`,
      },
      'chr(10)',
    );
  return `CASE WHEN len(${messages}) = 0 THEN '' WHEN ${messages}[1]."role" = 'user' THEN
      concat(${messages}[1].content, CASE WHEN len(${messages}) > 1 THEN chr(10) || ${marked(`${messages}[2:]`)} ELSE '' END)
    ELSE ${marked(messages)} END`;
};

/** True where some turn of the list is by none of the roles. */
export const hasOtherRole = (messages: Sql, ...roles: readonly string[]): Sql =>
  `len(list_filter(${messages}, lambda said: said."role" NOT IN (${roles.map((role) => `'${role}'`).join(', ')}))) > 0`;

/** True where some turn's text matches an RE2 pattern. */
export const hasText = (messages: Sql, pattern: string): Sql =>
  `len(list_filter(${messages}, lambda said: regexp_matches(said.content, '${pattern}'))) > 0`;

export const twoPrompts: Condition = {
  when: 'prompt_b IS NOT NULL',
  why: 'the two responses answer different prompts, for which this format has no place',
};

export const severalTurns = (what: string): Condition => ({
  when: 'len(chosen_messages) > 1 OR len(rejected_messages) > 1',
  why: `a response has several turns, and ${what}`,
});

/** Chosen and rejected begin with the same turns, which every reader of whole dialogues takes for the prompt. */
export const sharedBeginning: Condition = {
  when: `(len(chosen_messages) > 1 AND len(rejected_messages) > 1) AND (${sharedTurns('chosen_messages', 'rejected_messages')}) > 0`,
  why: 'both responses begin with the same turns, which a reader will take for the end of the prompt',
};

export const flattenedPrompt: Condition = {
  when: 'is_dialogue',
  why: 'the turns of the prompt (or its system text) become one text with “User:” and “Assistant:” before each turn',
};

export const flattenedResponse: Condition = {
  when: 'a_is_dialogue OR b_is_dialogue',
  why: 'the turns of a response become one text with “User:” and “Assistant:” before each turn',
};

/** Texts that a reader takes for a transcript with markers and splits into turns. */
export const transcriptLike: Condition = {
  when: `contains(prompt, '<extra_id_1>') OR ${['prompt', 'chosen', 'rejected']
    .map(
      (text) =>
        `(regexp_matches(${text}, '(^|\\n\\n)Human:') AND contains(${text}, chr(10) || chr(10) || 'Assistant:'))`,
    )
    .join(' OR ')}`,
  why: 'a text has the markers of a transcript (Human and Assistant, or <extra_id_1>), at which readers split it into turns',
};

/** Strength on NVIDIA's scale: −3 = the first response is much better, 3 = the second is, 0 = tie. */
export const signedStrength = (label: Sql, strength: Sql, unknown: number): Sql =>
  `CASE ${label} WHEN 'tie' THEN 0 WHEN 'a' THEN -1 WHEN 'b' THEN 1 END
    * coalesce(greatest(1, round(${strength} * 3)), ${unknown})::INTEGER`;

/** Strengths that −3…3 cannot say. */
export const roundedStrength: readonly Condition[] = [
  {
    when: `label IN ('a', 'b') AND strength IS NOT NULL AND abs(greatest(1, round(strength * 3)) / 3.0 - strength) > 1e-9`,
    why: 'the strength is rounded to thirds, the steps of −3…3',
  },
  {
    when: `label IN ('a', 'b') AND strength IS NULL`,
    why: 'the strength is not known and the number chosen in the options is written for it',
  },
];

/** Mean rating of a response on one aspect, over its raters. */
export const meanRating = (responseId: Sql, aspect: string): Sql =>
  `(SELECT avg(g."value") FROM rating g WHERE g.response_id = ${responseId} AND g.aspect = '${aspect}')`;

export const holding = (...held: readonly Holding[]): ReadonlySet<Holding> => new Set(held);

/** Prompt, chosen and rejected as text or as messages. */
export function preferenceColumns(isChat: boolean, names: { prompt?: string } = {}): WriterColumn[] {
  const { prompt = 'prompt' } = names;
  return isChat
    ? [
        column(prompt, chatType, asChat('prompt_messages'), 'the conversation so far'),
        column('chosen', chatType, asChat('chosen_messages'), 'the preferred response'),
        column('rejected', chatType, asChat('rejected_messages'), 'the other response'),
      ]
    : [
        column(prompt, 'VARCHAR', 'prompt', 'the prompt'),
        column('chosen', 'VARCHAR', 'chosen', 'the preferred response'),
        column('rejected', 'VARCHAR', 'rejected', 'the other response'),
      ];
}

/** What plain and conversational pairs lose or leave open. */
export function preferenceConditions(isChat: boolean): {
  ambiguous: readonly Condition[];
  changes: readonly Condition[];
} {
  return isChat
    ? { ambiguous: [sharedBeginning], changes: [] }
    : { ambiguous: [transcriptLike], changes: [flattenedPrompt, flattenedResponse] };
}

export const chatHoldings = (isChat: boolean): readonly Holding[] =>
  isChat ? ['prompt_turns', 'system', 'response_turns'] : [];
