export type TraitFamily =
  | 'length'
  | 'structure'
  | 'punctuation'
  | 'symbols'
  | 'script'
  | 'vocabulary'
  | 'pronouns'
  | 'stance'
  | 'tone'
  | 'discourse'
  | 'sentiment'
  | 'overlap';

/**
 * How a number comes about: `count` measures exactly what its principle says; `pattern` finds it by its written form;
 * `lexicon` counts listed words and stands in for a judgement that only a reader could make.
 */
export type TraitBasis = 'count' | 'pattern' | 'lexicon';

/** A number that SQL computes for one response. */
export interface SurfaceTrait {
  /** snake_case; the name of the column. */
  readonly id: string;
  /** The rule that votes for the response with the larger number. */
  readonly principle: string;
  /** The rule that votes for the smaller number, where it reads naturally. */
  readonly opposite?: string;
  readonly family: TraitFamily;
  readonly basis: TraitBasis;
  /** What is counted, and where the count is known to be wrong. */
  readonly description: string;
  /** `en`: the words or the formula are English; on other languages the number means nothing. */
  readonly language: 'en' | 'any';
  /** INTEGER for counts and yes/no, FLOAT for shares and means. */
  readonly type: 'INTEGER' | 'FLOAT';
  /** DuckDB expression over the prepared columns and the traits of `derivedFrom`. */
  readonly sql: string;
  /** Ids of the traits whose columns `sql` uses. */
  readonly derivedFrom?: readonly string[];
}

/** The rule text: the opening that every principle shares, and what the preferred response does. */
export function statePrinciple(predicate: string): string {
  return `Select the response that ${predicate}`;
}
