import type { Sql } from '../corpus/reading/reader.ts';

/** Temporary tables of one plan; they live on the session that makes it. */
export const planTables = {
  /** (row_id): the rows an edit is about. */
  target: 'temp.edit_target',
  /** (entity, entity_id, pointer, text_id, kind): the places of the target's rows that point to the texts meant. */
  aim: 'temp.edit_aim',
  /** (kind, text_id, text, messages, model): what those texts become. */
  revised: 'temp.edit_revised',
  /** (kind, text_id, new_id): texts that other rows use too, and the copy the target's rows get. */
  copied: 'temp.edit_copied',
  /** (entity, entity_id, field, before, after): the changes, as they will be logged. */
  cell: 'temp.edit_cell',
} as const;

export const cellColumns = 'entity VARCHAR, entity_id BIGINT, field VARCHAR, before JSON, after JSON';

/** The value of a cell as JSON; an empty cell is NULL, never JSON null. */
export function toCell(value: Sql): Sql {
  return `CASE WHEN (${value}) IS NOT NULL THEN to_json(${value}) END`;
}

/** Base tables of the two relations with their id, and where hidden rows of them are. */
export const rowTables = {
  pairs: { table: 'comparison', hidden: 'hidden_comparison', id: 'comparison_id' },
  responses: { table: 'response', hidden: 'hidden_response', id: 'response_id' },
} as const;

/** Columns of a row that an edit may set, and their types. */
export const plainColumns: Readonly<Record<'pairs' | 'responses', Readonly<Record<string, string>>>> = {
  pairs: {
    label: 'VARCHAR',
    strength: 'DOUBLE',
    language: 'VARCHAR',
    topic: 'VARCHAR',
    subset: 'VARCHAR',
    prompt_id: 'BIGINT',
    prompt_b_id: 'BIGINT',
    response_a_id: 'BIGINT',
    response_b_id: 'BIGINT',
  },
  responses: {
    language: 'VARCHAR',
    topic: 'VARCHAR',
    subset: 'VARCHAR',
    model: 'VARCHAR',
    prompt_id: 'BIGINT',
  },
};

export const messagesJsonType = '[{"role":"VARCHAR","content":"VARCHAR"}]';

/** The value of a text cell: its text, its turns where it has them, and for prompts the key imports look it up by. */
export function textCell(text: Sql, messages: Sql, key?: Sql): Sql {
  const keyed = key === undefined ? '' : `, 'key': (${key})::VARCHAR`;
  return `to_json({'text': ${text}, 'messages': ${messages}${keyed}})`;
}
