import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import { selectChanges } from './apply-changes.ts';
import type { LoggedOperation } from './operation.repository.ts';

const pointerFields = `('prompt_id', 'prompt_b_id', 'response_a_id', 'response_b_id')`;

/** Texts that changes of pointers lead away from or to, as (entity, entity_id). */
function pointedTexts(changes: string, extra: string): string {
  return `SELECT ${extra} CASE WHEN field IN ('prompt_id', 'prompt_b_id') THEN 'prompts' ELSE 'responses' END AS entity,
    json_extract_string(unnest([value, other]), '$')::BIGINT AS entity_id FROM ${changes} WHERE field IN ${pointerFields}`;
}

/**
 * Throws EDIT_CONFLICT where a value the edit changed, or a text it led rows to or from, was changed by another operation
 * since the edit was last done or undone, naming the newest such operation. An operation that was made and undone since
 * is in nobody's way.
 */
export async function refuseOverlap(
  session: Session,
  edit: LoggedOperation,
  direction: 'undo' | 'redo',
): Promise<void> {
  const mine = selectChanges({
    rootId: edit.rootId,
    first: edit.firstChangeId,
    last: edit.lastChangeId,
    value: 'after',
  });
  const theirs = `(SELECT o.root_id, c.entity, c.entity_id, c.field, c.after AS value, c.before AS other
    FROM change c JOIN moved o ON o.root_id = c.operation_id AND c.change_id BETWEEN o.first_change_id AND o.last_change_id)`;
  const texts = `field IN ('text', 'model', 'row')`;
  const { since } = await session.one<{ since: number }>(
    'SELECT max(sequence) AS since FROM operation WHERE root_id = ?',
    [edit.rootId],
  );
  const found = await session.find<{ title: string; operationId: string; sequence: number }>(
    `WITH moved AS (
       SELECT root_id, any_value(title) AS title, max(sequence) AS sequence, min(first_change_id) AS first_change_id,
         max(last_change_id) AS last_change_id
       FROM operation WHERE root_id <> ? AND dataset_id = ? GROUP BY root_id
       HAVING (arg_max(direction, sequence) <> 'undo') IS DISTINCT FROM
         coalesce(arg_max(direction, sequence) FILTER (sequence <= ${since}) <> 'undo', false)),
     hit AS (
       SELECT t.root_id FROM ${mine} m JOIN ${theirs} t ON t.entity = m.entity AND t.entity_id = m.entity_id
       WHERE t.field = 'row' OR m.field = 'row'
         OR t.field = m.field AND (m.field <> 'tag' OR coalesce(t.value, t.other) = coalesce(m.value, m.other))
       UNION ALL
       SELECT t.root_id FROM (${pointedTexts(mine, '')}) m JOIN ${theirs} t ON t.entity = m.entity AND t.entity_id = m.entity_id
       WHERE t.${texts}
       UNION ALL
       SELECT t.root_id FROM ${mine} m JOIN (${pointedTexts(theirs, 'root_id,')}) t ON t.entity = m.entity AND t.entity_id = m.entity_id
       WHERE m.${texts})
     SELECT title, root_id AS "operationId", sequence FROM moved WHERE root_id IN (SELECT root_id FROM hit) ORDER BY sequence DESC LIMIT 1`,
    [edit.rootId, edit.datasetId],
  );
  if (!found) return;
  const first = direction === 'undo' ? 'Undo' : 'Redo or undo';
  throw new AppError(
    'EDIT_CONFLICT',
    `Not ${direction === 'undo' ? 'undone' : 'redone'}: “${edit.title}” and the later “${found.title}” changed the same values. ${first} the later one first.`,
    { operationId: found.operationId, title: found.title, sequence: found.sequence },
  );
}
