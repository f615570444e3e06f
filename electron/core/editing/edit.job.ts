import { z } from 'zod';
import { type EditOutcome, type EditRequest, editRequestSchema } from '../../contract/editing.contract.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import type { EditingService } from './editing.service.ts';
import { titleOf } from './title.ts';

/**
 * A bulk edit. One transaction, whose operation has the job's id: run again after a crash, it is done if it was not, and
 * answered if it was.
 */
export class EditJob implements JobHandler<EditRequest, EditOutcome> {
  readonly type = 'edit';
  readonly spec = editRequestSchema;
  readonly recovery = 'resume';
  readonly priority = 1;

  constructor(private readonly editing: EditingService) {}

  title(spec: EditRequest): string {
    return titleOf(spec.change, 0).replace(/ \(0 rows\)$/, '');
  }

  async run({ jobId, spec, progress }: JobContext<EditRequest>, signal: AbortSignal): Promise<EditOutcome> {
    progress('Editing rows', 0, null);
    return this.editing.applyNow(spec, { signal, operationId: jobId });
  }
}

const reverseSpecSchema = z.object({
  direction: z.enum(['undo', 'redo']),
  datasetId: z.number().int(),
  operationId: z.string(),
  reason: z.string().nullish(),
  who: z.string().optional(),
});
type ReverseSpec = z.infer<typeof reverseSpecSchema>;

/** Undo or redo of a bulk edit; safe to run again as {@link EditJob}. */
export class ReverseJob implements JobHandler<ReverseSpec, EditOutcome> {
  readonly type = 'edit-reverse';
  readonly spec = reverseSpecSchema;
  readonly recovery = 'resume';
  readonly priority = 1;

  constructor(private readonly editing: EditingService) {}

  title(spec: ReverseSpec): string {
    return spec.direction === 'undo' ? 'Undo an edit' : 'Redo an edit';
  }

  async run({ jobId, spec, progress }: JobContext<ReverseSpec>, signal: AbortSignal): Promise<EditOutcome> {
    const { direction, ...request } = spec;
    progress(direction === 'undo' ? 'Undoing' : 'Redoing', 0, null);
    return this.editing.reverseNow(direction, request, { signal, operationId: jobId });
  }
}
