/** A term of a text with the place of the word it comes from, in UTF-16 units: [start, end). */
export interface PlacedTerm {
  readonly term: string;
  readonly start: number;
  readonly end: number;
}

const unspaced =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\\u{30FC}\\u{FF70}';
const word = '[\\p{L}\\p{N}][\\p{L}\\p{N}\\p{M}]*';
const runPattern = new RegExp(`${word}(?:['’＇]${word})*`, 'gu');
const segmentPattern = new RegExp(`[${unspaced}]+|[^${unspaced}]+`, 'gu');
const unspacedStart = new RegExp(`^[${unspaced}]`, 'u');
const ignorable =
  /[\u{0640}\u{064B}-\u{0652}\u{0670}\u{0591}-\u{05BD}\u{05BF}-\u{05C7}\u{FE00}-\u{FE0F}\u{20E3}\u{02BC}]/gu;
const clitic = /['’＇](?:s|ll|d|ve|re|m)$/u;
const elision =
  /^(?:[cdjlmnstv]|qu|jusqu|lorsqu|puisqu|quoiqu|un|gl|all|dall|dell|nell|sull|agl|dagl|degl|negl|sugl)['’＇]/u;
const longestTerm = 64;

/** Lower case one character at a time, as DuckDB does: no final sigma, no character that becomes two. */
function lowerCase(text: string): string {
  return Array.from(text, (character) =>
    String.fromCodePoint(character.toLowerCase().codePointAt(0) ?? 0),
  ).join('');
}

function plainWord(run: string): string {
  return lowerCase(run)
    .normalize('NFC')
    .replace(ignorable, '')
    .replace(clitic, '')
    .replace(elision, '')
    .replace(/['’＇]/gu, '');
}

/** Character pairs of a run in an unspaced script, each with its own place as long as nothing was composed away. */
function placePairs(segment: string, start: number, end: number): PlacedTerm[] {
  const characters = Array.from(segment);
  if (characters.length < 2) return [{ term: segment, start, end }];
  let offset = start;
  const starts = characters.map((character) => {
    const own = offset;
    offset += character.length;
    return own;
  });
  const isExact = offset === end;
  return characters.slice(1).map((second, index) => ({
    term: (characters[index] ?? '') + second,
    start: isExact ? (starts[index] ?? start) : start,
    end: isExact ? (starts[index + 1] ?? start) + second.length : end,
  }));
}

/** True for text in a script without spaces between words, which is indexed by pairs of characters. */
export function isUnspaced(text: string): boolean {
  return unspacedStart.test(text);
}

/** The words of a text in their indexed form, before long ones are cut and unspaced scripts are paired. */
export function listPlainWords(text: string): string[] {
  return [...text.matchAll(runPattern)].flatMap(([run]) => plainWord(run).match(segmentPattern) ?? []);
}

/**
 * The terms of a text, as `tokeniseSql` makes them, with the places of their words. A word that gives one term is placed
 * whole, with its apostrophe and its marks.
 */
export function placeTerms(text: string): PlacedTerm[] {
  const placed: PlacedTerm[] = [];
  for (const match of text.matchAll(runPattern)) {
    const [run] = match;
    const end = match.index + run.length;
    const plain = plainWord(run);
    const segments = [...plain.matchAll(segmentPattern)];
    const isWhole = segments.length === 1;
    const isAligned = plain.length === run.length;
    for (const segment of segments) {
      const from = isAligned && !isWhole ? match.index + segment.index : match.index;
      const to = isAligned && !isWhole ? from + segment[0].length : end;
      if (isUnspaced(segment[0])) placed.push(...placePairs(segment[0], from, to));
      else placed.push({ term: Array.from(segment[0]).slice(0, longestTerm).join(''), start: from, end: to });
    }
  }
  return placed;
}
