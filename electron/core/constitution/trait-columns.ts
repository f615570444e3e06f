import { createHash } from 'node:crypto';
import type { Database } from '../../../native/duckdb/database.ts';
import { quoteIdentifier } from '../../../native/duckdb/quoting.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { surfaceTraits } from './traits/surface-traits.ts';
import { buildTraitSelect } from './traits/trait-sql.ts';

/** Responses of one batch: some seconds of work, and little to do again after a crash. */
const batchSize = 20_000;

export interface EnsureTraitsOptions {
  /** Responses done and to do. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Changes whenever a trait is added, removed or computed differently: the columns are then made afresh. */
export const traitVersion = createHash('md5')
  .update(buildTraitSelect({ source: 'response' }))
  .digest('hex');

/** The table of trait columns of a dataset, quoted: `response_id` and one numeric column per surface trait. */
export function traitTable(datasetId: number): string {
  return quoteIdentifier(traitTableName(datasetId));
}

function traitTableName(datasetId: number): string {
  if (!Number.isSafeInteger(datasetId)) throw new RangeError(`a dataset id is a whole number: ${datasetId}`);
  return `response_trait_${datasetId}`;
}

/**
 * Computes the trait columns of the responses that have none yet; done batches survive a crash or a cancel and are
 * not done again. The work runs on a reading session; the write lane is held only to store a batch.
 */
export async function ensureTraits(
  database: Database,
  datasetId: number,
  options: EnsureTraitsOptions = {},
): Promise<void> {
  const { onProgress, signal } = options;
  await database.write((session) => prepareTable(session, datasetId));
  const edges = await listBatches(database, datasetId, signal);
  const total = edges.at(-1)?.upTo ?? 0;
  onProgress?.(0, total);
  let from = -1;
  for (const edge of edges) {
    await storeBatch(database, { datasetId, from, to: edge.last, signal });
    from = edge.last;
    onProgress?.(edge.upTo, total);
  }
}

/** Whether every response of the dataset has its trait columns, computed by the traits of this version. */
export async function hasCurrentTraits(database: Database, datasetId: number): Promise<boolean> {
  return database.withReader(async (session) => {
    if ((await findStoredVersion(session, datasetId)) !== traitVersion) return false;
    const { missing } = await session.one<{ missing: number }>(
      `SELECT count(*) AS missing FROM response r WHERE dataset_id = ?
       AND NOT EXISTS (SELECT 1 FROM ${traitTable(datasetId)} t WHERE t.response_id = r.response_id)`,
      [datasetId],
    );
    return missing === 0;
  });
}

/** Drops the trait columns of a dataset; part of removing it. */
export async function removeTraits(session: Session, datasetId: number): Promise<void> {
  await session.run(`DROP TABLE IF EXISTS ${traitTable(datasetId)}`);
  await session.run('DELETE FROM trait_run WHERE dataset_id = ?', [datasetId]);
}

async function findStoredVersion(session: Session, datasetId: number): Promise<string | undefined> {
  const row = await session.find<{ version: string }>(
    `SELECT trait_version AS version FROM trait_run
     WHERE dataset_id = ? AND EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = ?)`,
    [datasetId, traitTableName(datasetId)],
  );
  return row?.version;
}

/** An empty table for a new version; for the same one, only rows of responses that are gone are removed. */
async function prepareTable(session: Session, datasetId: number): Promise<void> {
  const table = traitTable(datasetId);
  if ((await findStoredVersion(session, datasetId)) === traitVersion) {
    await session.run(
      `DELETE FROM ${table} WHERE response_id NOT IN (SELECT response_id FROM response WHERE dataset_id = ?)`,
      [datasetId],
    );
    return;
  }
  await removeTraits(session, datasetId);
  const columns = surfaceTraits.map((trait) => `${quoteIdentifier(trait.id)} ${trait.type}`);
  await session.run(`CREATE TABLE ${table} (response_id BIGINT NOT NULL, ${columns.join(', ')})`);
  await session.run('INSERT INTO trait_run (dataset_id, trait_version, responses) VALUES (?, ?, 0)', [
    datasetId,
    traitVersion,
  ]);
}

/** The last id of each batch of responses without traits, and how many responses there are up to it. */
async function listBatches(
  database: Database,
  datasetId: number,
  signal: AbortSignal | undefined,
): Promise<{ last: number; upTo: number }[]> {
  return database.all<{ last: number; upTo: number }>(
    `SELECT max(response_id) AS last, sum(count(*)) OVER (ORDER BY batch) AS "upTo"
     FROM (SELECT response_id, (row_number() OVER (ORDER BY response_id) - 1) // ${batchSize} AS batch
           FROM response r WHERE dataset_id = ?
           AND NOT EXISTS (SELECT 1 FROM ${traitTable(datasetId)} t WHERE t.response_id = r.response_id))
     GROUP BY batch ORDER BY batch`,
    [datasetId],
    { signal },
  );
}

async function storeBatch(
  database: Database,
  batch: { datasetId: number; from: number; to: number; signal: AbortSignal | undefined },
): Promise<void> {
  const { datasetId, from, to, signal } = batch;
  const table = traitTable(datasetId);
  const scratch = `scratch.${table}`;
  const source = `(SELECT r.response_id, r.text, p.text AS prompt_text FROM response r JOIN prompt p USING (prompt_id)
    WHERE r.dataset_id = ${datasetId} AND r.response_id > ${from} AND r.response_id <= ${to}
    AND NOT EXISTS (SELECT 1 FROM ${table} t WHERE t.response_id = r.response_id))`;
  await database.withReader((session) =>
    session.run(`CREATE OR REPLACE TABLE ${scratch} AS ${buildTraitSelect({ source })}`, [], { signal }),
  );
  try {
    await database.write(async (session) => {
      await session.run(`INSERT INTO ${table} SELECT * FROM ${scratch}`, [], { signal });
      await session.run(
        `UPDATE trait_run SET responses = (SELECT count(*) FROM ${table}), finished_at = now() WHERE dataset_id = ?`,
        [datasetId],
      );
    });
  } finally {
    await database.withReader((session) => session.run(`DROP TABLE IF EXISTS ${scratch}`));
  }
}
