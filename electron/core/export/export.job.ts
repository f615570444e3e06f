import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  type ExportFormat,
  type ExportSpec,
  exportSpecSchema,
  type ExportSummary,
} from '../../contract/export.contract.ts';
import type { DatasetRepository } from '../corpus/dataset.repository.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { writeAnnotatedPairs } from './writers/annotated-pairs.ts';
import { writeTable } from './writers/tables.ts';

/** What can be written, with the ending of the file. */
export const exportFormats: readonly {
  format: ExportFormat;
  title: string;
  description: string;
  ending: string;
}[] = [
  {
    format: 'trl',
    title: 'TRL preference JSONL',
    description: 'prompt, chosen, rejected; labelled pairs only',
    ending: 'jsonl',
  },
  { format: 'jsonl', title: 'JSON Lines', description: 'every pair with all columns', ending: 'jsonl' },
  {
    format: 'csv',
    title: 'CSV',
    description: 'every pair with all columns; formulas made harmless',
    ending: 'csv',
  },
  { format: 'parquet', title: 'Parquet', description: 'every pair with all columns', ending: 'parquet' },
  {
    format: 'annotated-pairs',
    title: 'AnnotatedPairs 2.0',
    description: 'for ICAI and Feedback Forensics; labelled pairs only',
    ending: 'json',
  },
];

const labelledOnly: ReadonlySet<ExportFormat> = new Set(['trl', 'annotated-pairs']);

/** Writes a dataset to a file in the workspace's `exports` folder; the file is whole or absent. */
export class ExportJob implements JobHandler<ExportSpec, ExportSummary> {
  readonly type = 'export';
  readonly spec = exportSpecSchema;
  readonly recovery = 'restart';

  constructor(
    private readonly workspace: Workspace,
    private readonly datasets: DatasetRepository,
  ) {}

  title(spec: ExportSpec): string {
    return `Export dataset ${spec.datasetId} as ${spec.format}`;
  }

  async run({ spec, jobId, progress }: JobContext<ExportSpec>, signal: AbortSignal): Promise<ExportSummary> {
    const dataset = await this.datasets.get(spec.datasetId);
    const { ending } = exportFormats.find((candidate) => candidate.format === spec.format) ?? {
      ending: 'out',
    };
    const slug = dataset.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, '') || 'dataset';
    const file = path.join(this.workspace.exports, `${slug}-${spec.format}.${ending}`);
    const half = this.halfFile(jobId);
    const { format } = spec;
    const rows = await this.workspace.database.withReader((session) =>
      format === 'annotated-pairs'
        ? writeAnnotatedPairs(session, dataset, half, {
            signal,
            onRows: (count) => progress('Writing', count, dataset.pairs),
          })
        : writeTable(
            session,
            dataset,
            { format, file: half },
            { signal, onProgress: (share) => progress('Writing', share, 1) },
          ),
    );
    renameSync(half, file);
    const skipped = dataset.pairs - rows;
    return {
      file,
      rows,
      skipped,
      skippedWhy:
        skipped > 0 && labelledOnly.has(format)
          ? 'ties and unlabelled pairs, which this format cannot carry'
          : null,
    };
  }

  async discard(jobId: string): Promise<void> {
    rmSync(this.halfFile(jobId), { force: true });
  }

  private halfFile(jobId: string): string {
    return path.join(this.workspace.exports, `.${jobId}.part`);
  }
}
