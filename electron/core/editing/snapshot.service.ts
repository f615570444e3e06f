import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { Snapshot, SnapshotDiff, SnapshotRequest } from '../../contract/editing.contract.ts';
import type { JobService } from '../jobs/job.service.ts';
import { selectRowJson } from './apply-changes.ts';
import { planTables, rowTables } from './cells.ts';
import type { EditingService, Started } from './editing.service.ts';
import type { Plan } from './plan.ts';
import { describeNetChanges, type LogStretch, selectNetChanges } from './snapshot-diff.ts';
import { titleWithRows } from './title.ts';

/** Hashing the texts of more rows than this takes long enough to be a job. */
const bulkRows = 100_000;
/** A restore that changes more cells than this is a job. */
const bulkChanges = 5_000;

export type Point = { readonly snapshotId: number } | 'now';

interface StoredSnapshot extends Snapshot {
  readonly sequence: number;
  readonly hashVersion: string;
}

const selectSnapshots = `SELECT s.snapshot_id AS "snapshotId", s.dataset_id AS "datasetId", s.name, s."rows", s.hidden, s.who, s.reason,
  s.created_at AS "createdAt", s.sequence, s.hash_version AS "hashVersion",
  (SELECT count(*) FROM operation o WHERE o.dataset_id = s.dataset_id AND o.sequence > s.sequence) AS "operationsSince" FROM snapshot s`;

/** One 64-bit hash of everything a row shows, by row id. DuckDB may change it between releases. */
function selectHashes(relation: Relation, datasetId: number): string {
  const texts = (table: string) =>
    `(SELECT ${table}_id AS id, hash(text) AS h FROM ${table} WHERE dataset_id = ${datasetId})`;
  return relation === 'pairs'
    ? `SELECT c.comparison_id AS row_id, hash(c.label, c.strength, c.model_a, c.model_b, c.language, c.topic, c.subset, p.h, q.h, a.h, b.h) AS hash
       FROM comparison c JOIN ${texts('prompt')} p ON p.id = c.prompt_id LEFT JOIN ${texts('prompt')} q ON q.id = c.prompt_b_id
       JOIN ${texts('response')} a ON a.id = c.response_a_id JOIN ${texts('response')} b ON b.id = c.response_b_id
       WHERE c.dataset_id = ${datasetId}`
    : `SELECT r.response_id AS row_id, hash(r.text, r.model, r.language, r.topic, r.subset, p.h) AS hash
       FROM response r JOIN ${texts('prompt')} p ON p.id = r.prompt_id WHERE r.dataset_id = ${datasetId}`;
}

function toSnapshot({ sequence: _sequence, hashVersion: _version, ...snapshot }: StoredSnapshot): Snapshot {
  return snapshot;
}

/**
 * Named states of a dataset. A snapshot is a place in the change log, from which its content follows, and one hash for
 * each row, by which changes that went past the log are found.
 */
export class SnapshotService {
  constructor(
    private readonly options: {
      readonly database: Database;
      readonly jobs: JobService;
      readonly editing: EditingService;
    },
  ) {}

  async create(request: SnapshotRequest): Promise<{ snapshot: Snapshot | null; jobId: string | null }> {
    const { database, jobs } = this.options;
    const { n } = await database.one<{ n: number }>(
      'SELECT count(*) AS n FROM response WHERE dataset_id = ?',
      [request.datasetId],
    );
    if (n > bulkRows) return { snapshot: null, jobId: await jobs.start('snapshot', request) };
    return { snapshot: await this.createNow(request), jobId: null };
  }

  /** Throws DATASET_MISSING, and DATASET_NAME_TAKEN for a second snapshot of the same name. */
  async createNow(request: SnapshotRequest, signal?: AbortSignal): Promise<Snapshot> {
    const { datasetId, name, who, reason } = request;
    const snapshotId = await this.options.database.write(async (session) => {
      const relation = await getRelation(session, datasetId);
      const taken = await session.find('SELECT 1 FROM snapshot WHERE dataset_id = ? AND name = ?', [
        datasetId,
        name,
      ]);
      if (taken)
        throw new AppError(
          'DATASET_NAME_TAKEN',
          `No snapshot was made: this dataset has one named ${name}. Choose another name.`,
          { name },
        );
      const { id } = await session.one<{ id: number }>(
        'SELECT coalesce(max(snapshot_id), 0) + 1 AS id FROM snapshot',
      );
      const rows = await session.run(
        `INSERT INTO snapshot_row SELECT ${id}, row_id, hash FROM (${selectHashes(relation, datasetId)}) ORDER BY row_id`,
        [],
        { signal },
      );
      await session.run(
        `INSERT INTO snapshot (snapshot_id, dataset_id, name, sequence, last_import_id, "rows", hidden, hash_version, who, reason)
         SELECT ?, ?, ?, (SELECT coalesce(max(sequence), 0) FROM operation), (SELECT max(import_id) FROM import_run WHERE dataset_id = ?), ?,
           (SELECT count(*) FROM ${rowTables[relation].hidden} WHERE dataset_id = ?), version(), ?, ?`,
        [id, datasetId, name, datasetId, rows, datasetId, who ?? 'local', reason || null],
      );
      return id;
    });
    return toSnapshot(await this.get(snapshotId));
  }

  /** Newest first. */
  async list(datasetId: number): Promise<Snapshot[]> {
    const rows = await this.options.database.all<StoredSnapshot>(
      `${selectSnapshots} WHERE s.dataset_id = ? ORDER BY s.snapshot_id DESC`,
      [datasetId],
    );
    return rows.map(toSnapshot);
  }

  async remove(snapshotId: number): Promise<boolean> {
    return this.options.database.write(async (session) => {
      await session.run('DELETE FROM snapshot_row WHERE snapshot_id = ?', [snapshotId]);
      return (await session.run('DELETE FROM snapshot WHERE snapshot_id = ?', [snapshotId])) > 0;
    });
  }

  /** By name, as the command line names snapshots. Throws SNAPSHOT_MISSING listing what there is. */
  async getByName(datasetId: number, name: string): Promise<Snapshot> {
    const all = await this.list(datasetId);
    const found = all.find((snapshot) => snapshot.name === name);
    if (found) return found;
    const known = all.map((snapshot) => snapshot.name).join(', ') || 'none';
    throw new AppError('SNAPSHOT_MISSING', `There is no snapshot named ${name}. Snapshots: ${known}.`, {
      name,
    });
  }

  /**
   * What changed from one state to another, in either direction. `verify` also compares the rows themselves with the
   * snapshot's hashes, which reads every text; it needs `to` to be now.
   */
  async diff(
    request: {
      readonly datasetId: number;
      readonly from: Point;
      readonly to: Point;
      readonly verify: boolean;
      readonly limit: number;
    },
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<SnapshotDiff> {
    const from = await this.findPoint(request.datasetId, request.from);
    const to = await this.findPoint(request.datasetId, request.to);
    const latest = await this.latestSequence();
    const [at, until] = [from?.sequence ?? latest, to?.sequence ?? latest];
    if (at > until)
      return reverseDiff(await this.diff({ ...request, from: request.to, to: request.from }, options));
    const stretch = { datasetId: request.datasetId, from: at, to: until };
    return this.options.database.withReader(async (session) => {
      const relation = await getRelation(session, request.datasetId);
      const described = await describeNetChanges(session, stretch, { relation, limit: request.limit });
      const rows = from
        ? await countRows(session, { relation, from, to, stretch })
        : { rowsAdded: 0, rowsRemoved: 0 };
      const changedPastLog =
        request.verify && from && !to
          ? await countPastLog(session, { relation, from, stretch, ...options })
          : null;
      return { ...described, ...rows, changedPastLog };
    });
  }

  /** Brings the dataset back to a snapshot, as an operation that can be undone. Rows imported since stay. */
  async restore(request: {
    readonly datasetId: number;
    readonly snapshotId: number;
    readonly reason?: string | null | undefined;
    readonly who?: string | undefined;
  }): Promise<Started> {
    const { database, jobs } = this.options;
    const stretch = await this.stretchSince(request.datasetId, request.snapshotId);
    const { n } = await database.one<{ n: number }>(`SELECT count(*) AS n FROM ${selectNetChanges(stretch)}`);
    if (n > bulkChanges) return { outcome: null, jobId: await jobs.start('snapshot-restore', request) };
    return { outcome: await this.restoreNow(request), jobId: null };
  }

  async restoreNow(
    request: Parameters<SnapshotService['restore']>[0],
    options: { readonly signal?: AbortSignal; readonly operationId?: string } = {},
  ) {
    const { datasetId, snapshotId } = request;
    const { name } = await this.get(snapshotId);
    const stretch = await this.stretchSince(datasetId, snapshotId);
    const relation = await this.options.database.withReader((session) => getRelation(session, datasetId));
    return this.options.editing.run(
      {
        datasetId,
        relation,
        kind: 'restore',
        spec: { snapshotId, name },
        who: request.who,
        reason: request.reason,
        title: (rows) => titleWithRows(`Restore snapshot “${name}”`, rows),
        fill: (plan) => planRestore(plan, stretch),
        countRows: (plan) => countRestored(plan, relation),
      },
      options,
    );
  }

  private async stretchSince(datasetId: number, snapshotId: number): Promise<LogStretch> {
    const snapshot = await this.get(snapshotId);
    if (snapshot.datasetId !== datasetId) throw missing(snapshotId);
    return { datasetId, from: snapshot.sequence, to: await this.latestSequence() };
  }

  private async latestSequence(): Promise<number> {
    const { n } = await this.options.database.one<{ n: number }>(
      'SELECT coalesce(max(sequence), 0) AS n FROM operation',
    );
    return n;
  }

  private async findPoint(datasetId: number, point: Point): Promise<StoredSnapshot | undefined> {
    if (point === 'now') return undefined;
    const snapshot = await this.get(point.snapshotId);
    if (snapshot.datasetId !== datasetId) throw missing(point.snapshotId);
    return snapshot;
  }

  private async get(snapshotId: number): Promise<StoredSnapshot> {
    const row = await this.options.database.find<StoredSnapshot>(
      `${selectSnapshots} WHERE s.snapshot_id = ?`,
      [snapshotId],
    );
    if (!row) throw missing(snapshotId);
    return row;
  }
}

function missing(snapshotId: number): AppError {
  return new AppError('SNAPSHOT_MISSING', `There is no snapshot ${snapshotId} of this dataset.`, {
    snapshotId,
  });
}

async function getRelation(session: Session, datasetId: number): Promise<Relation> {
  const row = await session.find<{ relation: Relation }>(
    'SELECT relation FROM dataset WHERE dataset_id = ?',
    [datasetId],
  );
  if (!row)
    throw new AppError('DATASET_MISSING', `There is no dataset ${datasetId} in this workspace.`, {
      datasetId,
    });
  return row.relation;
}

function reverseDiff(diff: SnapshotDiff): SnapshotDiff {
  return {
    ...diff,
    rowsAdded: diff.rowsRemoved,
    rowsRemoved: diff.rowsAdded,
    entries: diff.entries.map((entry) => ({ ...entry, before: entry.after, after: entry.before })),
  };
}

interface Between {
  readonly relation: Relation;
  readonly from: StoredSnapshot;
  readonly stretch: LogStretch;
}

async function countRows(
  session: Session,
  { relation, from, to, stretch }: Between & { readonly to: StoredSnapshot | undefined },
): Promise<Pick<SnapshotDiff, 'rowsAdded' | 'rowsRemoved'>> {
  const { table, id } = rowTables[relation];
  const older = `(SELECT row_id FROM snapshot_row WHERE snapshot_id = ${from.snapshotId})`;
  const newer = to
    ? `(SELECT row_id FROM snapshot_row WHERE snapshot_id = ${to.snapshotId})`
    : `(SELECT ${id} AS row_id FROM ${table} WHERE dataset_id = ${stretch.datasetId})`;
  return session.one(
    `SELECT (SELECT count(*) FROM ${newer} n ANTI JOIN ${older} o USING (row_id)) AS "rowsAdded",
       (SELECT count(*) FROM ${older} o ANTI JOIN ${newer} n USING (row_id)) AS "rowsRemoved"`,
  );
}

/** Rows whose hash is another though neither they nor a text they show has a change in the log. */
async function countPastLog(
  session: Session,
  { relation, from, stretch, signal }: Between & { readonly signal?: AbortSignal | undefined },
): Promise<number | null> {
  const { version } = await session.one<{ version: string }>('SELECT version() AS version');
  if (version !== from.hashVersion) return null;
  const { table, id } = rowTables[relation];
  const touched = (kind: string) => `(SELECT entity_id FROM net WHERE entity = '${kind}')`;
  const texts =
    relation === 'pairs'
      ? `OR x.prompt_id IN ${touched('prompts')} OR x.prompt_b_id IN ${touched('prompts')} OR x.response_a_id IN ${touched('responses')} OR x.response_b_id IN ${touched('responses')}`
      : `OR x.prompt_id IN ${touched('prompts')}`;
  const { n } = await session.one<{ n: number }>(
    `WITH net AS ${selectNetChanges(stretch)}
     SELECT count(*) AS n FROM (${selectHashes(relation, stretch.datasetId)}) now
     JOIN snapshot_row s ON s.snapshot_id = ${from.snapshotId} AND s.row_id = now.row_id AND s.hash <> now.hash
     JOIN ${table} x ON x.${id} = now.row_id
     WHERE NOT coalesce(x.${id} IN ${touched(relation)} ${texts}, false)`,
    [],
    { signal },
  );
  return n;
}

const { cell } = planTables;

/** The stretch backwards: each cell from what it is to what it was; rows made since go, with what they hold now logged. */
async function planRestore(plan: Plan, stretch: LogStretch): Promise<void> {
  await plan.run(`CREATE OR REPLACE TEMP TABLE edit_net AS SELECT * FROM ${selectNetChanges(stretch)}`);
  const made = `(SELECT (entity, entity_id) FROM temp.edit_net WHERE field = 'row' AND before IS NULL)`;
  await plan.run(
    `INSERT INTO ${cell} SELECT entity, entity_id, field, after, before FROM temp.edit_net
     WHERE (entity, entity_id) NOT IN ${made} OR field = 'lineage'`,
  );
  for (const entity of ['prompts', 'responses', 'pairs'] as const) {
    const { table, id, json } = selectRowJson(entity);
    const all =
      entity === 'prompts'
        ? table
        : `(SELECT * FROM ${table} UNION ALL SELECT * FROM ${rowTables[entity].hidden})`;
    await plan.run(
      `INSERT INTO ${cell} SELECT '${entity}', x.${id}, 'row', json_merge_patch(${json}, to_json({'copied_from': n.after -> '$.copied_from'})), NULL
       FROM temp.edit_net n JOIN ${all} x ON x.${id} = n.entity_id
       WHERE n.entity = '${entity}' AND n.field = 'row' AND n.before IS NULL`,
    );
  }
  await plan.run('DROP TABLE temp.edit_net');
}

async function countRestored(plan: Plan, relation: Relation): Promise<number> {
  const { table, hidden, id } = rowTables[relation];
  const touched = (kind: string) =>
    `(SELECT entity_id FROM ${cell} WHERE entity = '${kind}' AND field <> 'prompt_id')`;
  const texts =
    relation === 'pairs'
      ? `x.prompt_id IN ${touched('prompts')} OR x.prompt_b_id IN ${touched('prompts')} OR x.response_a_id IN ${touched('responses')} OR x.response_b_id IN ${touched('responses')}`
      : `x.prompt_id IN ${touched('prompts')}`;
  const { n } = await plan.one<{ n: number }>(
    `SELECT count(*) AS n FROM (SELECT entity_id FROM ${cell} WHERE entity = '${relation}'
       UNION SELECT x.${id} FROM (SELECT * FROM ${table} UNION ALL SELECT * FROM ${hidden}) x WHERE ${texts})`,
  );
  return n;
}
