/** A word list of `resources/lexicons`. */
export interface Lexicon {
  readonly id: string;
  readonly version: number;
  /** Lower case; a trailing `*` stands for any ending. */
  readonly terms: readonly string[];
}

const isWordCharacter = (character: string | undefined) => character !== undefined && /[\w*]/.test(character);

function toPattern(term: string): string {
  return term
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*$/, '\\w*')
    .replace(/ /g, '\\s+');
}

/**
 * RE2 pattern that finds any of the terms in lower-case text with straight apostrophes. Longer terms win over their
 * own beginnings. Terms must stand at ASCII word boundaries where they begin or end with a letter or a digit.
 */
export function buildTermPattern(terms: readonly string[]): string {
  const longestFirst = [...terms].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const alternatives: string[] = [];
  for (const endsInWord of [false, true]) {
    const chosen = longestFirst.filter((term) => isWordCharacter(term.at(-1)) === endsInWord);
    if (chosen.length > 0)
      alternatives.push(`\\b(?:${chosen.map(toPattern).join('|')})${endsInWord ? '\\b' : ''}`);
  }
  return alternatives.length === 1 ? (alternatives[0] ?? '') : `(?:${alternatives.join('|')})`;
}
