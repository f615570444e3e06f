import { messagesType } from '../corpus/reading/message-sql.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { Sql } from '../corpus/reading/reader.ts';

const turnsOf = (alias: string, role: 'user' | 'assistant') =>
  `coalesce(${alias}.messages, CASE WHEN ${alias}.text = '' AND '${role}' = 'user' THEN []::${messagesType}
    ELSE [{'role': '${role}', 'content': ${alias}.text}]::${messagesType} END)`;

const promptColumns = `p.text AS prompt, ${turnsOf('p', 'user')} AS prompt_messages, p.messages IS NOT NULL AS is_dialogue`;

/** Least and largest ids that a part of a selection touches, so that a file is made without reading the whole tables. */
export interface RowBounds {
  readonly row: readonly [number, number];
  readonly prompt: readonly [number, number];
  readonly response: readonly [number, number];
}

function boundedTables(bounds: RowBounds | undefined) {
  const within = (table: string, key: string, range: readonly [number, number] | undefined): Sql =>
    range ? `(SELECT * FROM ${table} WHERE ${key} BETWEEN ${range[0]} AND ${range[1]})` : table;
  return {
    row: (table: string, key: string) => within(table, key, bounds?.row),
    prompt: within('prompt', 'prompt_id', bounds?.prompt),
    response: within('response', 'response_id', bounds?.response),
  };
}

/**
 * The selected pairs with everything a writer may need: unit, split, row_id, label, strength, prompt, prompt_messages,
 * is_dialogue, a, b, a_messages, b_messages, a_is_dialogue, b_is_dialogue, chosen, rejected (texts), chosen_messages,
 * rejected_messages, model_a, model_b, chosen_model, rejected_model, the pair's own columns and what a recipe decided of it
 * (recipe_ and the names of `curation_row`; NULL where none did). `selection` has unit,
 * split, row_id, label, strength. Chosen and rejected are NULL unless the label is a or b.
 */
function pairRows(selection: Sql, bounds: RowBounds | undefined): Sql {
  const table = boundedTables(bounds);
  const better = (a: string, b: string) => `CASE label WHEN 'a' THEN ${a} WHEN 'b' THEN ${b} END`;
  return `(SELECT *,
      ${better('a', 'b')} AS chosen, ${better('b', 'a')} AS rejected,
      ${better('a_messages', 'b_messages')} AS chosen_messages, ${better('b_messages', 'a_messages')} AS rejected_messages,
      ${better('model_a', 'model_b')} AS chosen_model, ${better('model_b', 'model_a')} AS rejected_model,
      ${better('response_a_id', 'response_b_id')} AS chosen_id, ${better('response_b_id', 'response_a_id')} AS rejected_id
    FROM (SELECT s.unit, s.split, s.row_id, s.label, s.strength, ${promptColumns},
        pb.text AS prompt_b, ra.text AS a, rb.text AS b,
        ${turnsOf('ra', 'assistant')} AS a_messages, ${turnsOf('rb', 'assistant')} AS b_messages,
        ra.messages IS NOT NULL AS a_is_dialogue, rb.messages IS NOT NULL AS b_is_dialogue,
        c.model_a, c.model_b, c.example_id, c.language, c.topic, c.subset, c.n_votes, c.extra, c.source_file,
        c.source_row, c.prompt_id, c.response_a_id, c.response_b_id,
        q.weight AS recipe_weight, q.soft_label AS recipe_soft_label, q.margin AS recipe_margin, q.split AS recipe_split,
        q.place AS recipe_place, q.stage AS recipe_stage, q.route AS recipe_route, q.goal_score AS recipe_goal_score,
        q.is_relabelled AS recipe_is_relabelled, q.method AS recipe_method
      FROM ${selection} s JOIN ${table.row('comparison', 'comparison_id')} c ON c.comparison_id = s.row_id JOIN ${table.prompt} p ON p.prompt_id = c.prompt_id
      LEFT JOIN curation_row q ON q.comparison_id = c.comparison_id
      LEFT JOIN prompt pb ON pb.prompt_id = c.prompt_b_id AND c.prompt_b_id <> c.prompt_id
      JOIN ${table.response} ra ON ra.response_id = c.response_a_id JOIN ${table.response} rb ON rb.response_id = c.response_b_id))`;
}

/** The selected single responses: unit, split, row_id, prompt, prompt_messages, text, messages, model, wanted (the rating `label`) and the row's own columns. */
function responseRows(selection: Sql, bounds: RowBounds | undefined): Sql {
  const table = boundedTables(bounds);
  return `(SELECT s.unit, s.split, s.row_id, NULL::VARCHAR AS label, NULL::DOUBLE AS strength, ${promptColumns},
      NULL::VARCHAR AS prompt_b, r.text, ${turnsOf('r', 'assistant')} AS messages, r.messages IS NOT NULL AS r_is_dialogue, r.model,
      (SELECT avg(g."value") >= 0.5 FROM rating g WHERE g.response_id = r.response_id AND g.aspect = 'label') AS wanted,
      r.response_id, r.example_id, r.language, r.topic, r.subset, r.extra, r.source_file, r.source_row, r.prompt_id
    FROM ${selection} s JOIN ${table.row('response', 'response_id')} r ON r.response_id = s.row_id JOIN ${table.prompt} p ON p.prompt_id = r.prompt_id)`;
}

export function selectedRows(relation: Relation, selection: Sql, bounds?: RowBounds): Sql {
  return relation === 'pairs' ? pairRows(selection, bounds) : responseRows(selection, bounds);
}

/**
 * One row a response: `side` 0 = chosen, 1 = rejected, with text, messages, model, is_multi_turn and wanted. A pair whose
 * label is both_bad makes two that are not wanted. `sides` says which of a pair are taken.
 */
export function singleRows(relation: Relation, rows: Sql, sides: 'both' | 'chosen' = 'both'): Sql {
  if (relation === 'responses')
    return `(SELECT *, 0 AS side, len(messages) > 1 AS is_multi_turn FROM ${rows})`;
  const pick = (first: string, second: string) => `CASE side WHEN 0 THEN ${first} ELSE ${second} END`;
  const side = (name: string, plain: string) =>
    pick(`coalesce(chosen_${name}, ${plain})`, `coalesce(rejected_${name}, ${plain.replace('a', 'b')})`);
  return `(SELECT *, len(messages) > 1 AS is_multi_turn FROM (SELECT *,
      ${pick('coalesce(chosen, a)', 'coalesce(rejected, b)')} AS text, ${side('messages', 'a_messages')} AS messages,
      ${pick(`CASE WHEN chosen IS NULL THEN model_a ELSE chosen_model END`, `CASE WHEN chosen IS NULL THEN model_b ELSE rejected_model END`)} AS model,
      ${pick('coalesce(chosen_id, response_a_id)', 'coalesce(rejected_id, response_b_id)')} AS response_id,
      side = 0 AND label <> 'both_bad' AS wanted
    FROM ${rows} CROSS JOIN (SELECT unnest(${sides === 'both' ? '[0, 1]' : '[0]'}) AS side)))`;
}
