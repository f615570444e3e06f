import type { WrittenConstitution } from '../../../contract/constitution-exchange.ts';
import type { ReadText } from './read-text.ts';

const heading = /^#\s+(.*\S)\s*$/;
const bullet = /^\s*(?:[-*+]|\d+[.)])\s+/;
/** The last group in braces, after a blank or alone. */
const tail = /(?:^|\s)\{([^{}]*)\}$/;

interface Attributes {
  weight: number | null;
  polarity: 'for' | 'against';
  isPinned: boolean;
}

/**
 * One principle a line, bulleted, numbered or bare, with attributes in braces at its end, separated by commas:
 * `weight 0.7`, `against`, `pinned`. `# …` is the title; blank lines mean nothing.
 */
export function readMarkdown(text: string): ReadText {
  let title: string | null = null;
  const principles: ReadText['principles'][number][] = [];
  const problems: ReadText['problems'][number][] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = index + 1;
    const trimmed = raw.trimEnd();
    if (trimmed === '') continue;
    const named = heading.exec(trimmed)?.[1];
    if (named !== undefined && title === null && principles.length === 0) {
      title = named;
      continue;
    }
    if (/^\s*(?:#{1,6}\s|<!--|```|---)/.test(trimmed)) {
      problems.push({
        line,
        column: 1,
        message: 'Only a title and principles can stand here; this line would be lost.',
      });
      continue;
    }
    const body = trimmed.replace(bullet, '').trimStart();
    const found = tail.exec(body);
    const attributes = readAttributes(found?.[1] ?? '');
    if (typeof attributes === 'string') {
      problems.push({ line, column: raw.lastIndexOf('{') + 1, message: attributes });
      continue;
    }
    principles.push({ text: found ? body.slice(0, found.index) : body, ...attributes, line });
  }
  return { title, principles, problems };
}

function readAttributes(inside: string): Attributes | string {
  const attributes: Attributes = { weight: null, polarity: 'for', isPinned: false };
  for (const part of inside.split(',').map((one) => one.trim())) {
    const weight = /^weight[\s:=]+(\S+)$/i.exec(part)?.[1];
    if (part === '') continue;
    if (part.toLowerCase() === 'against') attributes.polarity = 'against';
    else if (part.toLowerCase() === 'for') attributes.polarity = 'for';
    else if (part.toLowerCase() === 'pinned') attributes.isPinned = true;
    else if (weight !== undefined && Number.isFinite(Number(weight))) attributes.weight = Number(weight);
    else if (weight !== undefined) return `The weight “${weight}” is not a number.`;
    else
      return `“${part}” is none of weight NUMBER, against, pinned. Where the braces are part of the text, write {} after them.`;
  }
  return attributes;
}

export function writeMarkdown({ title, principles }: WrittenConstitution): string {
  const lines = principles.map(({ text, weight, polarity, isPinned }) => {
    const attributes = [
      ...(weight === null ? [] : [`weight ${String(weight)}`]),
      ...(polarity === 'against' ? ['against'] : []),
      ...(isPinned ? ['pinned'] : []),
    ];
    const needsBraces = attributes.length > 0 || tail.test(text);
    return `- ${text}${needsBraces ? ` {${attributes.join(', ')}}` : ''}`;
  });
  return [...(title === null ? [] : [`# ${title}`, '']), ...lines, ''].join('\n');
}
