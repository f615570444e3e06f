import type { Database } from '../../../native/duckdb/database.ts';
import type { SavedView } from '../../contract/corpus.contract.ts';

type Definition = Pick<SavedView, 'filter' | 'sort' | 'columns'>;

export class SavedViewRepository {
  constructor(private readonly database: Database) {}

  async list(datasetId: number): Promise<SavedView[]> {
    const rows = await this.database.all<{
      savedViewId: number;
      name: string;
      definition: string;
      createdAt: string;
    }>(
      `SELECT saved_view_id AS "savedViewId", name, definition::VARCHAR AS definition, created_at AS "createdAt"
       FROM saved_view WHERE dataset_id = ? ORDER BY name`,
      [datasetId],
    );
    return rows.map(({ definition, ...row }) => ({
      ...row,
      datasetId,
      ...(JSON.parse(definition) as Definition),
    }));
  }

  /** A view of the same name in the dataset is replaced. */
  async save(view: Omit<SavedView, 'savedViewId' | 'createdAt'>): Promise<SavedView> {
    const definition: Definition = { filter: view.filter, sort: view.sort, columns: view.columns };
    return this.database.write(async (session) => {
      await session.run('DELETE FROM saved_view WHERE dataset_id = ? AND name = ?', [
        view.datasetId,
        view.name,
      ]);
      const saved = await session.one<{ savedViewId: number; createdAt: string }>(
        `INSERT INTO saved_view (saved_view_id, dataset_id, name, definition)
         VALUES ((SELECT coalesce(max(saved_view_id), 0) + 1 FROM saved_view), ?, ?, ?)
         RETURNING saved_view_id AS "savedViewId", created_at AS "createdAt"`,
        [view.datasetId, view.name, JSON.stringify(definition)],
      );
      return { ...view, ...saved };
    });
  }

  async remove(savedViewId: number): Promise<boolean> {
    return (
      (await this.database.write((session) =>
        session.run('DELETE FROM saved_view WHERE saved_view_id = ?', [savedViewId]),
      )) > 0
    );
  }
}
