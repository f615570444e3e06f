/** Words of one axis that change places: each becomes its partner. */
export type Swaps = readonly (readonly string[])[];

const cache = new WeakMap<Swaps, { pattern: RegExp; partners: ReadonlyMap<string, string> }>();

const escape = (word: string) => word.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/ /g, '\\s+');

function compile(words: Swaps) {
  const known = cache.get(words);
  if (known) return known;
  const partners = new Map<string, string>();
  for (const [one, other] of words) {
    if (one === undefined || other === undefined) continue;
    if (!partners.has(one)) partners.set(one, other);
    if (!partners.has(other)) partners.set(other, one);
  }
  const longestFirst = [...partners.keys()].sort((left, right) => right.length - left.length);
  const compiled = {
    pattern: new RegExp(
      `(?<![\\p{L}\\p{N}])(?:${longestFirst.map(escape).join('|')})(?![\\p{L}\\p{N}])`,
      'giu',
    ),
    partners,
  };
  cache.set(words, compiled);
  return compiled;
}

/** Takes over how the original was written: ALL CAPITALS, a Capital first letter, or lower case. */
function writeLike(original: string, word: string): string {
  const isLetters =
    original.length > 1 && original === original.toUpperCase() && original !== original.toLowerCase();
  if (isLetters) return word.toUpperCase();
  const first = original.charAt(0);
  return first !== first.toLowerCase() ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}

/** The text with every word of the list replaced by its partner in one pass, and how many were. */
export function swapTerms(text: string, words: Swaps): { text: string; count: number } {
  const { pattern, partners } = compile(words);
  let count = 0;
  const swapped = text.replace(pattern, (found) => {
    const partner = partners.get(found.toLowerCase().replace(/\s+/g, ' '));
    if (partner === undefined) return found;
    count += 1;
    return writeLike(found, partner);
  });
  return { text: swapped, count };
}

/** Every word of every axis, lower case. */
export function listSwappedWords(axes: Readonly<Record<string, Swaps>>): string[] {
  return [...new Set(Object.values(axes).flat(2))];
}
