import pino from 'pino';
import { onTestFinished } from 'vitest';
import {
  type ConstitutionDocument,
  constitutionDocumentSchema,
  type PrincipleRequest,
  principleRequestSchema,
} from '../../../electron/contract/constitution.contract.ts';
import type { Job } from '../../../electron/contract/job.contract.ts';
import { AppError } from '../../../electron/contract/app-error.ts';
import { CeilingJob } from '../../../electron/core/constitution/ceiling/ceiling.job.ts';
import { ConstitutionService } from '../../../electron/core/constitution/constitution.service.ts';
import { DepthService } from '../../../electron/core/constitution/depth.service.ts';
import { PrincipleConstitutionJob } from '../../../electron/core/constitution/principles/principle-constitution.job.ts';
import { PrincipleService } from '../../../electron/core/constitution/principles/principle.service.ts';
import { SliceConstitutionJob } from '../../../electron/core/constitution/slices/slice.job.ts';
import { JobService } from '../../../electron/core/jobs/job.service.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import type { InferenceModel } from '../../../native/host/inference.ts';

export interface PrincipleBench {
  readonly principles: PrincipleService;
  readonly constitutions: ConstitutionService;
  readonly depth: DepthService;
  readonly jobs: JobService;
  start(request: Partial<PrincipleRequest> & { datasetId: number }): Promise<{ run: number; jobId: string }>;
  /** A run to its end; its document where it succeeded. */
  make(
    request: Partial<PrincipleRequest> & { datasetId: number },
  ): Promise<{ job: Job; constitutionId: number; document: ConstitutionDocument }>;
}

/** Constitutions from principles over a workspace, with models by id instead of an engine. */
export function openPrincipleBench(
  workspace: Workspace,
  models: Readonly<Record<string, InferenceModel>>,
): PrincipleBench {
  const { database } = workspace;
  const source = {
    acquire: async (modelId: string) => {
      const model = models[modelId];
      if (model) return model;
      throw new AppError('MODEL_MISSING', `There is no model ${modelId}.`);
    },
  };
  const principles = new PrincipleService({ database, models: source, appVersion: '1.0.0' });
  const constitutions = new ConstitutionService(database);
  const jobs = new JobService(database, pino({ level: 'silent' }));
  jobs.register(new PrincipleConstitutionJob(database, source));
  jobs.register(new CeilingJob(database, constitutions, source));
  jobs.register(new SliceConstitutionJob(database, constitutions));
  onTestFinished(() => jobs.close());
  const start: PrincipleBench['start'] = async (request) => {
    const run = await principles.create(principleRequestSchema.parse({ modelId: 'm', ...request }));
    return { run, jobId: await jobs.start('principle-constitution', { principleRunId: run }) };
  };
  return {
    principles,
    constitutions,
    depth: new DepthService({ database, constitutions, models: source, jobs }),
    jobs,
    start,
    make: async (request) => {
      const { jobId } = await start(request);
      const job = await jobs.wait(jobId);
      if (job.status !== 'succeeded') throw new Error(`${job.status}: ${JSON.stringify(job.error)}`);
      const { constitutionId } = job.result as { constitutionId: number };
      const { document } = await constitutions.get(constitutionId);
      return { job, constitutionId, document: constitutionDocumentSchema.parse(document) };
    },
  };
}
