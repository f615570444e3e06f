import type { Database } from '../../../../native/duckdb/database.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import { baseTable } from '../views/field-table.ts';

/** Tables of one dataset's index. Dataset ids are our own integers, so the names need no quoting. */
export interface SearchTables {
  /** (term, term_id, df), sorted by term. */
  readonly term: string;
  /** (term_id, row_id, tf): stretches sorted by term_id, one for each batch of the build. */
  readonly posting: string;
  /** (row_id, length): every row of the dataset, also those without a term. */
  readonly document: string;
}

export interface SearchIndex {
  readonly datasetId: number;
  readonly relation: Relation;
  readonly documents: number;
  /** Mean number of terms of a document. */
  readonly meanLength: number;
  readonly builtAt: string;
}

function requireId(datasetId: number): number {
  if (!Number.isSafeInteger(datasetId)) throw new Error(`not a dataset id: ${datasetId}`);
  return datasetId;
}

export function nameSearchTables(datasetId: number): SearchTables {
  const id = requireId(datasetId);
  return { term: `search_term_${id}`, posting: `search_posting_${id}`, document: `search_document_${id}` };
}

/** The same while the index is being built; nothing reads them until they are renamed. */
export function nameBuildTables(datasetId: number): SearchTables {
  const id = requireId(datasetId);
  return {
    term: `search_build_term_${id}`,
    posting: `search_build_posting_${id}`,
    document: `search_build_document_${id}`,
  };
}

export async function dropTables(session: Session, tables: SearchTables): Promise<void> {
  for (const table of Object.values(tables) as string[]) await session.run(`DROP TABLE IF EXISTS ${table}`);
}

/** Removes a dataset's index, finished or half-built; to be called in the write transaction that removes the dataset. */
export async function removeSearchIndex(session: Session, datasetId: number): Promise<void> {
  await dropTables(session, nameSearchTables(datasetId));
  await dropTables(session, nameBuildTables(datasetId));
  await session.run('DELETE FROM search_index WHERE dataset_id = ?', [datasetId]);
}

export async function findSearchIndex(
  database: Database,
  datasetId: number,
): Promise<SearchIndex | undefined> {
  return database.find<SearchIndex>(
    `SELECT dataset_id AS "datasetId", relation, documents, mean_length AS "meanLength", built_at AS "builtAt"
     FROM search_index WHERE dataset_id = ?`,
    [datasetId],
  );
}

/** True where the dataset has an index that does not hold exactly its rows; a dataset without an index is not stale. */
export async function isStale(database: Database, datasetId: number): Promise<boolean> {
  const index = await findSearchIndex(database, datasetId);
  if (!index) return false;
  const { table, id } = baseTable[index.relation];
  const { document } = nameSearchTables(datasetId);
  const { rows, newest, indexed } = await database.one<{
    rows: number;
    newest: number | null;
    indexed: number | null;
  }>(
    `SELECT count(*) AS rows, max(${id}) AS newest, (SELECT max(row_id) FROM ${document}) AS indexed
     FROM ${table} WHERE dataset_id = ?`,
    [datasetId],
  );
  return rows !== index.documents || newest !== indexed;
}
