import type { Field, Relation } from '../../../contract/corpus.contract.ts';
import type { Sql } from '../reading/reader.ts';

/** A field of a relation: how the grid shows it, and the SQL that yields it. */
export interface FieldDefinition extends Field {
  /** Expression over the aliases the relation joins: `x` is the row's own table. */
  readonly sql: Sql;
  /** For a text of another table than the row's own: which one it is. Such a field is nothing but that text. */
  readonly textOf?: Join | undefined;
}

type Join = 'prompt' | 'a' | 'b';

/** A table that fields of a row may come from. */
export interface JoinDefinition {
  readonly name: Join;
  readonly alias: string;
  readonly table: string;
  readonly key: string;
  /** The column of the row's own table that points there. */
  readonly foreignKey: string;
}

const joins: Readonly<Record<Join, JoinDefinition>> = {
  prompt: { name: 'prompt', alias: 'p', table: 'prompt', key: 'prompt_id', foreignKey: 'prompt_id' },
  a: { name: 'a', alias: 'ra', table: 'response', key: 'response_id', foreignKey: 'response_a_id' },
  b: { name: 'b', alias: 'rb', table: 'response', key: 'response_id', foreignKey: 'response_b_id' },
};

export const baseTable: Readonly<Record<Relation, { readonly table: string; readonly id: string }>> = {
  pairs: { table: 'comparison', id: 'comparison_id' },
  responses: { table: 'response', id: 'response_id' },
};

type Draft = Pick<FieldDefinition, 'id' | 'title' | 'kind' | 'sql'> & Partial<FieldDefinition>;

function define(draft: Draft): FieldDefinition {
  const isLong = draft.isLong ?? false;
  const isOrdered = draft.kind !== 'tags' && !isLong;
  return {
    isLong,
    isSortable: isOrdered,
    isFacet: draft.kind === 'number' || draft.kind === 'category' || draft.kind === 'boolean',
    isDefault: false,
    width: draft.kind === 'number' ? 96 : 140,
    ...draft,
  };
}

const longText = { kind: 'text', isLong: true, isFacet: false, isDefault: true, width: 320 } as const;

const joinedText = (join: Join) => ({ ...longText, sql: `${joins[join].alias}.text`, textOf: join });

const tagsOf = (relation: Relation, id: string): Sql =>
  `(SELECT list(t.tag ORDER BY t.tag) FROM tag t WHERE t.relation = '${relation}' AND t.row_id = x.${id})`;

const pairFields: readonly FieldDefinition[] = [
  define({ id: 'prompt', title: 'Prompt', ...joinedText('prompt') }),
  define({ id: 'response_a', title: 'Response A', ...joinedText('a') }),
  define({ id: 'response_b', title: 'Response B', ...joinedText('b') }),
  define({ id: 'label', title: 'Label', kind: 'category', sql: 'x.label', isDefault: true, width: 88 }),
  define({ id: 'strength', title: 'Strength', kind: 'number', sql: 'x.strength', isDefault: true }),
  define({ id: 'n_votes', title: 'Votes', kind: 'number', sql: 'x.n_votes', width: 80 }),
  define({ id: 'model_a', title: 'Model A', kind: 'category', sql: 'x.model_a', isDefault: true }),
  define({ id: 'model_b', title: 'Model B', kind: 'category', sql: 'x.model_b', isDefault: true }),
  define({ id: 'prompt_chars', title: 'Prompt length', kind: 'number', sql: 'x.prompt_chars' }),
  define({ id: 'chars_a', title: 'Length A', kind: 'number', sql: 'x.chars_a', isDefault: true }),
  define({ id: 'chars_b', title: 'Length B', kind: 'number', sql: 'x.chars_b', isDefault: true }),
  define({
    id: 'length_difference',
    title: 'Chosen − rejected length',
    kind: 'number',
    sql: "CASE x.label WHEN 'a' THEN x.chars_a - x.chars_b WHEN 'b' THEN x.chars_b - x.chars_a END",
    isDefault: true,
    width: 130,
  }),
  define({ id: 'turns', title: 'Turns', kind: 'number', sql: 'x.turns', width: 80 }),
  define({ id: 'language', title: 'Language', kind: 'category', sql: 'x.language' }),
  define({ id: 'topic', title: 'Topic', kind: 'category', sql: 'x.topic' }),
  define({ id: 'subset', title: 'Subset', kind: 'category', sql: 'x.subset', isDefault: true }),
  define({ id: 'tags', title: 'Tags', kind: 'tags', sql: tagsOf('pairs', 'comparison_id'), isFacet: true }),
  define({ id: 'example_id', title: 'Example id', kind: 'text', sql: 'x.example_id', isDefault: true }),
  define({ id: 'source_file', title: 'Source file', kind: 'category', sql: 'x.source_file' }),
  define({ id: 'source_row', title: 'Source row', kind: 'number', sql: 'x.source_row', isFacet: false }),
];

const responseFields: readonly FieldDefinition[] = [
  define({ id: 'prompt', title: 'Prompt', ...joinedText('prompt') }),
  define({ id: 'response', title: 'Response', ...longText, width: 480, sql: 'x.text' }),
  define({ id: 'model', title: 'Model', kind: 'category', sql: 'x.model', isDefault: true }),
  define({
    id: 'mean_rating',
    title: 'Mean rating',
    kind: 'number',
    sql: '(SELECT avg(g."value") FROM rating g WHERE g.response_id = x.response_id)',
    isDefault: true,
  }),
  define({
    id: 'n_ratings',
    title: 'Ratings',
    kind: 'number',
    sql: '(SELECT count(*) FROM rating g WHERE g.response_id = x.response_id)',
    isDefault: true,
    width: 80,
  }),
  define({ id: 'chars', title: 'Length', kind: 'number', sql: 'x.chars', isDefault: true }),
  define({ id: 'language', title: 'Language', kind: 'category', sql: 'x.language' }),
  define({ id: 'topic', title: 'Topic', kind: 'category', sql: 'x.topic' }),
  define({ id: 'subset', title: 'Subset', kind: 'category', sql: 'x.subset', isDefault: true }),
  define({ id: 'tags', title: 'Tags', kind: 'tags', sql: tagsOf('responses', 'response_id'), isFacet: true }),
  define({ id: 'example_id', title: 'Example id', kind: 'text', sql: 'x.example_id', isDefault: true }),
  define({ id: 'source_file', title: 'Source file', kind: 'category', sql: 'x.source_file' }),
  define({ id: 'source_row', title: 'Source row', kind: 'number', sql: 'x.source_row', isFacet: false }),
];

/** Every field of a relation, in the order the grid offers them. */
export function listFields(relation: Relation): readonly FieldDefinition[] {
  return relation === 'pairs' ? pairFields : responseFields;
}

/** The tables some fields come from beside the row's own, each join once. */
export function listJoins(fields: readonly FieldDefinition[]): JoinDefinition[] {
  return [...new Set(fields.flatMap((field) => field.textOf ?? []))].map((join) => joins[join]);
}

/** The relation's rows with the joins some fields need: `comparison x JOIN prompt p …`. */
export function fromClause(relation: Relation, fields: readonly FieldDefinition[]): Sql {
  const joined = listJoins(fields).map(
    (join) => `JOIN ${join.table} ${join.alias} ON ${join.alias}.${join.key} = x.${join.foreignKey}`,
  );
  return [`${baseTable[relation].table} x`, ...joined].join(' ');
}

/** Rows by id, as a condition DuckDB answers from the index; of neighbours as a range, which may hold rows between them too. */
export function byIds(column: string, ids: readonly number[]): Sql {
  const least = Math.min(...ids);
  const largest = Math.max(...ids);
  return largest - least < ids.length * 3
    ? `${column} BETWEEN ${least} AND ${largest}`
    : `${column} IN (${ids.join(', ')})`;
}
