import { z } from 'zod';
import type { Model } from '../../contract/model.contract.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import type { ModelService } from './model.service.ts';

const specSchema = z.object({ modelId: z.string() });
type Spec = z.infer<typeof specSchema>;

/** Finds the best layout of a model on this machine and measures its speed. */
export class BenchmarkModelJob implements JobHandler<
  Spec,
  Pick<Model, 'modelId' | 'calibration' | 'benchmark'>
> {
  readonly type = 'benchmark-model';
  readonly spec = specSchema;
  readonly recovery = 'restart';

  constructor(private readonly models: ModelService) {}

  title(): string {
    return 'Measure a model';
  }

  async run({ spec, progress }: JobContext<Spec>, signal: AbortSignal) {
    progress('Trying layouts', 0, null);
    const { modelId, calibration, benchmark } = await this.models.benchmark(spec.modelId, { signal });
    return { modelId, calibration, benchmark };
  }
}
