import type { Database } from '../../../../native/duckdb/database.ts';
import { type AuditSpec, auditSpecSchema } from '../../../contract/audit.contract.ts';
import { type JobContext, type JobHandler } from '../../jobs/job-handler.ts';
import { nameDataset } from '../../corpus/dataset.repository.ts';
import { pauseWithoutEngine } from '../../judging/pause-without-engine.ts';
import type { AuditService } from '../audit.service.ts';
import type { ModelRole } from '../audits/model-question.ts';
import { askQuestions } from './ask-questions.ts';
import { type AuditModelSource, type ChosenModels, roleNames } from './model-choice.ts';

/**
 * Asks the models what the chosen audits need to know, then runs the audits over the stored answers. Answers outlive the
 * run: one that was killed, paused or repeated asks only what has no answer yet.
 */
export class ModelAuditJob implements JobHandler<AuditSpec, { auditRunId: number }> {
  readonly type = 'model-audit';
  readonly spec = auditSpecSchema;
  readonly recovery = 'resume';
  readonly lane = 'model';

  constructor(
    private readonly database: Database,
    private readonly audits: AuditService,
    private readonly source: Pick<AuditModelSource, 'acquire'>,
  ) {}

  async title({ datasetId, only, models = {} }: AuditSpec): Promise<string> {
    const details = [only?.join(', '), `asking ${[...new Set(Object.values(models))].join(', ')}`];
    return `Audit of ${await nameDataset(this.database, datasetId)} (${details.filter(Boolean).join('; ')})`;
  }

  async run(context: JobContext<AuditSpec>, signal: AbortSignal): Promise<{ auditRunId: number }> {
    const { jobId, spec, progress } = context;
    const models = await this.audits.chooseModels(spec);
    for (let round = 0; await this.askRound(context, { models, round, signal });) round++;
    const auditRunId = await this.audits.runAndStore(spec, jobId, { signal, onProgress: progress });
    return { auditRunId };
  }

  async discard(jobId: string): Promise<void> {
    await this.audits.removeRun(jobId);
  }

  /** False where no audit has so many rounds. */
  private async askRound(
    { jobId, spec, progress }: JobContext<AuditSpec>,
    { models, round, signal }: { models: ChosenModels; round: number; signal: AbortSignal },
  ): Promise<boolean> {
    progress('Collecting the questions', 0, null);
    const asked = await this.audits.listQuestions(spec, { models, round, signal });
    if (asked.length === 0) return false;
    const total = asked.reduce((sum, { questions }) => sum + questions.length, 0);
    let done = 0;
    for (const role of roleNames) {
      const questions = asked.filter((one) => one.role === role).flatMap((one) => one.questions);
      const model = models.get(role);
      if (!model || questions.length === 0) continue;
      const options = {
        ...{ database: this.database, datasetId: spec.datasetId, jobId, model, signal },
        acquire: () => this.source.acquire(model.modelId, { signal }),
        onAnswered: (count: number) => progress(sayAsking(role, model.name, round), (done += count), total),
      };
      await askQuestions(questions, options).catch(pauseWithoutEngine);
    }
    return true;
  }
}

function sayAsking(role: ModelRole, name: string, round: number): string {
  return `Asking ${name} (${role}${round === 0 ? '' : `, round ${round + 1}`})`;
}
