import { z } from 'zod';
import {
  type EditOutcome,
  type Snapshot,
  type SnapshotRequest,
  snapshotRequestSchema,
} from '../../contract/editing.contract.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import type { SnapshotService } from './snapshot.service.ts';

/** A snapshot of many rows; one transaction, so that a crash leaves none. */
export class SnapshotJob implements JobHandler<SnapshotRequest, Snapshot> {
  readonly type = 'snapshot';
  readonly spec = snapshotRequestSchema;
  readonly recovery = 'abandon';

  constructor(private readonly snapshots: SnapshotService) {}

  title(spec: SnapshotRequest): string {
    return `Snapshot “${spec.name}”`;
  }

  async run({ spec, progress }: JobContext<SnapshotRequest>, signal: AbortSignal): Promise<Snapshot> {
    progress('Hashing rows', 0, null);
    return this.snapshots.createNow(spec, signal);
  }
}

const restoreSpecSchema = z.object({
  datasetId: z.number().int(),
  snapshotId: z.number().int(),
  reason: z.string().nullish(),
  who: z.string().optional(),
});
type RestoreSpec = z.infer<typeof restoreSpecSchema>;

/** A restore of many rows; its operation has the job's id, so that it is done once. */
export class RestoreJob implements JobHandler<RestoreSpec, EditOutcome> {
  readonly type = 'snapshot-restore';
  readonly spec = restoreSpecSchema;
  readonly recovery = 'resume';
  readonly priority = 1;

  constructor(private readonly snapshots: SnapshotService) {}

  title(): string {
    return 'Restore a snapshot';
  }

  async run({ jobId, spec, progress }: JobContext<RestoreSpec>, signal: AbortSignal): Promise<EditOutcome> {
    progress('Restoring rows', 0, null);
    return this.snapshots.restoreNow(spec, { signal, operationId: jobId });
  }
}
