import { countPattern } from './expressions.ts';
import { buildTermPattern, type Lexicon } from './lexicon.ts';
import { statePrinciple, type SurfaceTrait, type TraitFamily } from './trait.ts';

interface LexiconTraitOptions {
  readonly id: string;
  readonly family: TraitFamily;
  readonly lexicon: Lexicon;
  /** What the response does, to follow "Select the response that". */
  readonly predicate: string;
  readonly opposite?: string;
  readonly description: string;
}

/** Number of places, outside fenced code, where a term of an English lexicon stands. */
export function defineLexiconTrait(options: LexiconTraitOptions): SurfaceTrait {
  const { id, family, lexicon, predicate, opposite, description } = options;
  return {
    id,
    principle: statePrinciple(predicate),
    ...(opposite === undefined ? {} : { opposite: statePrinciple(opposite) }),
    family,
    basis: 'lexicon',
    description: `${description} Terms of lexicon ${lexicon.id}, version ${lexicon.version}, outside fenced code.`,
    language: 'en',
    type: 'INTEGER',
    sql: countPattern('_low', buildTermPattern(lexicon.terms)),
  };
}
