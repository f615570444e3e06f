/** Source text that is safe to put into a page as it is; only {@link markup} and {@link joinMarkup} make one. */
export interface Markup {
  readonly source: string;
}

type MarkupPart = string | number | Markup | readonly Markup[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Makes characters visible that a reader cannot see but that change what he sees: control characters become their
 * pictures (U+2400…), bidirectional embeddings, overrides and isolates become `[U+202E]`, halves of surrogate pairs
 * become U+FFFD. Tabs and line feeds stay; CR LF becomes LF.
 */
export function revealControls(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[\0-\x08\x0b-\x1f]/g, (character) => String.fromCodePoint(0x2400 + character.charCodeAt(0)))
    .replace(/[\x7f-\x9f]/g, '\u{FFFD}')
    .replace(
      /[\u{202A}-\u{202E}\u{2066}-\u{2069}]/gu,
      (character) => `[U+${character.charCodeAt(0).toString(16).toUpperCase()}]`,
    )
    .replace(/\p{Cs}|[\u{FFFE}\u{FFFF}]/gu, '\u{FFFD}');
}

/** A text as HTML or SVG character data, also inside a quoted attribute. */
function escapeText(text: string): string {
  return revealControls(text).replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function toSource(part: MarkupPart): string {
  if (typeof part === 'string') return escapeText(part);
  if (typeof part === 'number') return Number.isFinite(part) ? String(part) : '–';
  return 'source' in part ? part.source : part.map((item) => item.source).join('');
}

/** Template tag for HTML and SVG: every text put in is escaped, only {@link Markup} goes in as it is. */
export function markup(strings: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return {
    source: strings.reduce((page, text, index) => {
      const part = parts[index - 1];
      return page + (part === undefined ? '' : toSource(part)) + text;
    }),
  };
}

export function joinMarkup(parts: readonly Markup[], separator = ''): Markup {
  return { source: parts.map((part) => part.source).join(separator) };
}

export const nothing: Markup = { source: '' };
