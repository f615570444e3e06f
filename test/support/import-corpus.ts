import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { onTestFinished } from 'vitest';
import { DatasetRepository } from '../../electron/core/corpus/dataset.repository.ts';
import { ImportJob } from '../../electron/core/corpus/import/import.job.ts';
import { JobService } from '../../electron/core/jobs/job.service.ts';
import {
  type OpenWorkspaceOptions,
  openWorkspace,
  type Workspace,
} from '../../electron/core/workspace/workspace.ts';
import type { ImportSpec, ImportSummary } from '../../electron/contract/import.contract.ts';
import type { Job } from '../../electron/contract/job.contract.ts';
import { createForeignExtractor } from '../../native/duckdb/foreign.ts';

export interface ImportBench {
  readonly workspace: Workspace;
  readonly jobs: JobService;
  readonly datasets: DatasetRepository;
  /** Imports and answers the ended job, whatever its end. */
  run(spec: Partial<ImportSpec> & { files: string[] }): Promise<Job>;
  /** Imports; throws the job's error when it failed. */
  load(spec: Partial<ImportSpec> & { files: string[] }): Promise<ImportSummary>;
}

/** A fresh workspace with a working import, both gone when the test ends. */
export async function openImportBench(options: OpenWorkspaceOptions = {}): Promise<ImportBench> {
  const root = await mkdtemp(path.join(tmpdir(), 'assay-test-'));
  const workspace = await openWorkspace(path.join(root, 'w.assay'), options);
  const jobs = new JobService(workspace.database, pino({ level: 'silent' }));
  const datasets = new DatasetRepository(workspace.database);
  const extractForeign = createForeignExtractor(path.resolve('out/node/extract-process.js'));
  jobs.register(new ImportJob({ workspace, datasets, extractForeign, onImported: async () => undefined }));
  onTestFinished(async () => {
    await jobs.close();
    await workspace.close();
    await rm(root, { recursive: true, force: true });
  });
  const run: ImportBench['run'] = async (spec) => jobs.wait(await jobs.start('import', spec));
  return {
    workspace,
    jobs,
    datasets,
    run,
    load: async (spec) => {
      const job = await run(spec);
      if (job.status !== 'succeeded')
        throw new Error(`${job.status}: ${job.error?.code} ${job.error?.message}`);
      return job.result as ImportSummary;
    },
  };
}
