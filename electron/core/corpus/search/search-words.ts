import { AppError } from '../../../contract/app-error.ts';

/** One thing to look for: a word as typed, the beginning of one, or words in this order. */
export interface Atom {
  readonly kind: 'word' | 'prefix' | 'phrase';
  readonly text: string;
}

/** Every clause must hold, a clause by any of its atoms; none of `excluded` may. */
export interface SearchWords {
  readonly clauses: readonly (readonly Atom[])[];
  readonly excluded: readonly Atom[];
}

const itemPattern = /(-?)(?:["“”„«»]([^"“”„«»]*)(?:["“”„«»]|$)|([^\s"“”„«»]+))/gu;
const hasWord = /[\p{L}\p{N}]/u;

function readAtom(quoted: string | undefined, bare: string | undefined): Atom | undefined {
  const text = quoted ?? bare ?? '';
  if (!hasWord.test(text)) return undefined;
  if (quoted !== undefined) return { kind: 'phrase', text };
  return text.endsWith('*') ? { kind: 'prefix', text: text.replace(/\*+$/u, '') } : { kind: 'word', text };
}

/**
 * Reads `word`, `begin*`, `"a phrase"`, `-excluded` and `OR` (capitals, binds closer than the AND between words). Signs
 * without a letter or digit are passed over. Throws SEARCH_INVALID where nothing is left to look for.
 */
export function parseSearchWords(words: string): SearchWords {
  const clauses: Atom[][] = [];
  const excluded: Atom[] = [];
  let isOr = false;
  for (const [, minus, quoted, bare] of words.matchAll(itemPattern)) {
    if (!minus && bare === 'OR') {
      isOr = clauses.length > 0;
      continue;
    }
    const atom = readAtom(quoted, bare);
    if (!atom) continue;
    if (minus === '-') excluded.push(atom);
    else if (isOr) clauses.at(-1)?.push(atom);
    else clauses.push([atom]);
    isOr = false;
  }
  if (clauses.length === 0)
    throw new AppError(
      'SEARCH_INVALID',
      excluded.length > 0
        ? 'Not searched: there are only excluded words. Add at least one word to look for.'
        : 'Not searched: there is no letter or digit to look for. Type at least one word.',
      { words },
    );
  return { clauses, excluded };
}
