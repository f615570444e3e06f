import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Job } from '../../../electron/contract/job.contract.ts';
import {
  type ExportPlan,
  type ExportSpec,
  exportSpecSchema,
  type ExportSummary,
} from '../../../electron/contract/export.contract.ts';
import { SearchService } from '../../../electron/core/corpus/search/search.service.ts';
import { ExportJob } from '../../../electron/core/export/export.job.ts';
import { ExportService } from '../../../electron/core/export/export.service.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { type ImportBench, openImportBench } from '../../support/import-corpus.ts';

export type SpecInput = Partial<Omit<ExportSpec, 'destination'>> & {
  format: string;
  datasetId: number;
  destination?: Partial<ExportSpec['destination']>;
};

export interface ExportBench extends ImportBench {
  readonly service: ExportService;
  /** A folder outside the workspace. */
  readonly folder: string;
  plan(spec: SpecInput): Promise<ExportPlan>;
  /** Exports and answers the ended job, whatever its end. */
  runExport(spec: SpecInput): Promise<Job>;
  /** Exports; throws the job's error when it failed. */
  write(spec: SpecInput): Promise<ExportSummary>;
  /** Imports rows written as JSON Lines; answers the dataset's id. */
  importRows(name: string, rows: readonly unknown[]): Promise<number>;
}

const fill = ({ destination, ...spec }: SpecInput): ExportSpec =>
  exportSpecSchema.parse({
    ...spec,
    destination: { folder: null, name: null, overwrite: false, ...destination },
  });

/** A fresh workspace with a working import and export, both gone when the test ends. */
export async function openExportBench(): Promise<ExportBench> {
  const bench = await openImportBench();
  const folder = await makeTemporaryDirectory();
  const service = new ExportService(
    bench.workspace,
    bench.datasets,
    new SearchService(bench.workspace.database),
  );
  bench.jobs.register(new ExportJob(bench.workspace, service, '9.9.9'));
  onTestFinished(() => undefined);
  const runExport: ExportBench['runExport'] = async (spec) =>
    bench.jobs.wait(await bench.jobs.start('export', fill(spec)));
  return {
    ...bench,
    service,
    folder,
    plan: (spec) => service.plan({ ...fill(spec), looksForPersonalData: false }),
    runExport,
    write: async (spec) => {
      const job = await runExport(spec);
      if (job.status !== 'succeeded')
        throw new Error(`${job.status}: ${job.error?.code} ${job.error?.message}`);
      return job.result as ExportSummary;
    },
    importRows: async (name, rows) => {
      const file = path.join(folder, `${name}.jsonl`);
      writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      return (await bench.load({ files: [file], dataset: name, format: 'mapped' })).datasetId;
    },
  };
}
