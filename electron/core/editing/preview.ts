import type { EditPreview, EditRequest } from '../../contract/editing.contract.ts';
import { planTables, rowTables } from './cells.ts';
import type { Plan } from './plan.ts';

const { cell, aim, copied, revised } = planTables;

/** Characters of a sample; more are cut around the first difference. */
const sampleLength = 1_200;
const beforeDifference = 240;

/** (row_id) of rows that change: their own fields, or a text they point to. */
export function changedRowsSql(relation: string): string {
  return `SELECT entity_id AS row_id FROM ${cell} WHERE entity = '${relation}'
    UNION SELECT a.entity_id FROM ${aim} a JOIN ${revised} r ON r.kind = a.kind AND r.text_id = a.text_id`;
}

export async function countChangedRows(plan: Plan, relation: string): Promise<number> {
  return (await plan.one<{ n: number }>(`SELECT count(*) AS n FROM (${changedRowsSql(relation)})`)).n;
}

/** Both texts from a little before where they first differ. */
export function cutToDifference(
  before: string | null,
  after: string | null,
): { readonly before: string | null; readonly after: string | null } {
  if (Math.max(before?.length ?? 0, after?.length ?? 0) <= sampleLength) return { before, after };
  const [first, second] = [before ?? '', after ?? ''];
  let at = 0;
  while (at < first.length && first[at] === second[at]) at++;
  const from = Math.max(0, at - beforeDifference);
  const cut = (text: string | null) =>
    text === null
      ? null
      : `${from > 0 ? '…' : ''}${text.slice(from, from + sampleLength)}${text.length > from + sampleLength ? '…' : ''}`;
  return { before: cut(before), after: cut(after) };
}

/** Changed cells with a row that shows each, texts by what they become (also where a copy is made). */
function samplesSql(relation: 'pairs' | 'responses'): string {
  const text = (table: string, kind: string, column: string) =>
    `SELECT a.entity_id AS row_id, CASE a.pointer WHEN 'response_id' THEN 'response' ELSE replace(a.pointer, '_id', '') END AS field, ${
      column === 'model' ? 'x.model' : 'x.text'
    } AS before, r.${column} AS after
     FROM ${aim} a JOIN ${revised} r ON r.kind = a.kind AND r.text_id = a.text_id JOIN ${table} x ON x.${table}_id = a.text_id
     WHERE a.kind = '${kind}' AND r.${column} IS DISTINCT FROM x.${column}`;
  return `SELECT entity_id AS row_id, field, json_extract_string(before, '$') AS before, json_extract_string(after, '$') AS after
     FROM ${cell} WHERE entity = '${relation}' AND field NOT IN ('row', 'votes', 'text', 'model')
       AND entity_id IN (SELECT row_id FROM ${planTables.target}) AND (SELECT count(*) FROM ${aim}) = 0
     UNION ALL ${text('prompt', 'prompts', 'text')}
     UNION ALL ${text('response', 'responses', 'text')}
     UNION ALL ${text('response', 'responses', 'model').replace('END AS field', "END || ' model' AS field")}`;
}

/** What the planned changes come to: counts, transitions of short values, and examples. */
export async function summarisePlan(
  plan: Plan,
  request: EditRequest,
  options: { readonly selected: number; readonly samples: number; readonly isBulk: boolean },
): Promise<EditPreview> {
  const { relation, sharing } = request;
  const samples = samplesSql(relation);
  const { table, id } = rowTables[relation];
  const { hidden } = rowTables[relation];
  const exampleOf = `(SELECT any_value(example_id) FROM (SELECT ${id}, example_id FROM ${table} UNION ALL SELECT ${id}, example_id FROM ${hidden}) e WHERE e.${id} = s.row_id)`;
  const shown = await plan.all<EditPreview['samples'][number]>(
    `SELECT row_id AS "rowId", coalesce(${exampleOf}, row_id::VARCHAR) AS "exampleId", field, before, after
     FROM (SELECT * FROM (${samples}) ORDER BY row_id, field LIMIT ?) s`,
    [options.samples],
  );
  const everywhere = sharing === 'everywhere' ? await countSharedEverywhere(plan) : undefined;
  return {
    selected: options.selected,
    rows: await countChangedRows(plan, relation),
    changes: (await plan.one<{ n: number }>(`SELECT count(*) AS n FROM (${samples})`)).n,
    fields: await plan.all(
      `SELECT field, count(*) AS changes FROM (${samples}) GROUP BY field ORDER BY changes DESC, field`,
    ),
    transitions: await plan.all(
      `SELECT field, before, after, count(*) AS "rows" FROM (SELECT * FROM (${samples}) WHERE field NOT IN ('prompt', 'prompt_b', 'response_a', 'response_b', 'response', 'note'))
       GROUP BY field, before, after ORDER BY "rows" DESC, field, before, after LIMIT 30`,
    ),
    sharedTexts: everywhere ?? (await plan.one<{ n: number }>(`SELECT count(*) AS n FROM ${copied}`)).n,
    samples: shown.map((sample) => ({ ...sample, ...cutToDifference(sample.before, sample.after) })),
    isBulk: options.isBulk,
  };
}

/** Texts of the plan that rows outside the target show as well. */
async function countSharedEverywhere(plan: Plan): Promise<number> {
  const uses = ['comparison', 'hidden_comparison'].flatMap((table) =>
    [
      ['prompts', 'prompt_id'],
      ['prompts', 'prompt_b_id'],
      ['responses', 'response_a_id'],
      ['responses', 'response_b_id'],
    ].map(
      ([kind, column]) =>
        `SELECT '${kind}' AS kind, ${column} AS text_id, comparison_id AS row_id FROM ${table}`,
    ),
  );
  const { n } = await plan.one<{ n: number }>(
    `SELECT count(DISTINCT (u.kind, u.text_id)) AS n FROM (${uses.join(' UNION ALL ')}) u
     JOIN ${revised} r ON r.kind = u.kind AND r.text_id = u.text_id
     WHERE NOT EXISTS (SELECT 1 FROM ${aim} a WHERE a.kind = u.kind AND a.text_id = u.text_id AND a.entity = 'pairs' AND a.entity_id = u.row_id)`,
  );
  return n;
}
