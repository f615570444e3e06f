import { z } from 'zod';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { JobContext, JobHandler } from '../../jobs/job-handler.ts';
import type { ModelSource } from '../../judging/model-source.ts';
import type { ConstitutionService } from '../constitution.service.ts';
import { DepthRepository } from '../depth.repository.ts';
import { pauseWithoutEngine } from '../../judging/pause-without-engine.ts';
import { isRunDocument } from '../principles/principle-rows.ts';
import { ensureTraits } from '../trait-columns.ts';
import { measureCeiling } from './ceiling.ts';

const specSchema = z.object({
  constitutionId: z.number().int(),
  embedModelId: z.string(),
  sample: z.number().int().min(50).max(20_000).default(2_000),
});
type Spec = z.infer<typeof specSchema>;

/** Embeds responses and fits the probe. Every embedding is on disk before it counts, so a stopped run goes on with the rest. */
export class CeilingJob implements JobHandler<Spec, { constitutionId: number }> {
  readonly type = 'constitution-ceiling';
  readonly spec = specSchema;
  readonly recovery = 'resume';
  readonly lane = 'model';

  constructor(
    private readonly database: Database,
    private readonly constitutions: Pick<ConstitutionService, 'get'>,
    private readonly models: ModelSource,
  ) {}

  title({ constitutionId }: Spec): string {
    return `What embeddings can tell of the labels of constitution ${constitutionId}`;
  }

  async run(context: JobContext<Spec>, signal: AbortSignal): Promise<{ constitutionId: number }> {
    return this.go(context, signal).catch(pauseWithoutEngine);
  }

  private async go(
    { jobId, spec, progress }: JobContext<Spec>,
    signal: AbortSignal,
  ): Promise<{ constitutionId: number }> {
    const { database } = this;
    const { constitutionId, embedModelId, sample } = spec;
    const { document } = await this.constitutions.get(constitutionId);
    if (!isRunDocument(document))
      await ensureTraits(database, document.dataset_id, {
        signal,
        onProgress: (done, total) => progress('Computing traits', done, total),
      });
    const acquire = () => this.models.acquire(embedModelId, { signal });
    const { name, hash } = (await acquire()).identity;
    const ceiling = await measureCeiling(
      database,
      { constitutionId, document, model: { name, hash }, sample },
      { key: jobId, acquire, onProgress: progress, signal },
    );
    await new DepthRepository(database).storeCeiling(ceiling);
    return { constitutionId };
  }
}
