import { z } from 'zod';
import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { JobContext, JobHandler } from '../../jobs/job-handler.ts';
import type { ModelSource } from '../../judging/model-source.ts';
import { pauseWithoutEngine } from '../../judging/pause-without-engine.ts';
import { PrincipleRunRepository } from '../principles/principle-run.repository.ts';
import { principleTemplates } from '../principles/templates.ts';
import { voteAll, voteByCode } from '../principles/vote-all.ts';
import { ensureTraits } from '../trait-columns.ts';

const specSchema = z.object({ principleRunId: z.number().int() });
type Spec = z.infer<typeof specSchema>;

/** Votes on what an edited list has no votes on. A vote is a row, so what has been heard is never asked again. */
export class DraftVotesJob implements JobHandler<Spec, { pairs: number }> {
  readonly type = 'vote-on-draft';
  readonly spec = specSchema;
  readonly recovery = 'resume';
  readonly lane = 'model';

  constructor(
    private readonly database: Database,
    private readonly models: ModelSource,
  ) {}

  title({ principleRunId }: Spec): string {
    return `Votes on an edited constitution, run ${principleRunId}`;
  }

  async run({ spec, progress }: JobContext<Spec>, signal: AbortSignal): Promise<{ pairs: number }> {
    const { database } = this;
    const runs = new PrincipleRunRepository(database);
    const run = await runs.get(spec.principleRunId);
    const { modelId } = run.record.request;
    if ((await runs.listPrinciples(run.principleRunId)).some(({ traitId }) => traitId !== null)) {
      await ensureTraits(database, run.datasetId, {
        signal,
        onProgress: (done, total) => progress('Computing traits', done, total),
      });
      await voteByCode(database, run);
    }
    await voteAll(database, run, {
      acquire: async () => {
        if (modelId !== null) return this.models.acquire(modelId, { signal });
        throw new AppError(
          'INPUT_INVALID',
          'No votes were cast: some of the principles cannot be computed by code. Choose a model to vote on them.',
        );
      },
      template: principleTemplates.vote,
      signal,
      onProgress: (pairs) => progress('Voting', pairs, run.pairs),
    }).catch(pauseWithoutEngine);
    return { pairs: run.pairs };
  }
}
