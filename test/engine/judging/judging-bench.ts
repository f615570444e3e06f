import pino from 'pino';
import { onTestFinished } from 'vitest';
import { SearchService } from '../../../electron/core/corpus/search/search.service.ts';
import { ViewService } from '../../../electron/core/corpus/views/view.service.ts';
import { JobService } from '../../../electron/core/jobs/job.service.ts';
import { JudgeRunJob } from '../../../electron/core/judging/judge-run.job.ts';
import { JudgingService } from '../../../electron/core/judging/judging.service.ts';
import { AppError } from '../../../electron/contract/app-error.ts';
import { type JudgeRequest, judgeRequestSchema } from '../../../electron/contract/judging.contract.ts';
import type { Job } from '../../../electron/contract/job.contract.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import type { InferenceModel } from '../../../native/host/inference.ts';

export interface JudgingBench {
  readonly judging: JudgingService;
  readonly jobs: JobService;
  readonly views: ViewService;
  /** Starts a run and answers its id and its job's. */
  readonly start: (
    request: Partial<JudgeRequest> & { datasetId: number },
  ) => Promise<{ judgeRunId: number; jobId: string }>;
  /** A run to its end, whatever that is. */
  readonly run: (
    request: Partial<JudgeRequest> & { datasetId: number },
  ) => Promise<{ judgeRunId: number; job: Job }>;
}

/** Judging over a workspace with models by id instead of an engine. */
export function openJudgingBench(
  workspace: Workspace,
  models: Readonly<Record<string, InferenceModel>>,
): JudgingBench {
  const { database } = workspace;
  const views = new ViewService(database, new SearchService(database));
  const judging = new JudgingService({
    database,
    models: {
      acquire: async (modelId) => {
        const model = models[modelId];
        if (model) return model;
        throw new AppError('MODEL_MISSING', `There is no model ${modelId}.`);
      },
    },
    appVersion: '1.0.0',
    selectRows: async ({ datasetId, filter = { clauses: [] } }, relation) => ({
      sql: await views.selectIds({ datasetId, relation, filter, sort: [] }),
      parameters: [],
    }),
  });
  const jobs = new JobService(database, pino({ level: 'silent' }));
  jobs.register(new JudgeRunJob(database, judging, () => views.invalidate()));
  onTestFinished(() => jobs.close());
  const start: JudgingBench['start'] = async (request) => {
    const judgeRunId = await judging.create(
      judgeRequestSchema.parse({ protocol: 'pairwise-logits', models: { judge: ['m'] }, ...request }),
    );
    return { judgeRunId, jobId: await jobs.start('judge', { judgeRunId }) };
  };
  return {
    judging,
    jobs,
    views,
    start,
    run: async (request) => {
      const { judgeRunId, jobId } = await start(request);
      return { judgeRunId, job: await jobs.wait(jobId) };
    },
  };
}
