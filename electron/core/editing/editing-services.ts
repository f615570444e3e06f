import type { DatasetRepository } from '../corpus/dataset.repository.ts';
import type { JobService } from '../jobs/job.service.ts';
import { EditJob, ReverseJob } from './edit.job.ts';
import { type EditingOptions, EditingService } from './editing.service.ts';
import type { EditingServices } from './editing.handlers.ts';
import { RevisionService } from './revision.service.ts';
import { RestoreJob, SnapshotJob } from './snapshot.job.ts';
import { SnapshotService } from './snapshot.service.ts';

/** Editing, snapshots and revisions over one database. */
export function makeEditingServices(
  options: EditingOptions & { readonly datasets: DatasetRepository },
): EditingServices {
  const { database, jobs, datasets } = options;
  const editing = new EditingService(options);
  return {
    editing,
    snapshots: new SnapshotService({ database, jobs, editing }),
    revisions: new RevisionService(database, datasets, editing),
  };
}

export function registerEditingJobs(jobs: JobService, { editing, snapshots }: EditingServices): void {
  jobs.register(new EditJob(editing));
  jobs.register(new ReverseJob(editing));
  jobs.register(new SnapshotJob(snapshots));
  jobs.register(new RestoreJob(snapshots));
}
