import type { TextProblem, WrittenPrinciple } from '../../../contract/constitution-exchange.ts';

/** A written principle with the line it begins on. */
export interface PlacedPrinciple extends WrittenPrinciple {
  readonly line: number;
}

/** What a text of a constitution says, with what in it cannot be read. */
export interface ReadText {
  readonly title: string | null;
  readonly principles: readonly PlacedPrinciple[];
  readonly problems: readonly TextProblem[];
}
