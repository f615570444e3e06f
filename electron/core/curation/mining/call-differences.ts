import type { Sql } from '../../corpus/reading/reader.ts';
import { responsesOf, type Work } from '../work.ts';

/** How a tool call differs from the gold one, from the closest to the furthest. */
export const errorClasses = [
  'wrong_value',
  'extra_param',
  'missing_param',
  'wrong_tool',
  'wrong_count',
  'unparseable',
] as const;
export type ErrorClass = (typeof errorClasses)[number];

const fenced = '(?s)^\\s*(?:```[a-zA-Z]*\\s*|<tool_call>\\s*)?(.*?)(?:\\s*```|\\s*</tool_call>)?\\s*$';

const firstOf = (json: Sql, keys: readonly string[]): Sql =>
  `coalesce(${keys.map((key) => `json_extract(${json}, '$.${key}')`).join(', ')})`;

/**
 * Creates the table of the calls in responses: response_id, call_no (from 0), tool, arguments. A response is one JSON
 * object or a list of them ({name, arguments}; also function, tool; parameters, args, input; arguments as JSON text), bare,
 * in a code fence or in tool_call tags. A response that is nothing of the kind has one row with no tool.
 */
async function createCalls(
  work: Work,
  { table, responses }: { table: string; responses: Sql },
): Promise<void> {
  await work.session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH whole AS (
       SELECT response_id, TRY_CAST(regexp_extract(text, '${fenced}', 1) AS JSON) AS j FROM ${responsesOf(work)} WHERE response_id IN ${responses}),
     listed AS (
       SELECT response_id, CASE json_type(coalesce(json_extract(j, '$.tool_calls'), j)) WHEN 'ARRAY' THEN coalesce(json_extract(j, '$.tool_calls'), j)::JSON[] WHEN 'OBJECT' THEN [j] END AS items FROM whole),
     item AS (
       SELECT response_id, unnest(range(greatest(len(items), 1))) AS call_no, items FROM (SELECT response_id, coalesce(items, []) AS items FROM listed)),
     inner_call AS (
       SELECT response_id, call_no, CASE WHEN json_type(json_extract(items[call_no + 1], '$.function')) = 'OBJECT' THEN json_extract(items[call_no + 1], '$.function') ELSE items[call_no + 1] END AS c FROM item)
     SELECT response_id, call_no, json_extract_string(${firstOf('c', ['name', 'tool', 'function'])}, '$') AS tool,
       coalesce(CASE json_type(given) WHEN 'VARCHAR' THEN TRY_CAST(json_extract_string(given, '$') AS JSON) ELSE given END, '{}'::JSON) AS arguments
     FROM (SELECT *, ${firstOf('c', ['arguments', 'parameters', 'args', 'input'])} AS given FROM inner_call)`,
    [],
    { signal: work.signal },
  );
}

/** Values of a table of calls: response_id, call_no, place (such as “arguments.unit”), atom (type and value; 1 and 1.0 are one). */
const leavesOf = (calls: string): Sql => `
  SELECT c.response_id, c.call_no, 'arguments' || substr(leaf.fullkey, 2) AS place,
    CASE WHEN leaf.type IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN 'number ' || TRY_CAST(json_extract_string(leaf.value, '$') AS DOUBLE)
      WHEN leaf.type IN ('OBJECT', 'ARRAY') THEN 'empty ' || leaf.type ELSE leaf.type || ' ' || coalesce(json_extract_string(leaf.value, '$'), '') END AS atom
  FROM ${calls} c, json_tree(c.arguments) AS leaf
  WHERE leaf.type NOT IN ('OBJECT', 'ARRAY') OR (leaf.fullkey <> '$' AND coalesce(json_array_length(leaf.value), 0) = 0 AND len(coalesce(json_keys(leaf.value), [])) = 0)`;

/**
 * Creates the table of the differences between calls and the gold ones: prompt_id, response_id, gold_id, error_class, path,
 * one row a difference; equal calls have none. Calls are compared in their order, objects without regard to the order of
 * keys, numbers by value. `pairs` is SQL of prompt_id, response_id, gold_id. Gold that is no call is in no row.
 */
export async function createDifferences(
  work: Work,
  { pairs, table, calls }: { readonly pairs: string; readonly table: string; readonly calls: string },
): Promise<void> {
  await createCalls(work, {
    table: calls,
    responses: `(SELECT response_id FROM ${pairs} UNION SELECT gold_id FROM ${pairs})`,
  });
  const path = (place: Sql, no: Sql) =>
    `CASE WHEN v.calls > 1 THEN '[' || ${no} || '].' ELSE '' END || ${place}`;
  await work.session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH size AS (SELECT response_id, count(*) AS calls, count(tool) AS tools FROM ${calls} GROUP BY ALL),
     versus AS (
       SELECT p.*, g.calls, s.calls AS own, s.tools FROM ${pairs} p JOIN size g ON g.response_id = p.gold_id AND g.tools = g.calls JOIN size s ON s.response_id = p.response_id),
     named AS (
       SELECT v.*, c.call_no, c.tool AS tool, g.tool AS gold_tool FROM versus v JOIN ${calls} c ON c.response_id = v.response_id
       JOIN ${calls} g ON g.response_id = v.gold_id AND g.call_no = c.call_no WHERE v.own = v.calls AND v.tools = v.own),
     same AS (SELECT * FROM named WHERE tool = gold_tool),
     leaf AS MATERIALIZED (${leavesOf(calls)}),
     wanted AS (SELECT v.prompt_id, v.response_id, v.gold_id, v.calls, v.call_no, l.place, l.atom FROM same v JOIN leaf l ON l.response_id = v.gold_id AND l.call_no = v.call_no),
     said AS (SELECT v.prompt_id, v.response_id, v.gold_id, v.calls, v.call_no, l.place, l.atom FROM same v JOIN leaf l ON l.response_id = v.response_id AND l.call_no = v.call_no)
     SELECT prompt_id, response_id, gold_id, 'unparseable' AS error_class, NULL AS path FROM versus WHERE tools < own
     UNION ALL SELECT prompt_id, response_id, gold_id, 'wrong_count', NULL FROM versus WHERE tools = own AND own <> calls
     UNION ALL SELECT prompt_id, response_id, gold_id, 'wrong_tool', ${path(`'name'`, 'v.call_no')} FROM named v WHERE tool <> gold_tool
     UNION ALL SELECT prompt_id, response_id, gold_id, 'missing_param', ${path('v.place', 'v.call_no')} FROM wanted v ANTI JOIN said s USING (prompt_id, response_id, gold_id, call_no, place)
     UNION ALL SELECT prompt_id, response_id, gold_id, 'extra_param', ${path('v.place', 'v.call_no')} FROM said v ANTI JOIN wanted w USING (prompt_id, response_id, gold_id, call_no, place)
     UNION ALL SELECT v.prompt_id, v.response_id, v.gold_id, 'wrong_value', ${path('v.place', 'v.call_no')} FROM wanted v JOIN said s USING (prompt_id, response_id, gold_id, call_no, place) WHERE s.atom <> v.atom`,
    [],
    { signal: work.signal },
  );
}
