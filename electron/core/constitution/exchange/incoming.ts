import type { WrittenPrinciple } from '../../../contract/constitution-exchange.ts';

/** What a source says: the constitution, principles it tested besides, and what is not read but kept. */
export interface Incoming {
  readonly format: string;
  readonly written: readonly WrittenPrinciple[];
  /** Tested in the source and not part of its constitution. */
  readonly others: readonly string[];
  /** SQL of the pairs: idx, ext_id, text_a, text_b; texts may be null. */
  readonly pairsSql: string | null;
  /** SQL of the votes: idx, principle (its text), said (a, b, neither or invalid, a being text_a). */
  readonly votesSql: string | null;
  /** Texts of the source that are stored as they are, by name. */
  readonly kept: ReadonlyMap<string, string>;
  readonly remarks: readonly string[];
}

/** A principle of a source without weights, polarity and pins, worded as it is there. */
export const bare = (text: string): WrittenPrinciple => ({
  text,
  weight: null,
  polarity: 'for',
  isPinned: false,
});
