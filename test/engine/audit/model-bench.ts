import pino from 'pino';
import { expect, onTestFinished } from 'vitest';
import { AppError } from '../../../electron/contract/app-error.ts';
import type { AuditDocument, AuditFigure, AuditSpec } from '../../../electron/contract/audit.contract.ts';
import type { Job } from '../../../electron/contract/job.contract.ts';
import { AuditJob } from '../../../electron/core/audit/audit.job.ts';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { ModelAuditJob } from '../../../electron/core/audit/model-answers/model-audit.job.ts';
import { startAudit } from '../../../electron/core/audit/start-audit.ts';
import { JobService } from '../../../electron/core/jobs/job.service.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import type { InferenceModel } from '../../../native/host/inference.ts';

export interface AuditBench {
  readonly audits: AuditService;
  readonly jobs: JobService;
  start(spec: Partial<AuditSpec> & { datasetId: number }): Promise<string>;
  /** A run to its end, whatever that is. */
  finish(spec: Partial<AuditSpec> & { datasetId: number }): Promise<Job>;
  /** The document of a run that succeeded, no audit of which stopped by a fault. */
  run(spec: Partial<AuditSpec> & { datasetId: number }): Promise<AuditDocument>;
}

/** Audits over a workspace with models by name instead of an engine. `beforeAcquire` may refuse one. */
export function openAuditBench(
  workspace: Workspace,
  models: Readonly<Record<string, InferenceModel>>,
  beforeAcquire: () => void = () => undefined,
): AuditBench {
  const { database } = workspace;
  const find = (name: string): InferenceModel => {
    const model = models[name];
    if (model) return model;
    throw new AppError('MODEL_MISSING', `There is no model ${name}.`);
  };
  const source = {
    get: async (name: string) => {
      const { identity } = find(name);
      return {
        modelId: name,
        name,
        hash: identity.hash,
        capabilities: identity.capabilities,
        benchmark: null,
      };
    },
    acquire: async (name: string) => {
      beforeAcquire();
      return find(name);
    },
  };
  const audits = new AuditService(database, { models: source });
  const jobs = new JobService(database, pino({ level: 'silent' }));
  jobs.register(new AuditJob(database, audits));
  jobs.register(new ModelAuditJob(database, audits, source));
  onTestFinished(() => jobs.close());
  const start: AuditBench['start'] = (spec) => startAudit(audits, jobs, { seed: 1, ...spec });
  const finish: AuditBench['finish'] = async (spec) => jobs.wait(await start(spec));
  return {
    audits,
    jobs,
    start,
    finish,
    run: async (spec) => {
      const job = await finish(spec);
      expect(job.error).toBeNull();
      const { auditRunId } = job.result as { auditRunId: number };
      const document = await audits.get(auditRunId);
      expect(document.audits.flatMap(({ failure }) => failure ?? [])).toEqual([]);
      return document;
    },
  };
}

/** The figure of a metric, over all or of a slice; throws where there is none. */
export function figureOf(document: AuditDocument, metric: string, slice: string | null = null): AuditFigure {
  const figure = document.audits
    .flatMap((audit) => audit.figures)
    .find((one) => one.metric === metric && one.slice_value === slice);
  if (figure) return figure;
  throw new Error(
    `no figure ${metric} of ${slice ?? 'all'}: ${document.audits.map(({ reason }) => reason).join('; ')}`,
  );
}
