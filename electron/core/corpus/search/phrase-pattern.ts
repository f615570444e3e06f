import { isUnspaced, listPlainWords } from './tokenise.ts';

const inWord = String.raw`\p{L}\p{N}\p{M}`;
const unspaced = String.raw`\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\x{30FC}\x{FF70}`;
const apostrophe = `['’＇]`;
const marks = String.raw`[\x{0640}\x{064B}-\x{0652}\x{0670}\x{0591}-\x{05BD}\x{05BF}-\x{05C7}]*`;
const elision = `(?:(?:[cdjlmnstv]|qu|jusqu|lorsqu|puisqu|quoiqu|un|gl|all|dall|dell|nell|sull|agl|dagl|degl|negl|sugl)${apostrophe})?`;
const clitic = `(?:${apostrophe}(?:s|ll|d|ve|re|m))?`;
const vocalised = /[\u{0590}-\u{06FF}]/u;

function wordPattern(word: string): string {
  const between = isUnspaced(word) ? '' : vocalised.test(word) ? marks : `${apostrophe}?`;
  const letters = Array.from(word).join(between);
  if (isUnspaced(word)) return letters;
  return vocalised.test(word) ? letters + marks : `${elision}${letters}${clitic}`;
}

/**
 * RE2 pattern for the words of a phrase next to each other, in text in normal form C, whatever the case; empty where the phrase
 * has no word. It is made of letters, digits and our own classes only, so nothing in the phrase acts as a pattern.
 */
export function makePhrasePattern(phrase: string): string {
  const words = listPlainWords(phrase);
  const first = words[0];
  const last = words.at(-1);
  if (first === undefined || last === undefined) return '';
  let pattern = isUnspaced(first) ? '(?i)' : `(?i)(?:^|[^${inWord}]|[${unspaced}])`;
  for (const [index, word] of words.entries()) {
    const former = words[index - 1];
    if (former !== undefined) pattern += `[^${inWord}]${isUnspaced(former) || isUnspaced(word) ? '*' : '+'}`;
    pattern += wordPattern(word);
  }
  return isUnspaced(last) ? pattern : `${pattern}(?:$|[^${inWord}]|[${unspaced}])`;
}

/**
 * The words of a phrase with a space on each side, which a text cannot hold without holding the phrase; to be looked for
 * first, at a tenth of a pattern's cost. Undefined where words are not plain ASCII or have no spaces between them.
 */
export function makePhraseLiteral(phrase: string): string | undefined {
  const words = listPlainWords(phrase);
  return words.length > 1 && words.every((word) => /^[a-z0-9]+$/.test(word))
    ? ` ${words.join(' ')} `
    : undefined;
}
