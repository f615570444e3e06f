import type { Session } from '../../../native/duckdb/session.ts';
import type { Sql } from '../corpus/reading/reader.ts';
import { messagesJsonType, plainColumns, rowTables } from './cells.ts';

/** Logged changes that are to be made (`after`) or taken back (`before`). Ids are our own, so they are spliced. */
export interface LoggedChanges {
  readonly rootId: string;
  readonly first: number;
  readonly last: number;
  readonly value: 'before' | 'after';
}

interface Apply {
  /** Texts that are updated in place; more of them are rewritten. */
  readonly mostUpdated: number;
  readonly session: Session;
  readonly changes: LoggedChanges;
  readonly signal: AbortSignal | undefined;
  /** The changes of one field as `c`, the value to set as `c.value`. */
  from(entity: string, field: string): Sql;
  run(sql: Sql): Promise<number>;
}

/** The change log's rows of one operation as a subquery with (entity, entity_id, field, value, other). */
export function selectChanges({ first, last, value, rootId }: LoggedChanges, condition = 'true'): Sql {
  if (!/^[\w-]+$/.test(rootId)) throw new Error(`not an operation id: ${rootId}`);
  const other = value === 'after' ? 'before' : 'after';
  return `(SELECT entity, entity_id, field, ${value} AS value, ${other} AS other FROM change
    WHERE change_id BETWEEN ${first} AND ${last} AND operation_id = '${rootId}' AND ${condition})`;
}

const rowColumns = {
  prompts: {
    table: 'prompt',
    id: 'prompt_id',
    columns:
      'prompt_id BIGINT, dataset_id INTEGER, text VARCHAR, messages MESSAGES, text_key UHUGEINT, chars INTEGER, turns INTEGER, import_id INTEGER',
  },
  responses: {
    table: 'response',
    id: 'response_id',
    columns:
      'response_id BIGINT, dataset_id INTEGER, prompt_id BIGINT, text VARCHAR, messages MESSAGES, model VARCHAR, position INTEGER, chars INTEGER, example_id VARCHAR, language VARCHAR, topic VARCHAR, subset VARCHAR, extra VARCHAR, import_id INTEGER, source_file VARCHAR, source_row BIGINT',
  },
  pairs: {
    table: 'comparison',
    id: 'comparison_id',
    columns:
      'comparison_id BIGINT, dataset_id INTEGER, example_id VARCHAR, prompt_id BIGINT, prompt_b_id BIGINT, response_a_id BIGINT, response_b_id BIGINT, label VARCHAR, strength DOUBLE, n_votes INTEGER, model_a VARCHAR, model_b VARCHAR, language VARCHAR, topic VARCHAR, subset VARCHAR, prompt_chars INTEGER, chars_a INTEGER, chars_b INTEGER, turns INTEGER, extra VARCHAR, import_id INTEGER, source_file VARCHAR, source_row BIGINT',
  },
} as const;

export type RowEntity = keyof typeof rowColumns;

/** A whole row as JSON, as it is logged when it is made. */
export function selectRowJson(entity: RowEntity): {
  readonly table: string;
  readonly id: string;
  readonly json: Sql;
} {
  const { table, id, columns } = rowColumns[entity];
  const parts = columns.split(', ').map((column) => {
    const [name = '', type] = column.split(' ');
    return `'${name}': x.${name}${type === 'UHUGEINT' ? '::VARCHAR' : ''}`;
  });
  return { table, id, json: `to_json({${parts.join(', ')}})` };
}

/** What belongs to a response and is copied and removed with it. */
const responseChildren = ['rating', 'rationale', 'media'] as const;

async function insertRows(apply: Apply, entity: RowEntity): Promise<void> {
  const { table, columns } = rowColumns[entity];
  const parsed = columns.split(', ').map((column) => {
    const [name = '', type = ''] = column.split(' ');
    return type === 'MESSAGES'
      ? `from_json(c.value -> '$.messages', '${messagesJsonType}') AS messages`
      : `(c.value ->> '$.${name}')::${type} AS ${name}`;
  });
  const from = `${apply.from(entity, 'row')} c WHERE c.value IS NOT NULL`;
  await apply.run(`INSERT INTO ${table} BY NAME SELECT ${parsed.join(', ')} FROM ${from}`);
  if (entity !== 'responses') return;
  for (const child of responseChildren)
    await apply.run(
      `INSERT INTO ${child} SELECT k.* REPLACE (c.entity_id AS response_id) FROM ${apply.from(entity, 'row')} c
       JOIN ${child} k ON k.response_id = (c.value ->> '$.copied_from')::BIGINT WHERE c.value IS NOT NULL`,
    );
}

async function deleteRows(apply: Apply, entity: RowEntity): Promise<void> {
  const { table, id } = rowColumns[entity];
  const gone = `(SELECT c.entity_id FROM ${apply.from(entity, 'row')} c WHERE c.value IS NULL)`;
  if (entity === 'responses')
    for (const child of responseChildren)
      await apply.run(`DELETE FROM ${child} WHERE response_id IN ${gone}`);
  await apply.run(`DELETE FROM ${table} WHERE ${id} IN ${gone}`);
  if (entity === 'prompts') return;
  await apply.run(`DELETE FROM ${rowTables[entity].hidden} WHERE ${id} IN ${gone}`);
  await apply.run(`DELETE FROM hidden_row WHERE relation = '${entity}' AND row_id IN ${gone}`);
}

/** Sets plain columns, of visible and of hidden rows. */
async function setColumn(apply: Apply, entity: 'pairs' | 'responses', field: string): Promise<void> {
  const type = plainColumns[entity][field];
  if (type === undefined) throw new Error(`no column for ${entity}.${field}`);
  const { table, hidden, id } = rowTables[entity];
  for (const target of [table, hidden])
    await apply.run(
      `UPDATE ${target} SET ${field} = json_extract_string(c.value, '$')::${type} FROM ${apply.from(entity, field)} c
       WHERE ${target}.${id} = c.entity_id`,
    );
}

/**
 * Sets texts by taking the rows out and putting them back. What an UPDATE changes stays in memory until the transaction
 * ends, a text of 1 KiB in some millions of rows more than there is; rows that are put in go to the file meanwhile.
 */
async function rewriteTexts(
  apply: Apply,
  { table, id, entity }: { table: string; id: string; entity: 'prompts' | 'responses' },
): Promise<void> {
  const from = apply.from(entity, 'text');
  const key = entity === 'prompts' ? `, (c.value ->> '$.key')::UHUGEINT AS text_key` : '';
  await apply.run(
    `CREATE OR REPLACE TEMP TABLE rewritten AS SELECT x.* REPLACE (c.value ->> '$.text' AS text, length(c.value ->> '$.text') AS chars${key})
     FROM ${table} x JOIN ${from} c ON c.entity_id = x.${id}`,
  );
  await apply.run(`DELETE FROM ${table} WHERE ${id} IN (SELECT ${id} FROM rewritten)`);
  await apply.run(`INSERT INTO ${table} BY NAME SELECT * FROM rewritten ORDER BY ${id}`);
  await apply.run('DROP TABLE rewritten');
}

/** Turns are written only where there are some: a list cannot be updated in place. */
async function setText(apply: Apply, entity: 'prompts' | 'responses'): Promise<void> {
  const targets =
    entity === 'prompts'
      ? [{ table: 'prompt', id: 'prompt_id' }]
      : [rowTables.responses.table, rowTables.responses.hidden].map((table) => ({
          table,
          id: 'response_id',
        }));
  const from = apply.from(entity, 'text');
  const { n } = await apply.session.one<{ n: number }>(`SELECT count(*) AS n FROM ${from}`);
  const isMany = n > apply.mostUpdated;
  for (const { table, id } of targets) {
    const key = entity === 'prompts' ? `, text_key = (c.value ->> '$.key')::UHUGEINT` : '';
    if (isMany) await rewriteTexts(apply, { table, id, entity });
    else
      await apply.run(
        `UPDATE ${table} SET text = c.value ->> '$.text', chars = length(c.value ->> '$.text')${key} FROM ${from} c
         WHERE ${table}.${id} = c.entity_id`,
      );
    const turns =
      entity === 'prompts'
        ? `, turns = coalesce(len(list_filter(m.messages, lambda said: said."role" = 'user')), 1)`
        : '';
    await apply.run(
      `UPDATE ${table} SET messages = m.messages${turns} FROM (
         SELECT c.entity_id, from_json(c.value -> '$.messages', '${messagesJsonType}') AS messages FROM ${from} c
         WHERE json_type(c.value -> '$.messages') = 'ARRAY' OR json_type(c.other -> '$.messages') = 'ARRAY') m
       WHERE ${table}.${id} = m.entity_id`,
    );
  }
}

async function setHidden(apply: Apply, entity: 'pairs' | 'responses'): Promise<void> {
  const { table, hidden, id } = rowTables[entity];
  const from = apply.from(entity, 'hidden');
  const leaving = `(SELECT c.entity_id FROM ${from} c WHERE c.value IS NOT NULL)`;
  const coming = `(SELECT c.entity_id FROM ${from} c WHERE c.value IS NULL)`;
  await apply.run(`INSERT INTO ${hidden} BY NAME SELECT * FROM ${table} WHERE ${id} IN ${leaving}`);
  await apply.run(
    `INSERT INTO hidden_row SELECT x.dataset_id, '${entity}', x.${id}, json_extract_string(c.value, '$')
     FROM ${table} x JOIN ${from} c ON c.entity_id = x.${id} WHERE c.value IS NOT NULL`,
  );
  await apply.run(`DELETE FROM ${table} WHERE ${id} IN ${leaving}`);
  await apply.run(`INSERT INTO ${table} BY NAME SELECT * FROM ${hidden} WHERE ${id} IN ${coming}`);
  await apply.run(`DELETE FROM ${hidden} WHERE ${id} IN ${coming}`);
  await apply.run(`DELETE FROM hidden_row WHERE relation = '${entity}' AND row_id IN ${coming}`);
}

async function setTags(apply: Apply, entity: 'pairs' | 'responses'): Promise<void> {
  const { table, hidden, id } = rowTables[entity];
  const from = apply.from(entity, 'tag');
  await apply.run(
    `DELETE FROM tag USING ${from} c WHERE tag.relation = '${entity}' AND tag.row_id = c.entity_id
       AND tag.tag = json_extract_string(c.other, '$') AND c.value IS NULL`,
  );
  await apply.run(
    `INSERT INTO tag SELECT x.dataset_id, '${entity}', x.${id}, json_extract_string(c.value, '$')
     FROM (SELECT ${id}, dataset_id FROM ${table} UNION ALL SELECT ${id}, dataset_id FROM ${hidden}) x
     JOIN ${from} c ON c.entity_id = x.${id} WHERE c.value IS NOT NULL`,
  );
}

async function setNotes(apply: Apply, entity: 'pairs' | 'responses'): Promise<void> {
  const { table, hidden, id } = rowTables[entity];
  const from = apply.from(entity, 'note');
  await apply.run(
    `DELETE FROM note WHERE relation = '${entity}' AND row_id IN (SELECT c.entity_id FROM ${from} c)`,
  );
  await apply.run(
    `INSERT INTO note SELECT x.dataset_id, '${entity}', x.${id}, json_extract_string(c.value, '$')
     FROM (SELECT ${id}, dataset_id FROM ${table} UNION ALL SELECT ${id}, dataset_id FROM ${hidden}) x
     JOIN ${from} c ON c.entity_id = x.${id} WHERE c.value IS NOT NULL`,
  );
}

/** Votes speak of sides; exchanging a and b twice leaves them as they were, so the value does not matter. */
async function exchangeVotes(apply: Apply): Promise<void> {
  const other = (column: string) => `CASE ${column} WHEN 'a' THEN 'b' WHEN 'b' THEN 'a' ELSE ${column} END`;
  await apply.run(
    `UPDATE vote SET label = ${other('label')}, shown_first = ${other('shown_first')}
     WHERE comparison_id IN (SELECT c.entity_id FROM ${apply.from('pairs', 'votes')} c)`,
  );
}

async function setLineage(apply: Apply): Promise<void> {
  const from = apply.from('pairs', 'lineage');
  await apply.run(
    `DELETE FROM lineage WHERE relation = 'pairs' AND row_id IN (SELECT c.entity_id FROM ${from} c)`,
  );
  await apply.run(
    `INSERT INTO lineage SELECT (c.value ->> '$.dataset_id')::INTEGER, 'pairs', c.entity_id, (c.value ->> '$.parent_dataset_id')::INTEGER,
       'pairs', (c.value ->> '$.parent_row_id')::BIGINT, c.value ->> '$.kind', (c.value ->> '$.edit_ratio')::DOUBLE
     FROM ${from} c WHERE c.value IS NOT NULL`,
  );
}

async function applyField(apply: Apply, entity: string, field: string): Promise<void> {
  if (entity === 'prompts') {
    if (field !== 'text') throw new Error(`no field ${entity}.${field}`);
    return setText(apply, entity);
  }
  if (entity !== 'pairs' && entity !== 'responses') throw new Error(`no entity ${entity}`);
  if (field === 'text' && entity === 'responses') return setText(apply, entity);
  if (field === 'hidden') return setHidden(apply, entity);
  if (field === 'tag') return setTags(apply, entity);
  if (field === 'note') return setNotes(apply, entity);
  if (field === 'votes') return exchangeVotes(apply);
  if (field === 'lineage') return setLineage(apply);
  return setColumn(apply, entity, field);
}

/**
 * Brings the tables of the corpus to the state the logged changes name: new rows first, then values, then rows that are
 * to go. Sets only, no loop over rows. Columns derived from texts are not set here, see `refreshDerived`.
 */
export async function applyChanges(
  session: Session,
  changes: LoggedChanges,
  options: { readonly signal?: AbortSignal | undefined; readonly mostUpdated?: number } = {},
): Promise<void> {
  const apply: Apply = {
    mostUpdated: options.mostUpdated ?? 200_000,
    session,
    changes,
    signal: options.signal,
    from: (entity, field) => selectChanges(changes, `entity = '${entity}' AND field = '${field}'`),
    run: (sql) => session.run(sql, [], options),
  };
  const fields = await session.all<{ entity: string; field: string }>(
    `SELECT DISTINCT entity, field FROM ${selectChanges(changes)} ORDER BY field = 'hidden', entity, field`,
    [],
    options,
  );
  const has = (entity: string) => fields.some((known) => known.entity === entity && known.field === 'row');
  const order = ['prompts', 'responses', 'pairs'] as const;
  for (const entity of order) if (has(entity)) await insertRows(apply, entity);
  for (const { entity, field } of fields) if (field !== 'row') await applyField(apply, entity, field);
  for (const entity of [...order].reverse()) if (has(entity)) await deleteRows(apply, entity);
}
