import { z } from 'zod';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import type { ModelService } from './model.service.ts';

const specSchema = z.object({ modelId: z.string() });
type Spec = z.infer<typeof specSchema>;

/** Puts a model into memory, calibrated for this machine first where it is not yet. */
export class LoadModelJob implements JobHandler<Spec, Spec> {
  readonly type = 'load-model';
  readonly spec = specSchema;
  readonly recovery = 'abandon';

  constructor(private readonly models: ModelService) {}

  title(): string {
    return 'Load a model';
  }

  async run({ spec, progress }: JobContext<Spec>, signal: AbortSignal): Promise<Spec> {
    progress('Loading', 0, null);
    await this.models.load(spec.modelId, { signal });
    return spec;
  }
}
