import { z } from 'zod';
import type { Database } from '../../../native/duckdb/database.ts';
import { nameDataset } from '../corpus/dataset.repository.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import { buildSurfaceConstitution, type SurfaceConstitutionSpec } from './surface-constitution.ts';
import { ensureTraits } from './trait-columns.ts';

const specSchema = z.object({
  datasetId: z.number().int(),
  top: z.number().int().min(1).max(30).default(7),
  seed: z.number().int().min(0).default(1),
});

/**
 * A constitution from surface traits, without a model. The trait columns of done batches stay, so a run after a crash
 * goes on with the rest; the document is stored in one transaction at the end.
 */
export class SurfaceConstitutionJob implements JobHandler<
  SurfaceConstitutionSpec,
  { constitutionId: number }
> {
  readonly type = 'surface-constitution';
  readonly spec = specSchema;
  readonly recovery = 'resume';

  constructor(private readonly database: Database) {}

  async title({ datasetId, top }: SurfaceConstitutionSpec): Promise<string> {
    return `Constitution of ${await nameDataset(this.database, datasetId)} (surface traits, at most ${top} principles)`;
  }

  async run(
    { jobId, spec, progress }: JobContext<SurfaceConstitutionSpec>,
    signal: AbortSignal,
  ): Promise<{ constitutionId: number }> {
    const { database } = this;
    const stored = await database.find<{ constitutionId: number }>(
      'SELECT constitution_id AS "constitutionId" FROM constitution WHERE job_id = ?',
      [jobId],
    );
    if (stored) return stored;
    await ensureTraits(database, spec.datasetId, {
      signal,
      onProgress: (done, total) => progress('Computing traits', done, total),
    });
    const document = await buildSurfaceConstitution(database, spec, {
      key: jobId,
      signal,
      onProgress: (phase, share) => progress(phase, share, 1),
    });
    return database.write(async (session) => {
      const next = await session.one<{ constitutionId: number }>(
        'SELECT coalesce(max(constitution_id), 0) + 1 AS "constitutionId" FROM constitution',
      );
      await session.run(
        'INSERT INTO constitution (constitution_id, dataset_id, job_id, document) VALUES (?, ?, ?, ?::JSON)',
        [next.constitutionId, spec.datasetId, jobId, JSON.stringify(document)],
      );
      return next;
    });
  }
}
