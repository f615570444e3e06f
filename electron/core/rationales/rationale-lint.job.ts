import { z } from 'zod';
import type { Database } from '../../../native/duckdb/database.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import { lintDataset } from './lint-dataset.ts';

const specSchema = z.object({ datasetId: z.number().int() });
type Spec = z.infer<typeof specSchema>;

/** Reads the rationales of a dataset by the rules of the lint; what a former run has read is not read again. */
export class RationaleLintJob implements JobHandler<Spec, { linted: number }> {
  readonly type = 'rationale-lint';
  readonly spec = specSchema;
  readonly recovery = 'resume';

  constructor(
    private readonly database: Database,
    private readonly onLinted: () => Promise<void>,
  ) {}

  title(): string {
    return 'Check of rationales';
  }

  async run({ spec, progress }: JobContext<Spec>, signal: AbortSignal): Promise<{ linted: number }> {
    const result = await lintDataset(this.database, spec.datasetId, {
      signal,
      onProgress: (done, total) => progress('Reading rationales', done, total),
    });
    await this.onLinted();
    return result;
  }
}
