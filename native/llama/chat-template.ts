import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { AppError } from '../../electron/contract/app-error.ts';
import type { ChatMessage } from '../host/inference.ts';

/** A piece of what the model reads. Only pieces of the template may stand for special tokens, never content. */
export interface RenderedPart {
  readonly text: string;
  readonly isContent: boolean;
}

export interface ChatTemplate {
  /** The model's own Jinja template; null where the file has none. */
  readonly source: string | null;
  readonly bosToken: string;
  readonly eosToken: string;
}

const open = '\uE000';
const close = '\uE001';
const mark = (index: number) => `${open}${index}${close}`;
const marks = new RegExp(`${open}(\\d+)${close}`, 'g');

/** A template that asks for the date gets this one: what a model reads may not depend on the day. */
const fixedDate = '2024-07-26';

function range(start: number, end?: number, step = 1): number[] {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  return Array.from(
    { length: Math.max(0, Math.ceil((to - from) / step)) },
    (_, index) => from + index * step,
  );
}

function run(template: ChatTemplate & { source: string }, messages: readonly ChatMessage[]): string {
  const environment = new Environment();
  const globals: Record<string, unknown> = {
    ...{ true: true, false: false, none: null, True: true, False: false, None: null },
    range,
    raise_exception: (message: string) => {
      throw new Error(message);
    },
    ...(template.source.includes('strftime_now is defined') ? {} : { strftime_now: () => fixedDate }),
    messages: messages.map(({ role }, index) => ({ role, content: mark(index) })),
    bos_token: template.bosToken,
    eos_token: template.eosToken,
    add_generation_prompt: true,
    // Models that think aloud before they answer are asked not to: a verdict is read right after the opened turn.
    enable_thinking: false,
  };
  for (const [name, value] of Object.entries(globals)) environment.set(name, value);
  const program = parse(tokenize(template.source, { lstrip_blocks: true, trim_blocks: true }));
  const result = new Interpreter(environment).run(program) as { value: unknown }; // a program's value is its text
  return String(result.value);
}

/** The system message in front of the first user message, and neighbours of one role joined. */
function simplify(messages: readonly ChatMessage[]): ChatMessage[] {
  const joined: ChatMessage[] = [];
  for (const message of messages) {
    const role = message.role === 'system' ? 'user' : message.role;
    const last = joined.at(-1);
    if (last?.role === role)
      joined[joined.length - 1] = { role, content: `${last.content}\n\n${message.content}` };
    else joined.push({ role, content: message.content });
  }
  return joined;
}

/** The conversation in plain words, for a model without a template. */
function spellPlainly(messages: readonly ChatMessage[]): RenderedPart[] {
  const names = { system: 'System', user: 'User', assistant: 'Assistant' } as const;
  return [
    ...messages.flatMap(({ role, content }) => [
      { text: `${names[role]}: `, isContent: true },
      { text: `${content}\n\n`, isContent: true },
    ]),
    { text: 'Assistant:', isContent: true },
  ];
}

/** Puts the contents back; undefined where the template left a message out or changed the order. */
function fill(rendered: string, messages: readonly ChatMessage[]): RenderedPart[] | undefined {
  const parts: RenderedPart[] = [];
  const seen: number[] = [];
  let from = 0;
  for (const match of rendered.matchAll(marks)) {
    const index = Number(match[1]);
    seen.push(index);
    parts.push({ text: rendered.slice(from, match.index), isContent: false });
    parts.push({ text: messages[index]?.content ?? '', isContent: true });
    from = match.index + match[0].length;
  }
  parts.push({ text: rendered.slice(from), isContent: false });
  const isWhole = seen.length === messages.length && seen.every((index, place) => index === place);
  return isWhole ? parts.filter(({ text }) => text !== '') : undefined;
}

/**
 * A conversation as the model was trained to read it, with the assistant's turn opened and begun with `answer`.
 *
 * The template is run over marks instead of the texts, which are put in afterwards: nothing a user wrote can change the
 * template's course or become a special token. A template that refuses a system message, or two messages of one role in
 * a row, is given the simplified conversation. Throws MODEL_UNSUPPORTED where it refuses that too.
 */
export function renderChat(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  answer = '',
): readonly RenderedPart[] {
  const begun = answer === '' ? [] : [{ text: answer, isContent: true }];
  const { source } = template;
  if (source === null) {
    const space = answer === '' || /^\s/.test(answer) ? '' : ' ';
    return [...spellPlainly(messages), ...begun.map((part) => ({ ...part, text: space + part.text }))];
  }
  let trouble = 'it left a message out';
  for (const conversation of [messages, simplify(messages)]) {
    try {
      const parts = fill(run({ ...template, source }, conversation), conversation);
      if (parts) return [...parts, ...begun];
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
    }
  }
  throw new AppError(
    'MODEL_UNSUPPORTED',
    `The model was not asked: its chat template cannot take this conversation (${trouble}). Use another model, or a prompt without a system message.`,
    { cause: trouble },
  );
}

const placeholderTurn = '\uE002';

/** A conversation with the user's turn opened after it and nothing said in it yet. Throws as `renderChat` does. */
export function renderUserTurn(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
): readonly RenderedPart[] {
  const parts = renderChat(template, [...messages, { role: 'user', content: placeholderTurn }]);
  return parts.slice(
    0,
    parts.findIndex(({ text, isContent }) => isContent && text.startsWith(placeholderTurn)),
  );
}
