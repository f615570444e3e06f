import { randomUUID } from 'node:crypto';
import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { EditOutcome, EditPreview, EditRequest } from '../../contract/editing.contract.ts';
import type { SearchService } from '../corpus/search/search.service.ts';
import type { JobService } from '../jobs/job.service.ts';
import { applyChanges } from './apply-changes.ts';
import { planTables, toCell } from './cells.ts';
import { refuseOverlap } from './conflict.ts';
import {
  findOperation,
  logPlannedChanges,
  type NewOperation,
  recordEdit,
  recordReversal,
  requireReversible,
} from './operation.repository.ts';
import { endPlan, type Plan, startPlan } from './plan.ts';
import { planEdit } from './plan-edit.ts';
import { countChangedRows, summarisePlan } from './preview.ts';
import { refreshDerived } from './refresh-derived.ts';
import { withTarget } from './target.ts';
import { titleOf, titleWithRows } from './title.ts';

/** Edits of more rows than this run as a job. */
const bulkRows = 5_000;
const defaultWho = 'local';

export interface EditingOptions {
  readonly database: Database;
  readonly search: SearchService;
  readonly jobs: JobService;
  /** Called after rows have changed, before the edit is acknowledged. */
  readonly onChanged: () => Promise<void>;
}

export interface ReverseRequest {
  readonly datasetId: number;
  /** The edit to take back or make again; the next in line where absent. */
  readonly operationId?: string | undefined;
  readonly reason?: string | null | undefined;
  readonly who?: string | undefined;
}

interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** The id the operation gets; with the same id an edit is done once, however often it is asked for. */
  readonly operationId?: string;
}

export interface Started {
  readonly outcome: EditOutcome | null;
  readonly jobId: string | null;
}

/** Labels another domain proposes. `source` is a table or subquery of ours with (comparison_id, label). */
export interface LabelChanges {
  readonly datasetId: number;
  readonly source: string;
  readonly title: string;
}

/** An edit whose changes `fill` plans. */
export interface PlannedEdit {
  readonly datasetId: number;
  readonly relation: NewOperation['relation'];
  readonly kind: string;
  readonly spec: unknown;
  readonly who: string | undefined;
  readonly reason: string | null | undefined;
  readonly title: (rows: number) => string;
  /** Where the rows meant are: a table or subquery (row_id). */
  readonly target?: string;
  readonly fill: (plan: Plan) => Promise<void>;
  /** How many rows change, where that is not the rows with changes of their own. */
  readonly countRows?: (plan: Plan) => Promise<number>;
}

/**
 * Every change of the corpus goes through here. An edit is planned by SQL into a table of changes, logged with one
 * statement, and made from the log, all in one transaction: after a crash it is there whole or not at all. Undo and redo
 * make the logged changes backwards or again and append one event; nothing is ever removed from the log.
 */
export class EditingService {
  constructor(private readonly options: EditingOptions) {}

  /** What `apply` would do. Throws EDIT_INVALID, EDIT_REASON_MISSING, FILTER_INVALID, SEARCH_INDEX_MISSING. */
  async preview(
    request: EditRequest & { readonly samples: number },
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<EditPreview> {
    const { datasetId } = request;
    return withTarget(this.options, request, options, ({ table, count }) =>
      this.options.database.withReader(async (session) => {
        await session.run('BEGIN TRANSACTION');
        try {
          const plan = await startPlan(session, { datasetId, target: table, ...options });
          const isHiding = request.change.op === 'hide';
          await planEdit(plan, isHiding ? { ...request, reason: request.reason || '…' } : request);
          return await summarisePlan(plan, request, {
            selected: count,
            samples: request.samples,
            isBulk: count > bulkRows,
          });
        } finally {
          await session.run('ROLLBACK');
        }
      }),
    );
  }

  /** Does a small edit at once; starts a job for one of more than 5,000 rows. */
  async apply(request: EditRequest, options: RunOptions = {}): Promise<Started> {
    const count = await withTarget(this.options, request, options, async (target) => target.count);
    if (count > bulkRows) return { outcome: null, jobId: await this.options.jobs.start('edit', request) };
    return { outcome: await this.applyNow(request, options), jobId: null };
  }

  /** Does an edit of any size before it answers. */
  async applyNow(request: EditRequest, options: RunOptions = {}): Promise<EditOutcome> {
    const { datasetId, relation, change, who, reason } = request;
    return withTarget(this.options, request, options, ({ table }) =>
      this.run(
        {
          datasetId,
          relation,
          kind: change.op,
          spec: request,
          who,
          reason,
          title: (rows) => titleOf(change, rows),
          target: table,
          fill: (plan) => planEdit(plan, request),
        },
        options,
      ),
    );
  }

  /**
   * Sets the labels of pairs as another domain proposes them, as one operation that can be undone. Pairs that are not
   * in the dataset, or have the label already, stay as they are.
   */
  async applyLabels(
    changes: LabelChanges,
    options: { readonly who?: string; readonly reason: string | null } & RunOptions,
  ): Promise<EditOutcome> {
    return this.run(
      {
        datasetId: changes.datasetId,
        relation: 'pairs',
        kind: 'labels',
        spec: { title: changes.title },
        who: options.who,
        reason: options.reason,
        title: (rows) => titleWithRows(changes.title, rows),
        target: `(SELECT comparison_id AS row_id FROM ${changes.source})`,
        fill: async (plan) => {
          await plan.run(
            `INSERT INTO ${planTables.cell} SELECT 'pairs', x.comparison_id, 'label', ${toCell('x.label')}, ${toCell('s.label')}
             FROM comparison x JOIN (SELECT comparison_id, any_value(label) AS label FROM ${changes.source} GROUP BY comparison_id) s
               ON s.comparison_id = x.comparison_id
             WHERE x.dataset_id = ? AND x.label IS DISTINCT FROM s.label`,
            [changes.datasetId],
          );
        },
      },
      options,
    );
  }

  /** Starts a job where the edit is large. Throws EDIT_NOTHING, OPERATION_MISSING, EDIT_CONFLICT. */
  async reverse(
    direction: 'undo' | 'redo',
    request: ReverseRequest,
    options: RunOptions = {},
  ): Promise<Started> {
    const edit = await this.options.database.withReader((session) =>
      requireReversible(session, request, direction),
    );
    if (edit.rows <= bulkRows)
      return { outcome: await this.reverseNow(direction, request, options), jobId: null };
    const spec = { ...request, operationId: edit.operationId, direction };
    return { outcome: null, jobId: await this.options.jobs.start('edit-reverse', spec) };
  }

  /** Takes an edit of any size back, or makes it again, before it answers. */
  async reverseNow(
    direction: 'undo' | 'redo',
    request: ReverseRequest,
    { signal, operationId = randomUUID() }: RunOptions = {},
  ): Promise<EditOutcome> {
    const { database } = this.options;
    const { outcome, needsIndex, datasetId } = await database.write(async (session) => {
      const known = await findOperation(session, operationId);
      if (known) return { outcome: toOutcome(known), needsIndex: false, datasetId: known.datasetId };
      const edit = await requireReversible(session, request, direction);
      await refuseOverlap(session, edit, direction);
      await recordReversal(session, edit, {
        operationId,
        direction,
        who: request.who ?? defaultWho,
        reason: request.reason ?? null,
      });
      const changes = {
        rootId: edit.rootId,
        first: edit.firstChangeId,
        last: edit.lastChangeId,
        value: direction === 'undo' ? ('before' as const) : ('after' as const),
      };
      await applyChanges(session, changes, { signal });
      const derived = await refreshDerived(session, changes, edit);
      return { outcome: { ...toOutcome(edit), operationId }, ...derived, datasetId: edit.datasetId };
    });
    await this.settle(datasetId, needsIndex);
    return outcome;
  }

  /** Plans, logs and makes an edit in one transaction. */
  async run(
    edit: PlannedEdit,
    { signal, operationId = randomUUID() }: RunOptions = {},
  ): Promise<EditOutcome> {
    const { datasetId, relation } = edit;
    const { outcome, needsIndex } = await this.options.database.write(async (session) => {
      const known = await findOperation(session, operationId);
      if (known) return { outcome: toOutcome(known), needsIndex: false };
      await requireDataset(session, datasetId);
      const plan = await startPlan(session, {
        datasetId,
        signal,
        ...(edit.target !== undefined && { target: edit.target }),
      });
      await edit.fill(plan);
      const rows = await (edit.countRows?.(plan) ?? countChangedRows(plan, relation));
      const title = edit.title(rows);
      const operation: NewOperation = {
        ...edit,
        operationId,
        title,
        who: edit.who ?? defaultWho,
        reason: edit.reason || null,
      };
      const logged = await logPlannedChanges(session, operation, signal);
      await endPlan(session);
      if (logged.changes === 0)
        return { outcome: { operationId: null, title, rows: 0, changes: 0 }, needsIndex: false };
      await recordEdit(session, operation, { ...logged, rows });
      const changes = {
        rootId: operationId,
        first: logged.first,
        last: logged.last,
        value: 'after' as const,
      };
      await applyChanges(session, changes, { signal });
      const derived = await refreshDerived(session, changes, { datasetId, relation });
      return { outcome: { operationId, title, rows, changes: logged.changes }, ...derived };
    });
    if (outcome.operationId !== null) await this.settle(datasetId, needsIndex);
    return outcome;
  }

  /** Tells the rest of the application, and has the search index made anew where it was not mended in place. */
  private async settle(datasetId: number, needsIndex: boolean): Promise<void> {
    const { database, jobs, onChanged } = this.options;
    await onChanged();
    const { queued, running } = await database.one<{ queued: number; running: number }>(
      `SELECT count(*) FILTER (status = 'queued') AS queued, count(*) FILTER (status = 'running') AS running
       FROM job WHERE type = 'search-index' AND (spec ->> '$.datasetId')::BIGINT = ? AND status IN ('queued', 'running')`,
      [datasetId],
    );
    if ((needsIndex || running > 0) && queued === 0) await jobs.start('search-index', { datasetId });
  }
}

function toOutcome({ operationId, title, rows, changes }: EditOutcome): EditOutcome {
  return { operationId, title, rows, changes };
}

async function requireDataset(session: Session, datasetId: number): Promise<void> {
  const known = await session.find('SELECT 1 FROM dataset WHERE dataset_id = ?', [datasetId]);
  if (!known)
    throw new AppError('DATASET_MISSING', `Nothing was edited: there is no dataset ${datasetId}.`, {
      datasetId,
    });
}
