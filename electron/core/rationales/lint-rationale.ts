import { createHash } from 'node:crypto';
import type { RationaleFinding } from '../../contract/rationale.contract.ts';
import { detectLanguage } from './detect-language.ts';
import { findNamedSlot, isPraised, markSlots, type Slot } from './slot-names.ts';

/** What the rules look at: a rationale beside the texts it was written about. */
export interface LintInput {
  readonly text: string;
  /** The chosen response, by the place the text names it by; null for a tie. */
  readonly winner: Slot | null;
  readonly prompt: string;
  readonly responses: readonly [string, string];
  /** The writer stopped at its length limit. */
  readonly isCut?: boolean;
}

export interface LintResult {
  /** The response the text says is better. */
  readonly named: Slot | null;
  readonly findings: readonly RationaleFinding[];
  /** See `detectLanguage`. */
  readonly language: string;
}

/** Limits of the rules; ours, no source gives numbers. */
const limits = {
  fewestWords: 8,
  fewestCharacters: 30,
  mostWords: 300,
  quoteWords: 2,
  shingle: 12,
  copied: 0.5,
  reasons: 1,
};

/** Changes with the rules, so that findings of former ones are made anew. */
export const lintRules = createHash('sha256')
  .update(JSON.stringify(['2', limits]))
  .digest('hex')
  .slice(0, 8);

const lengthWords = new Set(
  'long longer longest short shorter shortest length lengthy lengthier brief briefer brevity concise concisely conciseness verbose verbosity wordy words word unnecessary eliminates extra'.split(
    ' ',
  ),
);
const emptyWords = new Set(
  `a an the same this that these those it its is are was were be been being has have had do does did can could would will should may might must
  and or but so because since as than then while whereas although though also too very much more most less least fewer many few rather quite
  simply only just overall both other another one ones two first second in on of for to from by with without at into about over between
  response responses answer answers assistant output text i we you they he she them his her their our my your which who what why how
  better best good worse worst superior preferable preferred prefer chosen choose winner wins win stronger weaker inferior not no
  gives give given provides provide provided contains contain writes write written says say said there here`.split(
    /\s+/,
  ),
);

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}’'-]+/gu) ?? [];
const flatten = (text: string) =>
  text
    .toLowerCase()
    .replace(/[“”«»„]/g, '"')
    .replace(/[‘’]/g, "'")
    .replace(/\s+/g, ' ')
    .trim();

/** Passages a text gives as quotes: between double quotes or backquotes, of at least two words; cut quotes in their parts. */
export function listQuotes(text: string): string[] {
  const quoted = [...text.matchAll(/“([^”]+)”|"([^"\n]+)"|«([^»]+)»|`([^`\n]+)`/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? match[4] ?? '',
  );
  return quoted
    .flatMap((quote) => quote.split(/\[?(?:\.\.\.|…)\]?/))
    .map((part) => flatten(part).replace(/^[\s,.;:!?]+|[\s,.;:!?]+$/g, ''))
    .filter((part) => part !== '' && wordsOf(part).length >= limits.quoteWords);
}

/** Rules that read English words. */
export const englishRules: readonly RationaleFinding[] = ['no_winner', 'contradicts_label', 'only_length'];

/**
 * What is wrong with a rationale, by rules of its wording (ours). The ones about the winner and length read English: a
 * text in another language is marked `other_language` instead, so that it never passes for a clean one.
 */
export function lintRationale(input: LintInput): LintResult {
  const { text, isCut = false } = input;
  const language = detectLanguage(text);
  const isOther = language !== 'en' && language !== 'und';
  const named = isOther ? null : findNamedSlot(text, input.winner);
  const words = wordsOf(text).length;
  const findings: RationaleFinding[] = isOther ? ['other_language'] : findInEnglish(input, named);
  if (hasAbsentQuote(input)) findings.push('absent_quote');
  if (isTooShort(text, language)) findings.push('too_short');
  if (words > limits.mostWords) findings.push('too_long');
  if (isCopied(input)) findings.push('copies_response');
  if (isCut) findings.push('cut_off');
  return { named, findings, language };
}

/** Scripts without spaces between words are measured by half as many characters. */
function isTooShort(text: string, language: string): boolean {
  const { length } = text.trim();
  if (['ja', 'zh', 'th'].includes(language)) return length < limits.fewestCharacters / 2;
  const words = wordsOf(text).length;
  return words < limits.fewestWords && length < limits.fewestCharacters + words * 2;
}

function findInEnglish({ text, winner }: LintInput, named: Slot | null): RationaleFinding[] {
  const findings: RationaleFinding[] = [];
  if (winner !== null && named === null && !isPraised(text, winner)) findings.push('no_winner');
  if (winner !== null && named !== null && named !== winner) findings.push('contradicts_label');
  if (isAboutLengthOnly(text)) findings.push('only_length');
  return findings;
}

function isAboutLengthOnly(text: string): boolean {
  const words = wordsOf(markSlots(text).replace(/«[12WL]»/g, ' '));
  if (!words.some((word) => lengthWords.has(word))) return false;
  const reasons = new Set(words.filter((word) => !lengthWords.has(word) && !emptyWords.has(word)));
  return reasons.size < limits.reasons;
}

function hasAbsentQuote({ text, prompt, responses }: LintInput): boolean {
  const quotes = listQuotes(text);
  if (quotes.length === 0) return false;
  const sources = [...responses, prompt].map(flatten);
  return quotes.some((quote) => !sources.some((source) => source.includes(quote)));
}

/** Whether at least half of the words outside of quotes stand in runs of twelve that a response has too. */
function isCopied({ text, responses }: LintInput): boolean {
  const own = wordsOf(text.replace(/“[^”]*”|"[^"\n]*"|`[^`\n]*`/g, ' '));
  if (own.length < limits.shingle) return false;
  const runs = (words: readonly string[]) =>
    words
      .slice(0, Math.max(0, words.length - limits.shingle + 1))
      .map((_, at) => words.slice(at, at + limits.shingle).join(' '));
  const known = new Set(responses.flatMap((response) => runs(wordsOf(response))));
  const copied = new Set<number>();
  for (const [at, run] of runs(own).entries())
    if (known.has(run)) for (let place = at; place < at + limits.shingle; place++) copied.add(place);
  return copied.size >= limits.copied * own.length;
}
