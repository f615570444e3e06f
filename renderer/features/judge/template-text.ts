export type TemplateFault =
  | { readonly kind: 'noUser' | 'textBefore' | 'answerNotLast' }
  | { readonly kind: 'unknown' | 'needed'; readonly name: string };

interface Part {
  readonly section: string;
  readonly text: string;
}

const heading = /^\[\[(system|user|assistant|answer)\]\][ \t]*$/;
const placeholder = /\{\{\s*([a-z][a-z0-9_]*)\s*\}\}/g;

/** Where placeholders and section heads stand in a template, for colouring: 1-based lines and columns, end exclusive. */
export interface TemplateMark {
  readonly line: number;
  readonly from: number;
  readonly to: number;
  readonly kind: 'value' | 'stray' | 'section';
}

export function markTemplate(text: string, known: readonly string[]): TemplateMark[] {
  return text.split('\n').flatMap((content, index): TemplateMark[] => {
    const line = index + 1;
    if (heading.test(content)) return [{ line, from: 1, to: content.length + 1, kind: 'section' }];
    return [...content.matchAll(placeholder)].map((match) => ({
      line,
      from: match.index + 1,
      to: match.index + match[0].length + 1,
      kind: known.includes(match[1] ?? '') ? 'value' : 'stray',
    }));
  });
}

/** Names used in a template, each once. */
export function listPlaceholders(text: string): string[] {
  return [...new Set([...text.matchAll(placeholder)].map((match) => match[1] ?? ''))];
}

/** What keeps a template from being saved, as the core will judge it; null where nothing does. */
export function findTemplateFault(
  text: string,
  { known, needed }: { readonly known: readonly string[]; readonly needed: readonly string[] },
): TemplateFault | null {
  const parts = readParts(text);
  if (!parts) return { kind: 'textBefore' };
  if (!parts.some(({ section }) => section === 'user')) return { kind: 'noUser' };
  if (parts.slice(0, -1).some(({ section }) => section === 'answer')) return { kind: 'answerNotLast' };
  const names = listPlaceholders(text);
  const stray = names.find((name) => !known.includes(name));
  if (stray !== undefined) return { kind: 'unknown', name: stray };
  const absent = needed.find((name) => !names.includes(name));
  return absent === undefined ? null : { kind: 'needed', name: absent };
}

/**
 * A prompt as it would read with another text of its template: the values are found in `prompt`, which `before` gave,
 * and put into `after`. Undefined where that cannot be told.
 */
export function reviseTemplate(prompt: string, before: string, after: string): string | undefined {
  const values = findValues(prompt, before);
  const parts = readParts(after);
  if (!values || !parts) return undefined;
  if (listPlaceholders(after).some((name) => values[name] === undefined)) return undefined;
  const fill = (text: string) => text.replace(placeholder, (_, name: string) => values[name] ?? '');
  return joinParts(parts.map(({ section, text }) => ({ section, text: fill(text) })));
}

function findValues(prompt: string, template: string): Record<string, string> | undefined {
  const parts = readParts(template);
  if (!parts) return undefined;
  const whole = readValues(prompt, joinParts(parts));
  const hasOptionalSystem = parts.some(
    ({ section, text }) => section === 'system' && text.replaceAll(placeholder, '').trim() === '',
  );
  if (whole || !hasOptionalSystem) return whole;
  const rest = readValues(prompt, joinParts(parts.filter(({ section }) => section !== 'system')));
  const empty = parts.flatMap(({ section, text }) => (section === 'system' ? listPlaceholders(text) : []));
  return rest && { ...Object.fromEntries(empty.map((name) => [name, ''])), ...rest };
}

/** Reads values by the words between placeholders, each at its first place; a name already read is taken as words. */
function readValues(prompt: string, template: string): Record<string, string> | undefined {
  const pieces = template.split(placeholder);
  const values: Record<string, string> = {};
  let open: string | undefined;
  let at = 0;
  const take = (words: string, isLast: boolean): boolean => {
    const found = isLast ? prompt.length - words.length : prompt.indexOf(words, at);
    if (found < at || !prompt.startsWith(words, found) || (open === undefined && found !== at)) return false;
    if (open !== undefined) values[open] = prompt.slice(at, found);
    open = undefined;
    at = found + words.length;
    return true;
  };
  for (const [index, piece] of pieces.entries()) {
    const isName = index % 2 === 1;
    const known = isName ? values[piece] : piece;
    if (known !== undefined) {
      const isLast = index === pieces.length - 1;
      if ((known !== '' || isLast) && !take(known, isLast)) return undefined;
    } else if (open !== undefined) return undefined;
    else open = piece;
  }
  return values;
}

/** The form in which the core shows a prompt. An empty system message is left out. */
function joinParts(parts: readonly Part[]): string {
  const messages = parts.filter(
    ({ section, text }) => section !== 'answer' && (section !== 'system' || text.trim() !== ''),
  );
  const answer = parts.find(({ section }) => section === 'answer')?.text ?? '';
  return [...messages.map(({ section, text }) => `[${section}]\n${text}`), `[assistant]\n${answer}`].join(
    '\n\n',
  );
}

function readParts(text: string): Part[] | undefined {
  const parts: { section: string; lines: string[] }[] = [];
  for (const line of text.replaceAll('\r\n', '\n').split('\n')) {
    const section = heading.exec(line)?.[1];
    if (section !== undefined) parts.push({ section, lines: [] });
    else if (parts.length > 0) parts.at(-1)?.lines.push(line);
    else if (line.trim() !== '') return undefined;
  }
  return parts.map(({ section, lines }) => ({
    section,
    text: lines
      .join('\n')
      .replace(/^(?:[ \t]*\n)+/, '')
      .replace(/\s+$/, ''),
  }));
}
