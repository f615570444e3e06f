import { z } from 'zod';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import type { DatasetRepository } from './dataset.repository.ts';

const specSchema = z.object({ datasetId: z.number().int() });
type Spec = z.infer<typeof specSchema>;

/** Takes a dataset and all that was made from it out of the workspace, in one transaction. The source files stay. */
export class RemoveDatasetJob implements JobHandler<Spec, { datasetId: number }> {
  readonly type = 'remove-dataset';
  readonly spec = specSchema;
  readonly recovery = 'resume';

  constructor(
    private readonly datasets: DatasetRepository,
    private readonly onRemoved: (datasetId: number) => Promise<void>,
  ) {}

  async title(spec: Spec): Promise<string> {
    return `Remove ${(await this.datasets.get(spec.datasetId)).name}`;
  }

  async run({ spec, progress }: JobContext<Spec>): Promise<{ datasetId: number }> {
    progress('Removing rows', 0, null);
    await this.datasets.remove(spec.datasetId);
    await this.onRemoved(spec.datasetId);
    return { datasetId: spec.datasetId };
  }
}
