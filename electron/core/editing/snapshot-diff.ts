import type { Session } from '../../../native/duckdb/session.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { SnapshotDiff } from '../../contract/editing.contract.ts';
import { rowTables } from './cells.ts';
import { pointerFields, readTextAt, toText } from './history.ts';
import { cutToDifference } from './preview.ts';

/** A stretch of a dataset's log: after the operation numbered `from`, up to and with the one numbered `to`. */
export interface LogStretch {
  readonly datasetId: number;
  readonly from: number;
  readonly to: number;
}

function requireNumbers(stretch: LogStretch): LogStretch {
  for (const value of Object.values(stretch) as number[])
    if (!Number.isSafeInteger(value)) throw new Error(`not a number of the log: ${value}`);
  return stretch;
}

/**
 * What a stretch of the log comes to, cell by cell: (entity, entity_id, field, before, after) with the first value before
 * and the last value after; cells that end as they began are left out. Votes exchanged twice are as they were.
 */
export function selectNetChanges(stretch: LogStretch): string {
  const { datasetId, from, to } = requireNumbers(stretch);
  return `(SELECT entity, entity_id, field, before, after FROM (
      SELECT entity, entity_id, field, CASE WHEN field = 'votes' THEN to_json(false) ELSE arg_min_null(before, sequence) END AS before,
        CASE WHEN field = 'votes' THEN to_json(count(*) % 2 = 1) ELSE arg_max_null(after, sequence) END AS after
      FROM (SELECT *, CASE WHEN field = 'tag' THEN coalesce(before, after)::VARCHAR END AS part FROM change_effect
        WHERE dataset_id = ${datasetId} AND sequence > ${from} AND sequence <= ${to})
      GROUP BY entity, entity_id, field, part)
    WHERE before::VARCHAR IS DISTINCT FROM after::VARCHAR)`;
}

/** How copies are wired is not shown: the rows that point to them are. */
const shown = (relation: Relation) => `field <> 'votes' AND field <> 'lineage'
  AND NOT (field = 'row' AND entity <> '${relation}')
  AND NOT (field = 'prompt_id' AND entity = 'responses' AND '${relation}' = 'pairs')
  AND (entity, entity_id) NOT IN (SELECT (entity, entity_id) FROM net WHERE field = 'row' AND entity <> '${relation}')`;

interface NetChange {
  readonly entity: string;
  readonly entityId: number;
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly rowId: number | null;
  readonly exampleId: string | null;
  readonly place: string | null;
}

/** Which row shows a change of a text, and as what. */
function locate(relation: Relation): string {
  const { table, id } = rowTables[relation];
  const uses = Object.entries(pointerFields)
    .filter(([pointer]) => relation === 'pairs' || pointer === 'prompt_id')
    .map(
      ([pointer, kind]) =>
        `SELECT '${kind}' AS kind, ${pointer} AS text_id, ${id} AS row_id, '${pointer.replace('_id', '')}' AS place FROM ${table}`,
    );
  return uses.join(' UNION ALL ');
}

async function toEntry(
  session: Session,
  change: NetChange,
  stretch: LogStretch,
): Promise<SnapshotDiff['entries'][number]> {
  const kind = pointerFields[change.field];
  const read = async (value: string | null, at: number): Promise<string | null> => {
    if (value === null) return null;
    const parsed: unknown = JSON.parse(value);
    return kind ? readTextAt(session, { kind, id: Number(parsed), at }) : toText(parsed);
  };
  const texts = cutToDifference(
    await read(change.before, stretch.from),
    await read(change.after, stretch.to),
  );
  const place = change.place ?? (kind ? change.field.replace(/_id$/, '') : undefined);
  const field =
    change.field === 'text' || kind
      ? (place ?? change.entity.slice(0, -1))
      : change.field === 'model' && place !== undefined
        ? `${place} model`
        : change.field;
  return { rowId: change.rowId, exampleId: change.exampleId, field, ...texts };
}

/** Counts of net changes by field, and the first of them with the row that shows each. */
export async function describeNetChanges(
  session: Session,
  stretch: LogStretch,
  { relation, limit }: { readonly relation: Relation; readonly limit: number },
): Promise<Pick<SnapshotDiff, 'fields' | 'changes' | 'entries'>> {
  const net = `WITH net AS ${selectNetChanges(stretch)}`;
  const fields = await session.all<{ field: string; changes: number }>(
    `${net} SELECT CASE WHEN field = 'text' THEN entity[:-2] WHEN ends_with(field, '_id') THEN field[:-4] ELSE field END AS field,
       count(*) AS changes FROM net WHERE ${shown(relation)} GROUP BY 1 ORDER BY changes DESC, 1`,
  );
  const { table, hidden, id } = rowTables[relation];
  const changes = await session.all<NetChange>(
    `${net}, listed AS MATERIALIZED (SELECT * FROM net WHERE ${shown(relation)} ORDER BY entity, entity_id, field LIMIT ?),
     used AS (SELECT u.kind, u.text_id, min(u.row_id) AS row_id, arg_min(u.place, u.row_id) AS place FROM (${locate(relation)}) u
       JOIN listed l ON l.entity = u.kind AND l.entity_id = u.text_id GROUP BY ALL),
     placed AS (SELECT l.*, CASE WHEN l.entity = '${relation}' THEN l.entity_id ELSE u.row_id END AS row_id, u.place
       FROM listed l LEFT JOIN used u ON u.kind = l.entity AND u.text_id = l.entity_id)
     SELECT p.entity, p.entity_id AS "entityId", p.field, p.before::VARCHAR AS before, p.after::VARCHAR AS after, p.row_id AS "rowId",
       x.example_id AS "exampleId", CASE WHEN p.entity <> '${relation}' THEN p.place WHEN p.entity = 'responses' AND p.field IN ('text', 'model') THEN 'response' END AS place
     FROM placed p LEFT JOIN (SELECT ${id}, example_id FROM ${table} UNION ALL SELECT ${id}, example_id FROM ${hidden}) x ON x.${id} = p.row_id
     ORDER BY p.row_id, p.field`,
    [limit],
  );
  const entries: SnapshotDiff['entries'] = [];
  for (const change of changes) entries.push(await toEntry(session, change, stretch));
  return { fields, changes: fields.reduce((sum, field) => sum + field.changes, 0), entries };
}
