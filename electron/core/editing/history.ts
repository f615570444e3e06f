import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { HiddenPage, HistoryEntry } from '../../contract/editing.contract.ts';
import { rowTables } from './cells.ts';
import { findOperation } from './operation.repository.ts';

interface Effect {
  readonly sequence: number;
  readonly eventId: string;
  readonly rootId: string;
  readonly direction: 'edit' | 'undo' | 'redo';
  readonly title: string;
  readonly who: string;
  readonly reason: string | null;
  readonly doneAt: string;
  readonly entity: string;
  readonly entityId: number;
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

const selectEffects = `SELECT sequence, event_id AS "eventId", root_id AS "rootId", direction, title, who, reason, done_at AS "doneAt",
  entity, entity_id AS "entityId", field, before::VARCHAR AS before, after::VARCHAR AS after FROM change_effect`;

/** Where a row's texts are: the field of the row, and whether it leads to a prompt or a response. */
export const pointerFields: Readonly<Record<string, 'prompts' | 'responses'>> = {
  prompt_id: 'prompts',
  prompt_b_id: 'prompts',
  response_a_id: 'responses',
  response_b_id: 'responses',
};

/** A stretch of the log, (after, until], in which a pointer of the row led to one text. */
interface Stretch {
  readonly pointer: string;
  readonly textId: number;
  readonly after: number;
  readonly until: number;
}

async function readPointers(
  session: Session,
  relation: Relation,
  id: number,
): Promise<Record<string, number>> {
  const { table, hidden, id: key } = rowTables[relation];
  const names = Object.keys(pointerFields).filter((name) => relation === 'pairs' || name === 'prompt_id');
  const row = await session.find<Record<string, number | null>>(
    `SELECT ${names.join(', ')} FROM (SELECT * FROM ${table} UNION ALL SELECT * FROM ${hidden}) WHERE ${key} = ?`,
    [id],
  );
  if (!row) throw new AppError('ROW_MISSING', `There is no row ${id}; it may have been removed.`, { id });
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}

const parse = (value: string | null): unknown => (value === null ? null : (JSON.parse(value) as unknown));

/** Which texts the row showed when, from its pointers of today and the changes they had. */
function listStretches(pointers: Record<string, number>, own: readonly Effect[]): Stretch[] {
  return Object.entries(pointers).flatMap(([pointer, now]) => {
    const moves = own.filter((effect) => effect.field === pointer);
    const stretches: Stretch[] = [];
    let until = Number.MAX_SAFE_INTEGER;
    let textId = now;
    for (const move of [...moves].reverse()) {
      stretches.push({ pointer, textId, after: move.sequence, until });
      until = move.sequence;
      textId = Number(parse(move.before));
    }
    return [...stretches, { pointer, textId, after: 0, until }];
  });
}

/**
 * A prompt's or response's text as it was after the operation with that sequence number: what the next change of it
 * started from, else the text of today, else what it was made with.
 */
export async function readTextAt(
  session: Session,
  text: { readonly kind: 'prompts' | 'responses'; readonly id: number; readonly at: number },
): Promise<string | null> {
  const { kind, id, at } = text;
  const next = await session.find<{ text: string | null }>(
    `SELECT before ->> '$.text' AS text FROM change_effect WHERE entity = ? AND entity_id = ? AND field = 'text' AND sequence > ?
     ORDER BY sequence LIMIT 1`,
    [kind, id, at],
  );
  if (next) return next.text;
  const sql =
    kind === 'prompts'
      ? 'SELECT text FROM prompt WHERE prompt_id = ?'
      : 'SELECT text FROM (SELECT response_id, text FROM response UNION ALL SELECT response_id, text FROM hidden_response) WHERE response_id = ?';
  const live = await session.find<{ text: string }>(sql, [id]);
  if (live) return live.text;
  const made = await session.find<{ text: string | null }>(
    `SELECT coalesce(after, before) ->> '$.text' AS text FROM change WHERE entity = ? AND entity_id = ? AND field = 'row' LIMIT 1`,
    [kind, id],
  );
  return made?.text ?? null;
}

/** The value as a person reads it: texts as texts, everything else as it is. */
export function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return JSON.stringify(value);
  const { text } = value as { readonly text?: unknown };
  return typeof text === 'string' ? text : JSON.stringify(value);
}

const nameOfPointer = (pointer: string) => pointer.replace(/_id$/, '');

async function describeChange(
  session: Session,
  effect: Effect,
  stretches: readonly Stretch[],
): Promise<HistoryEntry['changes']> {
  const kind = pointerFields[effect.field];
  if (kind) {
    const read = async (value: string | null, at: number) =>
      value === null ? null : readTextAt(session, { kind, id: Number(parse(value)), at });
    const before = await read(effect.before, effect.sequence - 1);
    const after = await read(effect.after, effect.sequence);
    return [{ field: nameOfPointer(effect.field), before, after }];
  }
  const change = { before: toText(parse(effect.before)), after: toText(parse(effect.after)) };
  if (effect.field !== 'text' && effect.field !== 'model') return [{ field: effect.field, ...change }];
  const suffix = effect.field === 'model' ? ' model' : '';
  const shown = stretches.filter(
    (stretch) =>
      stretch.textId === effect.entityId &&
      pointerFields[stretch.pointer] === effect.entity &&
      effect.sequence > stretch.after &&
      effect.sequence <= stretch.until,
  );
  if (shown.length === 0) return [{ field: suffix === '' ? 'response' : 'model', ...change }];
  return shown.map(({ pointer }) => ({ field: `${nameOfPointer(pointer)}${suffix}`, ...change }));
}

/**
 * Everything that happened to a row, newest first: its own fields, and the texts it showed at the time. An undo appears
 * as an event of its own with the values going back. Throws ROW_MISSING.
 */
export async function readRowHistory(
  database: Database,
  relation: Relation,
  id: number,
): Promise<HistoryEntry[]> {
  return database.withReader(async (session) => {
    const pointers = await readPointers(session, relation, id);
    const own = await session.all<Effect>(
      `${selectEffects} WHERE entity = ? AND entity_id = ? ORDER BY sequence, change_id`,
      [relation, id],
    );
    const stretches = listStretches(pointers, own);
    const texts: Effect[] = [];
    for (const { pointer, textId, after, until } of stretches)
      texts.push(
        ...(await session.all<Effect>(
          `${selectEffects} WHERE entity = ? AND entity_id = ? AND field IN ('text', 'model') AND sequence > ? AND sequence <= ?`,
          [pointerFields[pointer] ?? '', textId, after, Math.min(until, 2 ** 52)],
        )),
      );
    const events = new Map<number, { effect: Effect; changes: HistoryEntry['changes'][number][] }>();
    const seen = new Set<string>();
    for (const effect of [...own, ...texts]) {
      const key = JSON.stringify([
        effect.sequence,
        effect.entity,
        effect.entityId,
        effect.field,
        effect.before,
        effect.after,
      ]);
      if (seen.has(key) || effect.field === 'row' || effect.field === 'votes') continue;
      seen.add(key);
      const event = events.get(effect.sequence) ?? { effect, changes: [] };
      event.changes.push(...(await describeChange(session, effect, stretches)));
      events.set(effect.sequence, event);
    }
    return [...events.values()]
      .sort((first, second) => second.effect.sequence - first.effect.sequence)
      .map(({ effect, changes }) => ({
        sequence: effect.sequence,
        operationId: effect.eventId,
        rootId: effect.rootId,
        direction: effect.direction,
        title: effect.title,
        who: effect.who,
        reason: effect.reason,
        doneAt: effect.doneAt,
        changes,
      }));
  });
}

/** Rows that show what an operation changed, at most `limit` of them. Throws OPERATION_MISSING. */
export async function listOperationRows(
  database: Database,
  operationId: string,
  limit: number,
): Promise<number[]> {
  return database.withReader(async (session) => {
    const operation = await findOperation(session, operationId);
    if (!operation)
      throw new AppError('OPERATION_MISSING', `There is no operation ${operationId}.`, { operationId });
    const { relation, rootId, firstChangeId, lastChangeId } = operation;
    const { table, id } = rowTables[relation];
    const changes = `(SELECT entity, entity_id FROM change WHERE operation_id = ? AND change_id BETWEEN ? AND ?)`;
    const texts =
      relation === 'pairs'
        ? `x.prompt_id IN (SELECT entity_id FROM c WHERE entity = 'prompts') OR x.prompt_b_id IN (SELECT entity_id FROM c WHERE entity = 'prompts')
           OR x.response_a_id IN (SELECT entity_id FROM c WHERE entity = 'responses') OR x.response_b_id IN (SELECT entity_id FROM c WHERE entity = 'responses')`
        : `x.prompt_id IN (SELECT entity_id FROM c WHERE entity = 'prompts')`;
    const rows = await session.all<{ id: number }>(
      `WITH c AS ${changes} SELECT x.${id} AS id FROM ${table} x
       WHERE x.${id} IN (SELECT entity_id FROM c WHERE entity = '${relation}') OR ${texts} ORDER BY x.${id} LIMIT ?`,
      [rootId, firstChangeId, lastChangeId, limit],
    );
    return rows.map((row) => row.id);
  });
}

/** The hidden rows of a dataset with their reasons, in file order. */
export async function listHiddenRows(
  database: Database,
  { datasetId, offset, limit }: { datasetId: number; offset: number; limit: number },
): Promise<HiddenPage> {
  const all = `(SELECT h.comparison_id AS id, h.example_id, h.prompt_id, h.label, 'pairs' AS relation FROM hidden_comparison h WHERE h.dataset_id = ?
    UNION ALL SELECT h.response_id, coalesce(h.example_id, h.response_id::VARCHAR), h.prompt_id, NULL, 'responses' FROM hidden_response h WHERE h.dataset_id = ?)`;
  const { count } = await database.one<{ count: number }>(`SELECT count(*) AS count FROM ${all}`, [
    datasetId,
    datasetId,
  ]);
  const rows = await database.all<HiddenPage['rows'][number]>(
    `SELECT x.id, x.example_id AS "exampleId", r.reason, left(p.text, 240) AS prompt, x.label FROM ${all} x
     JOIN hidden_row r ON r.relation = x.relation AND r.row_id = x.id JOIN prompt p ON p.prompt_id = x.prompt_id
     ORDER BY x.id LIMIT ? OFFSET ?`,
    [datasetId, datasetId, limit, offset],
  );
  return { count, rows };
}

export async function findNote(database: Database, relation: Relation, id: number): Promise<string | null> {
  const row = await database.find<{ text: string }>(
    'SELECT text FROM note WHERE relation = ? AND row_id = ?',
    [relation, id],
  );
  return row?.text ?? null;
}
