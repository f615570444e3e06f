import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { Sql } from './reader.ts';

/** Members of a response; what is left out is NULL. */
export interface ResponseParts {
  readonly model?: Sql;
  readonly messages?: Sql;
}

/** Members of a vote; `a` and `b` are 0-based places in the responses, `label` an expression giving a|b|tie|both_bad|skip. */
export interface VoteParts {
  readonly a?: number | Sql;
  readonly b?: number | Sql;
  readonly label: Sql;
  readonly strength?: Sql;
  readonly annotator?: Sql;
  readonly aspect?: Sql;
  readonly rationale?: Sql;
  readonly shownFirst?: Sql;
  readonly ms?: Sql;
}

/** Members of a rating; `response` is a 0-based place in the responses. */
export interface RatingParts {
  readonly response: number | Sql;
  readonly aspect: Sql;
  readonly value: Sql;
  readonly valueText?: Sql;
  readonly annotator?: Sql;
  readonly min?: number | Sql;
  readonly max?: number | Sql;
  readonly rationale?: Sql;
}

const typed = (expression: Sql | number | undefined, type: string) => `(${expression ?? 'NULL'})::${type}`;

/** One response as a struct in the record's type. */
export function responseStruct(text: Sql, parts: ResponseParts = {}): Sql {
  return `struct_pack("text" := ${typed(text, 'VARCHAR')}, model := ${typed(parts.model, 'VARCHAR')},
    messages := ${typed(parts.messages, 'STRUCT("role" VARCHAR, content VARCHAR)[]')}, media := NULL::VARCHAR[])`;
}

/** One vote as a struct in the record's type; a = 0 and b = 1 unless said otherwise. */
export function voteStruct(parts: VoteParts): Sql {
  return `struct_pack(a := ${typed(parts.a ?? 0, 'INTEGER')}, b := ${typed(parts.b ?? 1, 'INTEGER')},
    label := ${typed(parts.label, 'VARCHAR')}, strength := ${typed(parts.strength, 'DOUBLE')},
    annotator := ${typed(parts.annotator, 'VARCHAR')}, aspect := ${typed(parts.aspect, 'VARCHAR')},
    rationale := ${typed(parts.rationale, 'VARCHAR')}, shown_first := ${typed(parts.shownFirst, 'VARCHAR')},
    ms := ${typed(parts.ms, 'DOUBLE')})`;
}

/** One rating as a struct in the record's type. */
export function ratingStruct(parts: RatingParts): Sql {
  return `struct_pack(response := ${typed(parts.response, 'INTEGER')}, annotator := ${typed(parts.annotator, 'VARCHAR')},
    aspect := ${typed(parts.aspect, 'VARCHAR')}, "value" := ${typed(parts.value, 'DOUBLE')},
    value_text := ${typed(parts.valueText, 'VARCHAR')}, scale_min := ${typed(parts.min, 'DOUBLE')},
    scale_max := ${typed(parts.max, 'DOUBLE')}, rationale := ${typed(parts.rationale, 'VARCHAR')})`;
}

/**
 * Votes that carry a label; where none does, one without, so that the comparison is kept. `more` is a further list of
 * votes.
 */
export function presentVotes(votes: readonly Sql[], more?: Sql): Sql {
  const listed = votes.length > 0 ? [`[${votes.join(', ')}]`] : [];
  const all = [...listed, ...(more ? [more] : [])].join(', ');
  return `coalesce(nullif(list_filter(flatten([${all}]), lambda vote: vote.label IS NOT NULL), []), [${voteStruct({ label: 'NULL' })}])`;
}

/** Ratings that have a value or a text; NULL when none has. */
export function presentRatings(ratings: readonly Sql[]): Sql | undefined {
  if (ratings.length === 0) return undefined;
  return `nullif(list_filter([${ratings.join(', ')}], lambda given:
    given."value" IS NOT NULL OR given.value_text IS NOT NULL), [])`;
}

/** One annotator as a struct; attributes are name and expression pairs. */
export function annotatorStruct(name: Sql, kind: Sql, attributes: Readonly<Record<string, Sql>> = {}): Sql {
  const entries = Object.entries(attributes);
  const keys = entries.map(([key]) => quoteLiteral(key)).join(', ');
  const values = entries.map(([, value]) => `(${value})::VARCHAR`).join(', ');
  const map = entries.length > 0 ? `map([${keys}], [${values}])` : 'NULL';
  return `struct_pack("name" := ${typed(name, 'VARCHAR')}, kind := ${typed(kind, 'VARCHAR')},
    attributes := (${map})::MAP(VARCHAR, VARCHAR))`;
}

/** All pairs of responses labelled by a per-response score; `scores` is a DOUBLE[] in the order of the responses. */
export interface ScoredPairs {
  readonly scores: Sql;
  /** True when a lower score is better, as with ranks. */
  readonly isRank: boolean;
  readonly annotator?: Sql;
}

/** A vote for every pair of responses: the better score wins, equal is a tie, a missing score leaves the label NULL. */
export function votesFromScores({ scores, isRank, annotator }: ScoredPairs): Sql {
  const first = `(${scores})[i]`;
  const second = `(${scores})[j]`;
  const [a, b] = isRank ? ['<', '>'] : ['>', '<'];
  const label = `CASE WHEN ${first} ${a} ${second} THEN 'a' WHEN ${first} ${b} ${second} THEN 'b'
    WHEN ${first} = ${second} THEN 'tie' END`;
  const vote = voteStruct({ a: 'i - 1', b: 'j - 1', label, ...(annotator ? { annotator } : {}) });
  return `flatten(list_transform(range(1, len(${scores})), lambda i:
    list_transform(range(i + 1, len(${scores}) + 1), lambda j: ${vote})))`;
}

/** A reason for which a row cannot be used, and the column to look at. */
export interface Problem {
  readonly when: Sql;
  readonly text: string;
  readonly column: string;
}

/** The members `problem` and `problemColumn` of a reading; the first reason that holds is the one told. */
export function problems(list: readonly Problem[]): { problem: Sql; problemColumn: Sql } {
  const pick = (member: 'text' | 'column') =>
    `CASE ${list.map((one) => `WHEN ${one.when} THEN ${quoteLiteral(one[member])}`).join(' ')} END`;
  return { problem: pick('text'), problemColumn: pick('column') };
}

const words = {
  a: ['a', 'text_a', 'response_a', 'model_a', 'output_1', 'response_1', 'response1', 'model_1', 'left', '1'],
  b: ['b', 'text_b', 'response_b', 'model_b', 'output_2', 'response_2', 'response2', 'model_2', 'right', '2'],
  tie: ['tie', 'draw', 'equal', 'same', 'both', 'c', '0', '1.5'],
  both_bad: ['both_bad', 'bothbad', 'both bad', 'tie (bothbad)', 'tie (both bad)', 'neither'],
  skip: ['skip', 'skipped'],
} as const;

/**
 * Label words of the field, in any case, as a|b|tie|both_bad|skip; a word outside the vocabulary is NULL. 1 = a, 2 = b,
 * 0 = tie. No `IN`: DuckDB makes a join of one with five or more constants, and a join loses the order of the rows.
 */
export function labelFromWord(word: Sql): Sql {
  const cases = Object.entries(words).map(
    ([label, spellings]) =>
      `WHEN list_contains([${spellings.map(quoteLiteral).join(', ')}], lower(trim(${word}))) THEN '${label}'`,
  );
  return `CASE ${cases.join(' ')} END`;
}

/** Every word that `labelFromWord` knows, lower case. */
export const labelWords: ReadonlySet<string> = new Set(Object.values(words).flat());
