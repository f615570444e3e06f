import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import { makePhraseLiteral, makePhrasePattern } from './phrase-pattern.ts';
import type { Atom, SearchWords } from './search-words.ts';
import { isUnspaced, placeTerms } from './tokenise.ts';
import { tokeniseSql } from './tokenise-sql.ts';

/** A term to look up, or all terms that begin with it or hold it. Its place in the list is its bit in a row's mask. */
export interface Unit {
  readonly match: 'exact' | 'prefix' | 'within';
  readonly term: string;
}

/** An atom as the units a row must have; a phrase also as the pattern one of the row's texts must fit. */
export interface AtomPlan {
  readonly mask: bigint;
  readonly pattern: string | undefined;
  /** Text that is proof of the pattern wherever it occurs. */
  readonly literal?: string | undefined;
}

export interface SearchPlan {
  readonly units: readonly Unit[];
  readonly clauses: readonly (readonly AtomPlan[])[];
  readonly excluded: readonly AtomPlan[];
  /** Units of clauses, for marking; those of excluded words are not among them. */
  readonly wanted: readonly Unit[];
}

const mostUnits = 62;

function listUnits(atom: Atom, terms: readonly string[]): Unit[] {
  return terms.map((term, index) => {
    const characters = Array.from(term).length;
    if (isUnspaced(term) && characters === 1) return { match: 'within', term };
    if (atom.kind !== 'prefix' || index < terms.length - 1) return { match: 'exact', term };
    if (characters < 2)
      throw new AppError(
        'SEARCH_INVALID',
        `Not searched: “${atom.text}*” would match too much. Give at least two characters before the star.`,
        { word: atom.text },
      );
    return { match: 'prefix', term };
  });
}

/**
 * Terms of each text, by the expression the index was built with. Plain ASCII takes the quick way: both tokenisers know
 * the same ASCII, while letters newer than DuckDB's Unicode tables may differ.
 */
async function listTerms(session: Session, texts: readonly string[]): Promise<string[][]> {
  if (texts.every((text) => /^[\x20-\x7e]*$/.test(text)))
    return texts.map((text) => placeTerms(text).map((placed) => placed.term));
  const rows = await session.all<{ terms: string[] }>(
    `SELECT ${tokeniseSql('words')} AS terms FROM (VALUES ${texts.map((_, index) => `(${index}, ?)`).join(', ')}) v(place, words)
     ORDER BY place`,
    texts,
  );
  return rows.map((row) => row.terms);
}

/** Turns words into units and masks. Throws SEARCH_INVALID for more than 62 different terms or too short a beginning. */
export async function planSearch(session: Session, words: SearchWords): Promise<SearchPlan> {
  const atoms = [...words.clauses.flat(), ...words.excluded];
  const terms = await listTerms(
    session,
    atoms.map((atom) => atom.text),
  );
  const units: Unit[] = [];
  const plans = new Map<Atom, AtomPlan>();
  for (const [index, atom] of atoms.entries()) {
    let mask = 0n;
    for (const unit of listUnits(atom, terms[index] ?? [])) {
      let place = units.findIndex((known) => known.match === unit.match && known.term === unit.term);
      if (place < 0) place = units.push(unit) - 1;
      mask |= 1n << BigInt(place);
    }
    const isPhrase = atom.kind === 'phrase' && ((terms[index]?.length ?? 0) > 1 || mask === 0n);
    plans.set(
      atom,
      isPhrase
        ? { mask, pattern: makePhrasePattern(atom.text), literal: makePhraseLiteral(atom.text) }
        : { mask, pattern: undefined },
    );
  }
  if (units.length > mostUnits)
    throw new AppError(
      'SEARCH_INVALID',
      `Not searched: there are ${units.length} different words, at most ${mostUnits} can be looked for at once. Use fewer.`,
      { count: units.length },
    );
  const planOf = (atom: Atom) => plans.get(atom) ?? { mask: 0n, pattern: undefined };
  const clauses = words.clauses
    .map((clause) => clause.map(planOf).filter((plan) => plan.mask > 0n))
    .filter((clause) => clause.length > 0);
  if (clauses.length === 0)
    throw new AppError(
      'SEARCH_INVALID',
      'Not searched: there is no word to look for. Type at least one word.',
    );
  const wantedMask = clauses.flat().reduce((mask, plan) => mask | plan.mask, 0n);
  return {
    units,
    clauses,
    excluded: words.excluded.map(planOf).filter((plan) => plan.mask > 0n),
    wanted: units.filter((_, place) => ((wantedMask >> BigInt(place)) & 1n) === 1n),
  };
}
