import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Dataset, Relation } from '../../contract/corpus.contract.ts';
import type { Mapping } from '../../contract/import.contract.ts';

/** Tables whose rows belong to a dataset, children first. */
const datasetTables = [
  'step',
  'trajectory',
  'datasheet_answer',
  'datasheet_version',
  'media',
  'rationale',
  'rating',
  'vote',
  'tag',
  'comparison',
  'response',
  'prompt',
  'annotator',
  'record_key',
  'rejected_row',
  'import_run',
  'saved_view',
  'search_index',
  'trait_run',
  'constitution',
  'audit_run',
  'audit_result',
  'audit_row',
  'proposal',
  'report',
] as const;

/** Tables that carry the import their rows came with. */
const importTables = [
  'step',
  'trajectory',
  'media',
  'rationale',
  'rating',
  'vote',
  'comparison',
  'response',
  'prompt',
  'annotator',
  'record_key',
  'rejected_row',
  'import_file',
] as const;

const selectDataset = `SELECT d.dataset_id AS "datasetId", d.name, d.format, d.relation, d.has_sides AS "hasSides", d.created_at AS "createdAt",
  (SELECT count(*) FROM comparison c WHERE c.dataset_id = d.dataset_id) AS pairs,
  (SELECT count(*) FROM response r WHERE r.dataset_id = d.dataset_id) AS responses,
  (SELECT count(*) FROM prompt p WHERE p.dataset_id = d.dataset_id) AS prompts,
  coalesce(f.rejected, 0) AS rejected, coalesce(f.duplicates, 0) AS duplicates, coalesce(f.sources, []) AS sources,
  EXISTS (SELECT 1 FROM search_index s WHERE s.dataset_id = d.dataset_id) AS "isSearchable"
 FROM dataset d
 LEFT JOIN (SELECT r.dataset_id, sum(rejected) AS rejected, sum(duplicates) AS duplicates, list(path ORDER BY f.import_id, file_no) AS sources
   FROM import_file f JOIN import_run r USING (import_id) WHERE r.is_finished GROUP BY r.dataset_id) f ON f.dataset_id = d.dataset_id
 WHERE d.is_ready`;

/** A dataset's name, for titles and reports; `dataset 3` for one that is gone. */
export async function nameDataset(database: Database, datasetId: number): Promise<string> {
  const found = await database.find<{ name: string }>('SELECT name FROM dataset WHERE dataset_id = ?', [
    datasetId,
  ]);
  return found?.name ?? `dataset ${datasetId}`;
}

export class DatasetRepository {
  constructor(private readonly database: Database) {}

  async list(): Promise<Dataset[]> {
    return this.database.all<Dataset>(`${selectDataset} ORDER BY d.created_at, d.dataset_id`);
  }

  async get(datasetId: number): Promise<Dataset> {
    const dataset = await this.database.find<Dataset>(`${selectDataset} AND d.dataset_id = ?`, [datasetId]);
    if (!dataset)
      throw new AppError('DATASET_MISSING', `There is no dataset ${datasetId} in this workspace.`, {
        datasetId,
      });
    return dataset;
  }

  /** By name, as the command line names datasets. Throws DATASET_MISSING listing what there is. */
  async getByName(name: string): Promise<Dataset> {
    const all = await this.list();
    const dataset = all.find((candidate) => candidate.name === name);
    if (dataset) return dataset;
    const known = all.map((candidate) => candidate.name).join(', ') || 'none';
    throw new AppError(
      'DATASET_MISSING',
      `There is no dataset named ${name} in this workspace. Datasets: ${known}.`,
      { name },
    );
  }

  async rename(datasetId: number, name: string): Promise<void> {
    await this.database.write(async (session) => {
      await requireFreeName(session, name, datasetId);
      await session.run('UPDATE dataset SET name = ? WHERE dataset_id = ?', [name, datasetId]);
    });
  }

  /** The dataset of that name, or a new one that stays hidden until its first import has ended. */
  async ensure(
    name: string,
    format: string,
    relation: Relation,
    options: { hasSides: boolean; mapping: Mapping },
  ): Promise<number> {
    return this.database.write(async (session) => {
      const known = await session.find<{ id: number }>(
        'SELECT dataset_id AS id FROM dataset WHERE name = ?',
        [name],
      );
      if (known) return known.id;
      const { id } = await session.one<{ id: number }>(
        'SELECT coalesce(max(dataset_id), 0) + 1 AS id FROM dataset',
      );
      await session.run(
        'INSERT INTO dataset (dataset_id, name, format, relation, has_sides, mapping) VALUES (?, ?, ?, ?, ?, ?)',
        [id, name, format, relation, options.hasSides, JSON.stringify(options.mapping)],
      );
      return id;
    });
  }

  /** The column mapping a dataset was made with by hand; undefined where its format was recognised. */
  async findMapping(name: string): Promise<Mapping | undefined> {
    const row = await this.database.find<{ mapping: string | null }>(
      "SELECT mapping::VARCHAR AS mapping FROM dataset WHERE name = ? AND format = 'mapped'",
      [name],
    );
    return row?.mapping ? (JSON.parse(row.mapping) as Mapping) : undefined;
  }

  /** Gives a dataset the rows that an import has held back from it. Runs inside the caller's transaction. */
  async releaseImport(
    session: Session,
    { importId, datasetId, heldUnder }: { importId: number; datasetId: number; heldUnder: number },
  ): Promise<void> {
    for (const table of importTables) {
      if (table !== 'import_file')
        await session.run(`UPDATE ${table} SET dataset_id = ? WHERE dataset_id = ? AND import_id = ?`, [
          datasetId,
          heldUnder,
          importId,
        ]);
    }
  }

  /** Every row of one import, and its dataset if nothing else is in it. */
  async removeImport(importId: number): Promise<void> {
    await this.database.write(async (session) => {
      for (const table of importTables)
        await session.run(`DELETE FROM ${table} WHERE import_id = ?`, [importId]);
      await session.run('DELETE FROM import_run WHERE import_id = ?', [importId]);
      await session.run(
        'DELETE FROM dataset WHERE NOT is_ready AND dataset_id NOT IN (SELECT dataset_id FROM import_run)',
      );
    });
  }

  async remove(datasetId: number): Promise<void> {
    await this.database.write(async (session) => {
      for (const table of importTables)
        await session.run(
          `DELETE FROM ${table} WHERE import_id IN (SELECT import_id FROM import_run WHERE dataset_id = ? AND NOT is_finished)`,
          [datasetId],
        );
      await session.run(
        'DELETE FROM import_file WHERE import_id IN (SELECT import_id FROM import_run WHERE dataset_id = ?)',
        [datasetId],
      );
      for (const table of datasetTables)
        await session.run(`DELETE FROM ${table} WHERE dataset_id = ?`, [datasetId]);
      await session.run('DELETE FROM dataset WHERE dataset_id = ?', [datasetId]);
    });
  }
}

async function requireFreeName(session: Session, name: string, datasetId: number): Promise<void> {
  const other = await session.find('SELECT 1 FROM dataset WHERE name = ? AND dataset_id <> ?', [
    name,
    datasetId,
  ]);
  if (other)
    throw new AppError(
      'DATASET_NAME_TAKEN',
      `Not renamed: there is already a dataset named ${name}. Choose another name.`,
      { name },
    );
}
