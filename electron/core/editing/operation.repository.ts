import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { Operation } from '../../contract/editing.contract.ts';
import { planTables } from './cells.ts';

/** An operation with the place of its changes in the log. */
export interface LoggedOperation extends Operation {
  readonly firstChangeId: number;
  readonly lastChangeId: number;
}

/** Each event with whether the edit it is about is in force now, that is, was not undone last. */
const operations = `SELECT o.sequence, o.operation_id AS "operationId", o.root_id AS "rootId", o.direction, o.dataset_id AS "datasetId",
    o.relation, o.kind, o.title, o."rows", o.changes, o.who, o.reason, o.done_at AS "doneAt",
    s.direction <> 'undo' AS "isInForce", s.sequence AS "lastSequence",
    o.first_change_id AS "firstChangeId", o.last_change_id AS "lastChangeId"
  FROM operation o JOIN (SELECT root_id, arg_max(direction, sequence) AS direction, max(sequence) AS sequence FROM operation GROUP BY root_id) s
    ON s.root_id = o.root_id`;

export interface NewOperation {
  readonly operationId: string;
  readonly datasetId: number;
  readonly relation: Relation;
  readonly kind: string;
  readonly title: string;
  readonly spec: unknown;
  readonly who: string;
  readonly reason: string | null;
}

export interface LoggedRange {
  readonly first: number;
  readonly last: number;
  readonly changes: number;
}

async function nextSequence(session: Session): Promise<number> {
  const { n } = await session.one<{ n: number }>('SELECT coalesce(max(sequence), 0) + 1 AS n FROM operation');
  return n;
}

/** Writes the planned changes to the log in one statement; answers where they are. */
export async function logPlannedChanges(
  session: Session,
  operation: NewOperation,
  signal?: AbortSignal,
): Promise<LoggedRange> {
  const { before } = await session.one<{ before: number }>("SELECT nextval('change_id') AS before");
  const changes = await session.run(
    `INSERT INTO change (change_id, operation_id, dataset_id, entity, entity_id, field, before, after, who, reason)
     SELECT nextval('change_id'), ?, ?, entity, entity_id, field, before, after, ?, ? FROM ${planTables.cell}`,
    [operation.operationId, operation.datasetId, operation.who, operation.reason],
    { signal },
  );
  await session.run(
    `UPDATE made_id SET highest = greatest(made_id.highest, m.highest) FROM (
       SELECT CASE entity WHEN 'prompts' THEN 'prompt' WHEN 'responses' THEN 'response' ELSE 'comparison' END AS kind,
         max(entity_id) AS highest FROM ${planTables.cell} WHERE field = 'row' GROUP BY entity) m WHERE made_id.kind = m.kind`,
  );
  return { first: before + 1, last: before + changes, changes };
}

/** Records an edit whose changes are logged. */
export async function recordEdit(
  session: Session,
  operation: NewOperation,
  range: LoggedRange & { readonly rows: number },
): Promise<void> {
  await session.run(
    `INSERT INTO operation (sequence, operation_id, root_id, direction, dataset_id, relation, kind, title, spec, "rows", changes,
       first_change_id, last_change_id, who, reason) VALUES (?, ?, ?, 'edit', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      await nextSequence(session),
      operation.operationId,
      operation.operationId,
      operation.datasetId,
      operation.relation,
      operation.kind,
      operation.title,
      JSON.stringify(operation.spec),
      range.rows,
      range.changes,
      range.first,
      range.last,
      operation.who,
      operation.reason,
    ],
  );
}

/**
 * Records changes that another domain has logged and made in this transaction as one edit, so that they stand in the
 * history and can be taken back there. Does nothing where none was logged.
 */
export async function recordLogged(
  session: Session,
  { operationId, kind, title }: Pick<NewOperation, 'operationId' | 'kind' | 'title'>,
): Promise<void> {
  await session.run(
    `INSERT INTO operation (sequence, operation_id, root_id, direction, dataset_id, relation, kind, title, "rows", changes,
       first_change_id, last_change_id, who, reason)
     SELECT ?, operation_id, operation_id, 'edit', min(dataset_id), min(entity), ?, ?, count(DISTINCT entity_id), count(*),
       min(change_id), max(change_id), min(who), min(reason)
     FROM change WHERE operation_id = ? GROUP BY operation_id`,
    [await nextSequence(session), kind, title, operationId],
  );
}

/** Records that an edit was taken back or made again. Its changes are not logged twice: the event points to them. */
export async function recordReversal(
  session: Session,
  edit: LoggedOperation,
  event: {
    readonly operationId: string;
    readonly direction: 'undo' | 'redo';
    readonly who: string;
    readonly reason: string | null;
  },
): Promise<void> {
  await session.run(
    `INSERT INTO operation (sequence, operation_id, root_id, direction, dataset_id, relation, kind, title, spec, "rows", changes,
       first_change_id, last_change_id, who, reason)
     SELECT ?, ?, root_id, ?, dataset_id, relation, kind, title, NULL, "rows", changes, first_change_id, last_change_id, ?, ?
     FROM operation WHERE operation_id = ?`,
    [await nextSequence(session), event.operationId, event.direction, event.who, event.reason, edit.rootId],
  );
}

export async function findOperation(
  source: Pick<Session, 'find'>,
  operationId: string,
): Promise<LoggedOperation | undefined> {
  return source.find<LoggedOperation>(
    `SELECT * EXCLUDE ("lastSequence") FROM (${operations}) WHERE "operationId" = ?`,
    [operationId],
  );
}

/** The edit that undo (the one done last of those in force) or redo (the one undone last) takes next. */
export async function findNext(
  source: Pick<Session, 'find'>,
  datasetId: number,
  direction: 'undo' | 'redo',
): Promise<LoggedOperation | undefined> {
  return source.find<LoggedOperation>(
    `SELECT * EXCLUDE ("lastSequence") FROM (${operations})
     WHERE direction = 'edit' AND "datasetId" = ? AND "isInForce" = ? ORDER BY "lastSequence" DESC LIMIT 1`,
    [datasetId, direction === 'undo'],
  );
}

/** The edit an undo or redo is about; throws where it is not there or already as wanted. */
export async function requireReversible(
  session: Session,
  request: { readonly datasetId: number; readonly operationId?: string | undefined },
  direction: 'undo' | 'redo',
): Promise<LoggedOperation> {
  const { datasetId, operationId } = request;
  if (operationId === undefined) {
    const next = await findNext(session, datasetId, direction);
    if (next) return next;
    throw new AppError('EDIT_NOTHING', `There is nothing to ${direction} in this dataset.`, { datasetId });
  }
  const named = await findOperation(session, operationId);
  const root = named && (await findOperation(session, named.rootId));
  if (!root || root.datasetId !== datasetId)
    throw new AppError('OPERATION_MISSING', `There is no operation ${operationId} in this dataset.`, {
      operationId,
    });
  if (root.isInForce !== (direction === 'undo'))
    throw new AppError(
      'EDIT_NOTHING',
      `Not done: “${root.title}” is ${direction === 'undo' ? 'undone already' : 'in force already'}.`,
      { operationId },
    );
  return root;
}

/** Events of a dataset, newest first. */
export async function listOperations(
  database: Database,
  { datasetId, offset, limit }: { datasetId: number; offset: number; limit: number },
): Promise<{ count: number; operations: Operation[] }> {
  const { count } = await database.one<{ count: number }>(
    'SELECT count(*) AS count FROM operation WHERE dataset_id = ?',
    [datasetId],
  );
  const rows = await database.all<Operation>(
    `SELECT * EXCLUDE ("lastSequence", "firstChangeId", "lastChangeId") FROM (${operations})
     WHERE "datasetId" = ? ORDER BY sequence DESC LIMIT ? OFFSET ?`,
    [datasetId, limit, offset],
  );
  return { count, operations: rows };
}

const withoutPlace = ({
  firstChangeId: _first,
  lastChangeId: _last,
  ...operation
}: LoggedOperation): Operation => operation;

/** What undo and redo would take next, and how many rows are hidden or have a note. */
export async function readNext(
  database: Database,
  datasetId: number,
): Promise<{ undo: Operation | null; redo: Operation | null; hidden: number; notes: number }> {
  const [undo, redo] = [
    await findNext(database, datasetId, 'undo'),
    await findNext(database, datasetId, 'redo'),
  ];
  const counts = await database.one<{ hidden: number; notes: number }>(
    `SELECT (SELECT count(*) FROM hidden_row WHERE dataset_id = ?) AS hidden, (SELECT count(*) FROM note WHERE dataset_id = ?) AS notes`,
    [datasetId, datasetId],
  );
  return { undo: undo ? withoutPlace(undo) : null, redo: redo ? withoutPlace(redo) : null, ...counts };
}

/** Removes everything editing knows of a dataset; part of removing it. The log goes with the rows it is about. */
export async function removeEditing(session: Session, datasetId: number): Promise<void> {
  await session.run(
    'DELETE FROM snapshot_row WHERE snapshot_id IN (SELECT snapshot_id FROM snapshot WHERE dataset_id = ?)',
    [datasetId],
  );
  const tables = [
    'snapshot',
    'hidden_comparison',
    'hidden_response',
    'hidden_row',
    'note',
    'lineage',
    'change',
    'operation',
  ];
  for (const table of tables) await session.run(`DELETE FROM ${table} WHERE dataset_id = ?`, [datasetId]);
}
