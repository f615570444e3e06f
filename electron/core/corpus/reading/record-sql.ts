import { quoteIdentifier, quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { SourceColumn } from '../../../contract/import.contract.ts';
import type { Reading, Sql } from './reader.ts';

const messageType = 'STRUCT("role" VARCHAR, content VARCHAR)[]';

/** DuckDB types of the record's parts; every reading is cast to them. */
export const recordTypes = {
  messages: messageType,
  responses: `STRUCT("text" VARCHAR, model VARCHAR, messages ${messageType}, media VARCHAR[])[]`,
  votes:
    'STRUCT(a INTEGER, b INTEGER, label VARCHAR, strength DOUBLE, annotator VARCHAR, aspect VARCHAR, ' +
    'rationale VARCHAR, shown_first VARCHAR, ms DOUBLE)[]',
  ratings:
    'STRUCT(response INTEGER, annotator VARCHAR, aspect VARCHAR, "value" DOUBLE, value_text VARCHAR, ' +
    'scale_min DOUBLE, scale_max DOUBLE, rationale VARCHAR)[]',
  annotators: 'STRUCT("name" VARCHAR, kind VARCHAR, attributes MAP(VARCHAR, VARCHAR))[]',
  trajectories:
    'STRUCT(response INTEGER, episode VARCHAR, is_success BOOLEAN, declared_steps INTEGER, start_value DOUBLE, end_value DOUBLE, ' +
    'attributes MAP(VARCHAR, VARCHAR), steps STRUCT(step_id INTEGER, state VARCHAR, "action" VARCHAR, action_type VARCHAR, ' +
    'reward DOUBLE, "value" DOUBLE, is_done BOOLEAN, propensity DOUBLE, target_propensity DOUBLE, touch DOUBLE[], lift DOUBLE[], ' +
    'boxes DOUBLE[][], media VARCHAR)[])[]',
} as const;

/** NaN and infinities have no place in JSON. */
function jsonValue({ name, type }: SourceColumn): Sql {
  const value = quoteIdentifier(name);
  return /^(DOUBLE|FLOAT)$/.test(type) ? `CASE WHEN isfinite(${value}) THEN ${value} END` : value;
}

/** The columns no part holds, as one JSON object; NULL when there are none or all are null. */
function buildExtra(columns: readonly SourceColumn[], used: readonly string[]): Sql {
  const rest = columns.filter((column) => !used.includes(column.name));
  if (rest.length === 0) return 'NULL::VARCHAR';
  const anyPresent = rest.map((column) => `${quoteIdentifier(column.name)} IS NOT NULL`).join(' OR ');
  const pairs = rest.map((column) => `${quoteLiteral(column.name)}, ${jsonValue(column)}`).join(', ');
  return `CASE WHEN ${anyPresent} THEN json_object(${pairs})::VARCHAR END`;
}

/**
 * The SELECT that turns a source relation into records. `relation` must expose the source's columns and `src_row`
 * (BIGINT, 0-based). The result has one row a record with the columns src_row, src_rows, problem, problem_column,
 * example_id, prompt_text, prompt_messages, prompt_b_text, language, topic, subset, responses, votes, reference, ratings,
 * annotators, trajectories, extra. DuckDB prunes what the caller does not select.
 */
export function buildRecordSelect(relation: Sql, columns: readonly SourceColumn[], reading: Reading): Sql {
  const from = reading.from ? reading.from(relation) : relation;
  const cast = (expression: Sql | undefined, type: string) => `(${expression ?? 'NULL'})::${type}`;
  return `SELECT src_row,
    ${cast(reading.sourceRows ?? '1', 'INTEGER')} AS src_rows,
    ${cast(reading.problem, 'VARCHAR')} AS problem,
    ${cast(reading.problemColumn, 'VARCHAR')} AS problem_column,
    ${cast(reading.exampleId, 'VARCHAR')} AS example_id,
    ${cast(reading.promptText, 'VARCHAR')} AS prompt_text,
    ${cast(reading.promptMessages, recordTypes.messages)} AS prompt_messages,
    ${cast(reading.promptBText, 'VARCHAR')} AS prompt_b_text,
    ${cast(reading.language, 'VARCHAR')} AS language,
    ${cast(reading.topic, 'VARCHAR')} AS topic,
    ${cast(reading.subset, 'VARCHAR')} AS subset,
    ${cast(reading.responses, recordTypes.responses)} AS responses,
    ${cast(reading.votes, recordTypes.votes)} AS votes,
    ${cast(reading.reference, 'VARCHAR')} AS reference,
    ${cast(reading.ratings, recordTypes.ratings)} AS ratings,
    ${cast(reading.annotators, recordTypes.annotators)} AS annotators,
    ${cast(reading.trajectories, recordTypes.trajectories)} AS trajectories,
    ${buildExtra(columns, reading.usedColumns)} AS extra
  FROM ${from}`;
}
