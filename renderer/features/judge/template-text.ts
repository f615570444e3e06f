type TemplateFault =
  | { readonly kind: 'noUser' | 'textBefore' | 'answerNotLast' }
  | { readonly kind: 'unknown' | 'needed'; readonly name: string };

/** Where a fault stands: 1-based line and columns, the end exclusive; what is missing is told at the last line. */
export type PlacedFault = TemplateFault & {
  readonly line: number;
  readonly from: number;
  readonly to: number;
};

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

/** What keeps a template from being used, as the core will judge it, and where; null where nothing does. */
export function findTemplateFault(
  text: string,
  { known, needed }: { readonly known: readonly string[]; readonly needed: readonly string[] },
): PlacedFault | null {
  const lines = linesOf(text);
  const whole = (line: number) => ({ line, from: 1, to: (lines[line - 1]?.length ?? 0) + 1 });
  const sections = readSections(text);
  if ('textAt' in sections) return { kind: 'textBefore', ...whole(sections.textAt) };
  if (!sections.some(({ name }) => name === 'user')) return { kind: 'noUser', ...whole(lines.length) };
  const early = sections.slice(0, -1).find(({ name }) => name === 'answer');
  if (early) return { kind: 'answerNotLast', ...whole(early.line) };
  for (const [index, line] of lines.entries())
    for (const match of line.matchAll(placeholder)) {
      const name = match[1] ?? '';
      const from = match.index + 1;
      if (!known.includes(name))
        return { kind: 'unknown', name, line: index + 1, from, to: from + match[0].length };
    }
  const names = listPlaceholders(text);
  const absent = needed.find((name) => !names.includes(name));
  return absent === undefined ? null : { kind: 'needed', name: absent, ...whole(lines.length) };
}

function readSections(text: string): { name: string; line: number }[] | { textAt: number } {
  const sections: { name: string; line: number }[] = [];
  for (const [index, line] of linesOf(text).entries()) {
    const name = heading.exec(line)?.[1];
    if (name !== undefined) sections.push({ name, line: index + 1 });
    else if (sections.length === 0 && line.trim() !== '') return { textAt: index + 1 };
  }
  return sections;
}

const linesOf = (text: string) => text.split(/\r?\n/);
