import type {
  ConstitutionTextFormat,
  WrittenConstitution,
  WrittenPrinciple,
} from '../../../contract/constitution-exchange.ts';
import { tidyPrinciple } from '../principles/propose.ts';
import type { PlacedPrinciple, ReadText } from './read-text.ts';
import { readMarkdown, writeMarkdown } from './markdown-text.ts';
import { readYaml, writeYaml } from './yaml-text.ts';

const negation = /^do not select the response (?:that|which)\s+/i;
const longest = 500;

/** A principle in the wording it is stored under, and what a model reads where it stands for the opposite. */
export function spellPrinciple({ text, polarity }: Pick<WrittenPrinciple, 'text' | 'polarity'>): string {
  const tidy = tidyPrinciple(text);
  return polarity === 'for' ? tidy : tidy.replace(/^Select/, 'Do not select');
}

/** The same wording spoken for the other side. */
export const oppositeOf = ({ text, polarity }: Pick<WrittenPrinciple, 'text' | 'polarity'>) =>
  ({ text, polarity: polarity === 'for' ? 'against' : 'for' }) as const;

/** The written form of a stored wording: one that begins with “Do not select the response that” is against. */
export function readStoredPrinciple(stored: string): Pick<WrittenPrinciple, 'text' | 'polarity'> {
  return negation.test(stored)
    ? { text: tidyPrinciple(stored.replace(negation, '')), polarity: 'against' }
    : { text: stored, polarity: 'for' };
}

/** A principle with its wording tidied, “Do not select …” turned into polarity. */
export function normalisePrinciple<T extends WrittenPrinciple>(written: T): T {
  const text = written.text.replace(/\s+/g, ' ').trim();
  if (!negation.test(text)) return { ...written, text: tidyPrinciple(text) };
  return { ...written, ...oppositeOf(written), text: tidyPrinciple(text.replace(negation, '')) };
}

/**
 * Reads a constitution from Markdown or YAML. Never throws: what is wrong is listed with its place, and everything
 * else is read.
 */
export function readConstitutionText(text: string, format: ConstitutionTextFormat): ReadText {
  const raw = format === 'md' ? readMarkdown(text) : readYaml(text);
  const problems = [...raw.problems];
  const principles: PlacedPrinciple[] = [];
  const known = new Map<string, number>();
  for (const one of raw.principles) {
    const own = normalisePrinciple(one);
    const key = own.text.toLowerCase();
    const earlier = known.get(key);
    const say = (message: string) => problems.push({ line: one.line, column: 1, message });
    if (own.text === '' || own.text.length > longest)
      say(`A principle has 1 to ${longest} characters; this one has ${one.text.trim().length}.`);
    else if (earlier !== undefined) say(`This principle stands on line ${earlier} already.`);
    else {
      known.set(key, one.line);
      principles.push(own);
    }
  }
  if (principles.length === 0 && problems.length === 0)
    problems.push({
      line: 1,
      column: 1,
      message: 'There is no principle yet: write one on a line of its own.',
    });
  return { title: raw.title, principles, problems: problems.sort((a, b) => a.line - b.line) };
}

/** Writes a constitution so that reading it gives the same list, character by character and digit by digit. */
export function writeConstitutionText(written: WrittenConstitution, format: ConstitutionTextFormat): string {
  return format === 'md' ? writeMarkdown(written) : writeYaml(written);
}
