import type { Database } from '../../../../native/duckdb/database.ts';
import type { ConstitutionDocument } from '../../../contract/constitution.contract.ts';
import type { PrincipleRun } from '../principles/principle-run.repository.ts';

/** Stores a document that was written or read as a new constitution of its run, and answers its number. */
export async function storeConstitution(
  database: Database,
  document: ConstitutionDocument,
  {
    run,
    pins,
  }: {
    readonly run: PrincipleRun;
    readonly pins: readonly { readonly principleId: number; readonly isPinned: boolean }[];
  },
): Promise<number> {
  return database.write(async (session) => {
    const { id } = await session.one<{ id: number }>(
      'SELECT coalesce(max(constitution_id), 0) + 1 AS id FROM constitution',
    );
    await session.run(
      'INSERT INTO constitution (constitution_id, dataset_id, document) VALUES (?, ?, ?::JSON)',
      [id, run.datasetId, JSON.stringify(document)],
    );
    await session.run('UPDATE principle_run SET constitution_id = ? WHERE principle_run_id = ?', [
      id,
      run.principleRunId,
    ]);
    for (const { principleId, isPinned } of pins)
      await session.run('UPDATE principle SET is_pinned = ? WHERE principle_id = ?', [isPinned, principleId]);
    return id;
  });
}
