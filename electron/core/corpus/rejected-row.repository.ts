import type { Database } from '../../../native/duckdb/database.ts';

export interface RejectedRow {
  readonly sourceFile: string;
  readonly sourceRow: number;
  readonly columnName: string | null;
  readonly reason: string;
  readonly raw: string;
}

/** Rows the importer could not use, with the reason: never dropped, always readable. */
export class RejectedRowRepository {
  constructor(private readonly database: Database) {}

  async page(
    datasetId: number,
    offset: number,
    limit: number,
  ): Promise<{ count: number; rows: RejectedRow[] }> {
    return this.database.withReader(async (session) => ({
      ...(await session.one<{ count: number }>(
        'SELECT count(*) AS count FROM rejected_row WHERE dataset_id = ?',
        [datasetId],
      )),
      rows: await session.all<RejectedRow>(
        `SELECT source_file AS "sourceFile", source_row AS "sourceRow", column_name AS "columnName", reason, raw
         FROM rejected_row WHERE dataset_id = ? ORDER BY import_id, source_file, source_row LIMIT ? OFFSET ?`,
        [datasetId, limit, offset],
      ),
    }));
  }
}
