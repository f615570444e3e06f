import type { Reading, Sql } from './reader.ts';
import { annotatorStruct, presentVotes, problems, responseStruct, voteStruct } from './record-parts.ts';

/** A pair whose better side is told by number: 1 = first, 2 = second. */
export interface NumberedPair {
  readonly prompt: Sql;
  readonly first: Sql;
  readonly second: Sql;
  readonly label: Sql;
  /** Column names for what a person is told. */
  readonly columns: {
    readonly prompt: string;
    readonly first: string;
    readonly second: string;
    readonly label: string;
  };
  /** Further votes, as structs. */
  readonly votes?: Sql;
  /** Further annotators, as structs. */
  readonly annotators?: readonly Sql[];
}

type NumberedReading = Pick<
  Reading,
  | 'promptText'
  | 'responses'
  | 'votes'
  | 'reference'
  | 'annotators'
  | 'problem'
  | 'problemColumn'
  | 'maxResponses'
>;

/** The members that LLMBar, OffsetBias and EvalBiasBench share; their label is by the authors and named `gold`. */
export function readNumberedPair(pair: NumberedPair): NumberedReading {
  const side = `TRY_CAST(${pair.label} AS DOUBLE)`;
  const gold = voteStruct({ label: `CASE ${side} WHEN 1 THEN 'a' WHEN 2 THEN 'b' END`, annotator: "'gold'" });
  return {
    promptText: pair.prompt,
    responses: `[${responseStruct(pair.first)}, ${responseStruct(pair.second)}]`,
    votes: presentVotes([gold], pair.votes),
    reference: "'gold'",
    annotators: `[${[annotatorStruct("'gold'", "'human'"), ...(pair.annotators ?? [])].join(', ')}]`,
    ...problems([
      { when: `${pair.prompt} IS NULL`, text: 'There is no instruction.', column: pair.columns.prompt },
      { when: `${pair.first} IS NULL`, text: 'There is no first output.', column: pair.columns.first },
      { when: `${pair.second} IS NULL`, text: 'There is no second output.', column: pair.columns.second },
      {
        when: `${pair.label} IS NOT NULL AND (${side} IS NULL OR ${side} NOT IN (1, 2))`,
        text: 'The label is neither 1 nor 2.',
        column: pair.columns.label,
      },
    ]),
    maxResponses: 2,
  };
}
