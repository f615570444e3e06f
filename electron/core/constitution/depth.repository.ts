import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import {
  type ConstitutionCeiling,
  constitutionCeilingSchema,
  type ConstitutionSlices,
  constitutionSlicesSchema,
  type ContrastFactor,
  contrastFactorSchema,
  type GroupConstitution,
  groupConstitutionSchema,
} from '../../contract/constitution-depth.ts';

const tables = [
  'constitution_slice',
  'constitution_group',
  'constitution_ceiling',
  'embedding',
  'contrast_factor',
  'principle_run_focus',
  'constitution_import',
];

/** Removes what has been found out about the constitutions of a dataset; part of removing it. */
export async function removeConstitutionDepth(session: Session, datasetId: number): Promise<void> {
  for (const table of tables) await session.run(`DELETE FROM ${table} WHERE dataset_id = ?`, [datasetId]);
}

/** Slices, group constitutions, ceilings and contrast directions, stored with the constitution they are about. */
export class DepthRepository {
  constructor(private readonly database: Database) {}

  /** Takes the place of an earlier one of the same column. */
  async storeSlices(document: ConstitutionSlices): Promise<void> {
    const { constitution_id: id, dataset_id: datasetId, column } = document;
    await this.database.write(async (session) => {
      await session.run('DELETE FROM constitution_slice WHERE constitution_id = ? AND slice = ?', [
        id,
        column,
      ]);
      await session.run(
        'INSERT INTO constitution_slice (constitution_id, dataset_id, slice, document) VALUES (?, ?, ?, ?::JSON)',
        [id, datasetId, column, JSON.stringify(document)],
      );
    });
  }

  async listSlices(constitutionId: number): Promise<ConstitutionSlices[]> {
    const rows = await this.read('constitution_slice', constitutionId);
    return rows.map((row) => constitutionSlicesSchema.parse(row));
  }

  async storeGroup(document: GroupConstitution): Promise<void> {
    const { constitution_id: id, dataset_id: datasetId, column, value } = document;
    await this.database.write(async (session) => {
      await session.run(
        'DELETE FROM constitution_group WHERE constitution_id = ? AND slice = ? AND slice_value = ?',
        [id, column, value],
      );
      await session.run(
        'INSERT INTO constitution_group (constitution_id, dataset_id, slice, slice_value, document) VALUES (?, ?, ?, ?, ?::JSON)',
        [id, datasetId, column, value, JSON.stringify(document)],
      );
    });
  }

  async listGroups(constitutionId: number): Promise<GroupConstitution[]> {
    const rows = await this.read('constitution_group', constitutionId);
    return rows.map((row) => groupConstitutionSchema.parse(row));
  }

  async storeCeiling(document: ConstitutionCeiling): Promise<void> {
    const { constitution_id: id, dataset_id: datasetId } = document;
    await this.database.write(async (session) => {
      await session.run('DELETE FROM constitution_ceiling WHERE constitution_id = ?', [id]);
      await session.run(
        'INSERT INTO constitution_ceiling (constitution_id, dataset_id, document) VALUES (?, ?, ?::JSON)',
        [id, datasetId, JSON.stringify(document)],
      );
    });
  }

  async findCeiling(constitutionId: number): Promise<ConstitutionCeiling | null> {
    const [row] = await this.read('constitution_ceiling', constitutionId);
    return row === undefined ? null : constitutionCeilingSchema.parse(row);
  }

  async listFactors(principleRunId: number): Promise<ContrastFactor[]> {
    const rows = await this.database.all<{ document: string }>(
      'SELECT document::VARCHAR AS document FROM contrast_factor WHERE principle_run_id = ? ORDER BY factor',
      [principleRunId],
    );
    return rows.map((row) => contrastFactorSchema.parse(JSON.parse(row.document)));
  }

  private async read(table: string, constitutionId: number): Promise<unknown[]> {
    const rows = await this.database.all<{ document: string }>(
      `SELECT document::VARCHAR AS document FROM ${table} WHERE constitution_id = ? ORDER BY created_at DESC`,
      [constitutionId],
    );
    return rows.map((row): unknown => JSON.parse(row.document));
  }
}
