import { z } from 'zod';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { JobContext, JobHandler } from '../../jobs/job-handler.ts';
import type { ConstitutionService } from '../constitution.service.ts';
import { DepthRepository } from '../depth.repository.ts';
import { isRunDocument } from '../principles/principle-rows.ts';
import { ensureTraits } from '../trait-columns.ts';
import { makeGroupConstitution } from './group-constitution.ts';
import { sliceConstitution } from './slice-constitution.ts';

const specSchema = z.object({
  constitutionId: z.number().int(),
  column: z.string(),
  /** The group whose own constitution is asked for; null: the strengths of all groups. */
  value: z.string().nullable().default(null),
});
type Spec = z.infer<typeof specSchema>;

/** Slices a constitution by a column, or makes the constitution of one group; stored at the end, in place of an earlier one. */
export class SliceConstitutionJob implements JobHandler<Spec, { constitutionId: number }> {
  readonly type = 'slice-constitution';
  readonly spec = specSchema;
  readonly recovery = 'resume';
  private readonly depth: DepthRepository;

  constructor(
    private readonly database: Database,
    private readonly constitutions: Pick<ConstitutionService, 'get'>,
  ) {
    this.depth = new DepthRepository(database);
  }

  title({ constitutionId, column, value }: Spec): string {
    return value === null
      ? `Constitution ${constitutionId} by ${column}`
      : `Constitution ${constitutionId} for ${column} = ${value}`;
  }

  async run(
    { jobId, spec, progress }: JobContext<Spec>,
    signal: AbortSignal,
  ): Promise<{ constitutionId: number }> {
    const { database } = this;
    const { constitutionId, column, value } = spec;
    const { document } = await this.constitutions.get(constitutionId);
    if (!isRunDocument(document))
      await ensureTraits(database, document.dataset_id, {
        signal,
        onProgress: (done, total) => progress('Computing traits', done, total),
      });
    progress('Comparing groups', 0, null);
    const options = { key: jobId, signal };
    if (value === null)
      await this.depth.storeSlices(
        await sliceConstitution(database, { constitutionId, document, column }, options),
      );
    else
      await this.depth.storeGroup(
        await makeGroupConstitution(database, { constitutionId, document, column, value }, options),
      );
    return { constitutionId };
  }
}
