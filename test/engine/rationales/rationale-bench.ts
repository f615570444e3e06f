import pino from 'pino';
import { onTestFinished } from 'vitest';
import { AppError } from '../../../electron/contract/app-error.ts';
import type { Job } from '../../../electron/contract/job.contract.ts';
import {
  type RationaleRequest,
  rationaleRequestSchema,
} from '../../../electron/contract/rationale.contract.ts';
import { SearchService } from '../../../electron/core/corpus/search/search.service.ts';
import { ViewService } from '../../../electron/core/corpus/views/view.service.ts';
import { JobService } from '../../../electron/core/jobs/job.service.ts';
import { RationaleLintJob } from '../../../electron/core/rationales/rationale-lint.job.ts';
import { RationaleRunJob } from '../../../electron/core/rationales/rationale-run.job.ts';
import { RationaleService } from '../../../electron/core/rationales/rationale.service.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import type { InferenceModel } from '../../../native/host/inference.ts';

export interface RationaleBench {
  readonly rationales: RationaleService;
  readonly jobs: JobService;
  readonly views: ViewService;
  readonly start: (
    request: Partial<RationaleRequest> & { datasetId: number },
  ) => Promise<{ rationaleRunId: number; jobId: string }>;
  /** A run to its end, whatever that is. */
  readonly run: (
    request: Partial<RationaleRequest> & { datasetId: number },
  ) => Promise<{ rationaleRunId: number; job: Job }>;
}

/** Rationales over a workspace with models by id instead of an engine. */
export function openRationaleBench(
  workspace: Workspace,
  models: Readonly<Record<string, InferenceModel>>,
): RationaleBench {
  const { database } = workspace;
  const views = new ViewService(database, new SearchService(database));
  const rationales = new RationaleService({
    database,
    models: {
      acquire: async (modelId) => {
        const model = models[modelId];
        if (model) return model;
        throw new AppError('MODEL_MISSING', `There is no model ${modelId}.`);
      },
    },
    appVersion: '1.0.0',
    selectRows: async (datasetId, filter) => ({
      sql: await views.selectIds({ datasetId, relation: 'pairs', filter, sort: [] }),
      parameters: [],
    }),
  });
  const jobs = new JobService(database, pino({ level: 'silent' }));
  jobs.register(new RationaleRunJob(rationales, () => views.invalidate()));
  jobs.register(new RationaleLintJob(database, () => views.invalidate()));
  onTestFinished(() => jobs.close());
  const start: RationaleBench['start'] = async (request) => {
    const rationaleRunId = await rationales.create(
      rationaleRequestSchema.parse({ modelId: 'm', ...request }),
    );
    return { rationaleRunId, jobId: await jobs.start('rationales', { rationaleRunId }) };
  };
  return {
    rationales,
    jobs,
    views,
    start,
    run: async (request) => {
      const { rationaleRunId, jobId } = await start(request);
      return { rationaleRunId, job: await jobs.wait(jobId) };
    },
  };
}

/** What a prompt of ours says: the place of the preferred response, and the two texts in their places. */
export function readWritingPrompt(input: string): {
  winner: 1 | 2;
  question: number;
  texts: readonly [string, string];
} {
  const [, first = '', second = ''] =
    /\[Response 1\]\n([^]*?)\n\n\[Response 2\]\n([^]*?)\n\[End\]/.exec(input) ?? [];
  return {
    winner: /Response 1 was preferred/.test(input) ? 1 : 2,
    question: Number(/question (\d+)/.exec(input)?.[1]),
    texts: [first, second],
  };
}
