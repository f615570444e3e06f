import type { Database } from '../../../native/duckdb/database.ts';
import {
  type CurationOutcome,
  type CurationSpec,
  curationSpecSchema,
} from '../../contract/curation.contract.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import { deriveDataset } from './derive-dataset.ts';
import { runSteps } from './run-steps.ts';

export interface CurateResult {
  readonly datasetId: number;
  readonly dataset: string;
  readonly outcome: CurationOutcome;
}

/**
 * Runs a recipe's steps and writes the new dataset in one transaction at the end; a run that is cancelled or killed before has left
 * nothing, so it starts afresh.
 */
export class CurateJob implements JobHandler<CurationSpec, CurateResult> {
  readonly type = 'curate';
  readonly spec = curationSpecSchema;
  readonly recovery = 'restart';

  constructor(
    private readonly database: Database,
    /** Told when the new dataset is there, so that indexes can follow. */
    private readonly onMade: (datasetId: number) => Promise<void>,
  ) {}

  title({ name, steps }: CurationSpec): string {
    return `Curate ${name} (${steps.filter((step) => step.enabled).length} steps)`;
  }

  async run({ jobId, spec, progress }: JobContext<CurationSpec>, signal: AbortSignal): Promise<CurateResult> {
    const former = await this.findMade(jobId);
    if (former) return former;
    const made = await this.database.withReader((session) =>
      runSteps(session, { spec, signal, onProgress: progress }, async (work, outcome) => {
        progress('Writing the dataset', spec.steps.length, null);
        signal.throwIfAborted();
        const { datasetId, name } = await this.database.write((writer) =>
          deriveDataset(writer, { ...work, session: writer }, { spec, outcome, jobId }),
        );
        return { datasetId, dataset: name, outcome };
      }),
    );
    await this.onMade(made.datasetId);
    return made;
  }

  /** The dataset of a run whose process was killed after it was written and before the job had ended. */
  private async findMade(jobId: string): Promise<CurateResult | undefined> {
    const row = await this.database.find<{ datasetId: number; dataset: string; outcome: string }>(
      `SELECT r.dataset_id AS "datasetId", d.name AS dataset, r.outcome::VARCHAR AS outcome FROM curation_run r JOIN dataset d USING (dataset_id) WHERE r.job_id = ?`,
      [jobId],
    );
    if (!row) return undefined;
    await this.onMade(row.datasetId);
    return { ...row, outcome: JSON.parse(row.outcome) as CurationOutcome };
  }
}
