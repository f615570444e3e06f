import { z } from 'zod';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { JobContext, JobHandler } from '../../jobs/job-handler.ts';
import type { ModelSource } from '../../judging/model-source.ts';
import { pauseWithoutEngine } from '../../judging/pause-without-engine.ts';
import { ensureTraits } from '../trait-columns.ts';
import { proposeFromDirections } from '../directions/propose-directions.ts';
import { adoptPrinciples } from './adopt-principles.ts';
import { composeConstitution } from './principle-constitution.ts';
import { type PrincipleRun, PrincipleRunRepository } from './principle-run.repository.ts';
import { proposeFromPairs } from './propose.ts';
import { proposeFromRationales } from './propose-from-rationales.ts';
import { principleTemplates } from './templates.ts';
import { voteAll, voteByCode } from './vote-all.ts';

const specSchema = z.object({ principleRunId: z.number().int() });
type Spec = z.infer<typeof specSchema>;

interface ProposeOptions extends Pick<JobContext<Spec>, 'progress'> {
  readonly acquire: () => Promise<InferenceModel>;
  readonly signal: AbortSignal;
}

/**
 * Proposes principles, lets them be voted on, selects and executes. Every answer of a model is on disk before it counts, so
 * a run that was cancelled, paused or killed goes on with the rest; the document is stored in one transaction at the end.
 */
export class PrincipleConstitutionJob implements JobHandler<Spec, { constitutionId: number }> {
  readonly type = 'principle-constitution';
  readonly spec = specSchema;
  readonly recovery = 'resume';
  readonly lane = 'model';
  private readonly runs: PrincipleRunRepository;

  constructor(
    private readonly database: Database,
    private readonly models: ModelSource,
  ) {
    this.runs = new PrincipleRunRepository(database);
  }

  title({ principleRunId }: Spec): string {
    return `Constitution from principles, run ${principleRunId}`;
  }

  async run(
    { jobId, spec, progress }: JobContext<Spec>,
    signal: AbortSignal,
  ): Promise<{ constitutionId: number }> {
    const run = await this.runs.get(spec.principleRunId);
    if (run.constitutionId !== null) return { constitutionId: run.constitutionId };
    return this.go(run, { jobId, progress, signal }).catch(pauseWithoutEngine);
  }

  private async go(
    started: PrincipleRun,
    { jobId, progress, signal }: { jobId: string; signal: AbortSignal } & Pick<JobContext<Spec>, 'progress'>,
  ): Promise<{ constitutionId: number }> {
    const { database } = this;
    const { modelId } = started.record.request;
    const acquire = async () => {
      if (modelId !== null) return this.models.acquire(modelId, { signal });
      throw new AppError('INPUT_INVALID', 'No constitution was made: this needs a model. Choose one.');
    };
    if (!started.isProposed) await this.propose(started, { acquire, progress, signal });
    await adoptPrinciples(database, started, {
      acquire: (id) => this.models.acquire(id, { signal }),
      signal,
    });
    const run = await this.runs.get(started.principleRunId);
    if ((await this.runs.listPrinciples(run.principleRunId)).some((one) => one.traitId !== null)) {
      await ensureTraits(database, run.datasetId, {
        signal,
        onProgress: (done, total) => progress('Computing traits', done, total),
      });
      await voteByCode(database, run);
    }
    await voteAll(database, run, {
      acquire,
      template: principleTemplates.vote,
      signal,
      onProgress: (pairs) => progress('Voting', pairs, run.pairs),
    });
    const document = await composeConstitution(database, run, { acquire, signal, onProgress: progress });
    return database.write(async (session) => {
      const next = await session.one<{ constitutionId: number }>(
        'SELECT coalesce(max(constitution_id), 0) + 1 AS "constitutionId" FROM constitution',
      );
      await session.run(
        'INSERT INTO constitution (constitution_id, dataset_id, job_id, document) VALUES (?, ?, ?, ?::JSON)',
        [next.constitutionId, run.datasetId, jobId, JSON.stringify(document)],
      );
      await session.run('UPDATE principle_run SET constitution_id = ? WHERE principle_run_id = ?', [
        next.constitutionId,
        run.principleRunId,
      ]);
      return next;
    });
  }

  /** What a model proposes is on disk afterwards; other sources need nothing here. */
  private async propose(run: PrincipleRun, { acquire, progress, signal }: ProposeOptions): Promise<void> {
    const { database } = this;
    const { propose, embedModelId } = run.record.request;
    const tell = (phase: string) => (done: number, total: number) => progress(phase, done, total);
    if (propose === 'model')
      await proposeFromPairs(database, run, { acquire, signal, onProgress: tell('Proposing principles') });
    if (propose === 'rationales')
      await proposeFromRationales(database, run, {
        acquire,
        signal,
        onProgress: tell('Proposing principles from rationales'),
      });
    if (propose === 'directions')
      await proposeFromDirections(database, run, {
        acquire,
        acquireEmbedder: () => this.models.acquire(embedModelId ?? '', { signal }),
        signal,
        onProgress: progress,
      });
  }
}
