import { createHash } from 'node:crypto';
import { AppError } from '../../contract/app-error.ts';
import type { ChatMessage, ModelInput } from '../../../native/host/inference.ts';

type Section = 'system' | 'user' | 'assistant' | 'answer';

/**
 * A prompt in parts. In its text a line `[[system]]`, `[[user]]` or `[[assistant]]` begins a message, `[[answer]]` the
 * words the assistant's turn is begun with, and `{{name}}` stands for a value.
 */
export interface PromptTemplate {
  readonly text: string;
  /** First 16 hex digits of the text's SHA-256; recorded with every result. */
  readonly hash: string;
  readonly parts: readonly { readonly section: Section; readonly text: string }[];
  /** Names used, each once, in order of appearance. */
  readonly placeholders: readonly string[];
}

const heading = /^\[\[(system|user|assistant|answer)\]\][ \t]*$/;
const placeholder = /\{\{\s*([a-z][a-z0-9_]*)\s*\}\}/g;

/** Reads a template. Throws TEMPLATE_INVALID where there is no user message, or text before the first section. */
export function parseTemplate(text: string): PromptTemplate {
  const parts: { section: Section; lines: string[] }[] = [];
  for (const line of text.replaceAll('\r\n', '\n').split('\n')) {
    const section = heading.exec(line)?.[1] as Section | undefined;
    if (section !== undefined) parts.push({ section, lines: [] });
    else if (parts.length > 0) parts.at(-1)?.lines.push(line);
    else if (line.trim() !== '') throw invalid('it must begin with a line such as [[user]]');
  }
  if (!parts.some((part) => part.section === 'user')) throw invalid('it has no [[user]] section');
  if (parts.slice(0, -1).some((part) => part.section === 'answer'))
    throw invalid('[[answer]] may only stand at its end');
  return {
    text,
    hash: createHash('sha256').update(text).digest('hex').slice(0, 16),
    parts: parts.map(({ section, lines }) => ({ section, text: trimBlankLines(lines) })),
    placeholders: [...new Set([...text.matchAll(placeholder)].map((match) => match[1] ?? ''))],
  };
}

/**
 * The template with its values, as a model reads it. Values are put in once and never read again, so that braces in a
 * user's text stay what they are. A system message that comes out empty is left out. Throws TEMPLATE_INVALID naming a placeholder that has no value.
 */
export function renderTemplate(
  template: PromptTemplate,
  values: Readonly<Record<string, string>>,
): Extract<ModelInput, { messages: unknown }> {
  const input = fillTemplate(template, values);
  origins.set(input, { hash: template.hash, values });
  return input;
}

/** The template a prompt was rendered from and its values; undefined for a prompt that was made otherwise. */
export function findOrigin(input: ModelInput): PromptOrigin | undefined {
  return origins.get(input);
}

export interface PromptOrigin {
  readonly hash: string;
  readonly values: Readonly<Record<string, string>>;
}

/** For the starter model, which reads the values in a form of its own. */
const origins = new WeakMap<ModelInput, PromptOrigin>();

function fillTemplate(
  template: PromptTemplate,
  values: Readonly<Record<string, string>>,
): Extract<ModelInput, { messages: unknown }> {
  const fill = (text: string) =>
    text.replace(placeholder, (_, name: string) => {
      const value = values[name];
      if (value !== undefined) return value;
      throw invalid(`there is no value called ${name}; there are ${Object.keys(values).sort().join(', ')}`);
    });
  const messages: ChatMessage[] = [];
  let answer: string | undefined;
  for (const { section, text } of template.parts) {
    const content = fill(text);
    if (section === 'answer') answer = content;
    else if (section !== 'system' || content.trim() !== '') messages.push({ role: section, content });
  }
  return answer === undefined ? { messages } : { messages, answer };
}

/** Throws TEMPLATE_INVALID for placeholders a protocol does not fill, and for needed ones that are gone. */
export function requirePlaceholders(
  template: PromptTemplate,
  { known, needed }: { readonly known: readonly string[]; readonly needed: readonly string[] },
): void {
  const stray = template.placeholders.find((name) => !known.includes(name));
  if (stray !== undefined)
    throw invalid(
      `{{${stray}}} is not known here; there are ${known.map((name) => `{{${name}}}`).join(', ')}`,
    );
  const absent = needed.find((name) => !template.placeholders.includes(name));
  if (absent !== undefined)
    throw invalid(`{{${absent}}} must appear in it, or the model would not see what it judges`);
}

function trimBlankLines(lines: readonly string[]): string {
  return lines
    .join('\n')
    .replace(/^(?:[ \t]*\n)+/, '')
    .replace(/\s+$/, '');
}

function invalid(why: string): AppError {
  return new AppError('TEMPLATE_INVALID', `The prompt template cannot be used: ${why}.`);
}
