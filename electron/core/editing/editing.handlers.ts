import type { Database } from '../../../native/duckdb/database.ts';
import type { Implementation } from '../rpc/implementation.ts';
import { diffDatasets } from './dataset-diff.ts';
import type { EditingService } from './editing.service.ts';
import { findNote, listHiddenRows, listOperationRows, readRowHistory } from './history.ts';
import { listOperations, readNext } from './operation.repository.ts';
import type { RevisionService } from './revision.service.ts';
import type { SnapshotService } from './snapshot.service.ts';

export interface EditingServices {
  readonly editing: EditingService;
  readonly snapshots: SnapshotService;
  readonly revisions: RevisionService;
}

export function makeEditingHandlers(
  core: Implementation,
  database: Database,
  { editing, snapshots, revisions }: EditingServices,
) {
  return {
    edit: {
      preview: core.edit.preview.handler(({ input, signal }) => editing.preview(input, { signal })),
      apply: core.edit.apply.handler(({ input }) => editing.apply(input)),
      undo: core.edit.undo.handler(({ input }) => editing.reverse('undo', input)),
      redo: core.edit.redo.handler(({ input }) => editing.reverse('redo', input)),
      operations: core.edit.operations.handler(({ input }) => listOperations(database, input)),
      next: core.edit.next.handler(({ input }) => readNext(database, input.datasetId)),
      rowHistory: core.edit.rowHistory.handler(({ input }) =>
        readRowHistory(database, input.relation, input.id),
      ),
      rows: core.edit.rows.handler(async ({ input }) => ({
        ids: await listOperationRows(database, input.operationId, input.limit),
      })),
      hidden: core.edit.hidden.handler(({ input }) => listHiddenRows(database, input)),
      note: core.edit.note.handler(async ({ input }) => ({
        text: await findNote(database, input.relation, input.id),
      })),
      checkRevision: core.edit.checkRevision.handler(({ input }) => revisions.check(input)),
      saveRevision: core.edit.saveRevision.handler(({ input }) => revisions.save(input)),
    },
    snapshot: {
      create: core.snapshot.create.handler(({ input }) => snapshots.create(input)),
      list: core.snapshot.list.handler(({ input }) => snapshots.list(input.datasetId)),
      diff: core.snapshot.diff.handler(({ input, signal }) => snapshots.diff(input, { signal })),
      diffDatasets: core.snapshot.diffDatasets.handler(({ input, signal }) =>
        diffDatasets(database, input, { signal }),
      ),
      restore: core.snapshot.restore.handler(({ input }) => snapshots.restore(input)),
      remove: core.snapshot.remove.handler(async ({ input }) => ({
        removed: await snapshots.remove(input.snapshotId),
      })),
    },
  };
}
