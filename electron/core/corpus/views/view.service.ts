import { createHash } from 'node:crypto';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { Parameter } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Field, GridRow, Relation, ViewInfo } from '../../../contract/corpus.contract.ts';
import type { Filter, Sort } from '../../../contract/filter.contract.ts';
import type { SearchService } from '../search/search.service.ts';
import { compileClauses, explainPatternError, getField } from './compile-filter.ts';
import { baseTable, fromClause, listFields } from './field-table.ts';
import { readPageRows } from './page-rows.ts';
import { listCurationFields } from './curation-fields.ts';
import { listRaterFields } from './rater-fields.ts';
import { listRationaleFields } from './rationale-fields.ts';

const keptViews = 12;
/** Rows below which a part of a view would look like all there is. */
const fewestPartial = 50;

export interface ViewRequest {
  readonly datasetId: number;
  readonly relation: Relation;
  readonly filter: Filter;
  readonly sort: readonly Sort[];
  /** Take the best rows of a search that has to read texts, rather than wait for all of them. */
  readonly mayBePartial?: boolean | undefined;
}

interface View {
  readonly viewId: string;
  readonly table: string;
  readonly relation: Relation;
  readonly datasetId: number;
  readonly count: number;
  readonly total: number;
  readonly isComplete: boolean;
}

/**
 * Grid views. For each filter and sort the ordered list of row ids is built once, into a table shared by all sessions;
 * a page is then a range of positions and a lookup by indexed id, equally quick at any depth. The least recently used
 * lists go; a page of one that is gone answers VIEW_MISSING and the page opens it again.
 */
export class ViewService {
  private readonly views = new Map<string, View>();
  private readonly opening = new Map<string, Promise<View>>();
  private revision = 0;

  constructor(
    private readonly database: Database,
    private readonly search: SearchService,
  ) {}

  /** The fields of a relation, and those of the raters and judges of this dataset. */
  async listFields(relation: Relation, datasetId: number): Promise<Field[]> {
    const fields = [
      ...listFields(relation),
      ...(await listRaterFields(this.database, relation, datasetId)),
      ...(await listRationaleFields(this.database, relation, datasetId)),
      ...(await listCurationFields(this.database, relation, datasetId)),
    ];
    return fields.map(({ sql: _sql, textOf: _textOf, ...field }) => field);
  }

  /** The rows of a view as SQL yielding `id`; good until the view is closed. */
  async selectIds(request: ViewRequest, signal?: AbortSignal): Promise<string> {
    const { viewId } = await this.open(request, signal);
    return `SELECT id FROM ${this.get(viewId).table}`;
  }

  /** Forgets every view, after rows or labels have changed. */
  async invalidate(): Promise<void> {
    this.revision++;
    const stale = [...this.views.values()];
    this.views.clear();
    await Promise.all(stale.map((view) => this.drop(view)));
  }

  async open(request: ViewRequest, signal?: AbortSignal): Promise<ViewInfo> {
    const startedAt = performance.now();
    const whole = this.nameView({ ...request, mayBePartial: false });
    const viewId = this.nameView(request);
    const view = this.touch(whole) ?? this.touch(viewId) ?? (await this.openOnce(viewId, request, signal));
    return {
      viewId: view.viewId,
      count: view.count,
      total: view.total,
      isComplete: view.isComplete,
      milliseconds: Math.round(performance.now() - startedAt),
    };
  }

  async page(
    request: { viewId: string; offset: number; limit: number; fields: readonly string[] },
    signal?: AbortSignal,
  ): Promise<{ offset: number; rows: GridRow[] }> {
    const view = this.get(request.viewId);
    const fields = request.fields.map((id) => getField(view.relation, id));
    const { relation } = view;
    const positions = await this.database.all<{ id: number }>(
      `SELECT id FROM ${view.table} WHERE pos >= ? AND pos < ? ORDER BY pos`,
      [request.offset, request.offset + request.limit],
      { signal },
    );
    const ids = positions.map((position) => position.id);
    return {
      offset: request.offset,
      rows: await readPageRows(this.database, { relation, fields, ids, signal }),
    };
  }

  async locate(viewId: string, id: number, signal?: AbortSignal): Promise<number | null> {
    const view = this.get(viewId);
    const row = await this.database.find<{ pos: number }>(
      `SELECT pos FROM ${view.table} WHERE id = ?`,
      [id],
      { signal },
    );
    return row?.pos ?? null;
  }

  private nameView({ mayBePartial, ...request }: ViewRequest): string {
    return createHash('sha256')
      .update(JSON.stringify([this.revision, request, mayBePartial ?? false]))
      .digest('hex')
      .slice(0, 24);
  }

  private touch(viewId: string): View | undefined {
    const view = this.views.get(viewId);
    if (view) {
      this.views.delete(viewId);
      this.views.set(viewId, view);
    }
    return view;
  }

  private get(viewId: string): View {
    const view = this.touch(viewId);
    if (!view)
      throw new AppError(
        'VIEW_MISSING',
        'The rows were not read: this view has been closed. Open it again.',
        { viewId },
      );
    return view;
  }

  private async openOnce(viewId: string, request: ViewRequest, signal?: AbortSignal): Promise<View> {
    const running = this.opening.get(viewId);
    if (running) return running;
    const opening = this.build(viewId, request, signal).finally(() => this.opening.delete(viewId));
    this.opening.set(viewId, opening);
    return opening;
  }

  private async build(viewId: string, request: ViewRequest, signal?: AbortSignal): Promise<View> {
    const { datasetId, relation, filter, sort } = request;
    const table = `scratch.view_${viewId}`;
    const { table: base, id } = baseTable[relation];
    const conditions = compileClauses(relation, filter.clauses);
    const order = sort.map(({ field, direction }) => ({ definition: getField(relation, field), direction }));
    const unsortable = order.find(({ definition }) => !definition.isSortable);
    if (unsortable) {
      throw new AppError(
        'FILTER_INVALID',
        `Not sorted: ${unsortable.definition.title} is a long text. Sort by its length instead.`,
      );
    }
    const hits = await this.findHits(request, signal);
    const from = fromClause(relation, [...conditions.fields, ...order.map(({ definition }) => definition)]);
    const keys = order.map(({ definition, direction }) => `${definition.sql} ${direction} NULLS LAST`);
    if (hits && keys.length === 0) keys.push('h.score DESC');
    const select = `SELECT x.${id} AS id FROM ${from} ${hits ? `JOIN ${hits.table} h ON h.row_id = x.${id}` : ''}
      WHERE x.dataset_id = ? AND (${conditions.sql}) ORDER BY ${[...keys, `x.${id}`].join(', ')}`;
    const parameters: Parameter[] = [datasetId, ...conditions.parameters];
    return this.database.withReader(async (session) => {
      try {
        await session.run(
          `CREATE OR REPLACE TABLE ${table} AS SELECT row_number() OVER () - 1 AS pos, id FROM (${select})`,
          parameters,
          { signal },
        );
      } catch (error) {
        const pattern = filter.clauses.find((clause) => clause.op === 'matches');
        if (pattern?.op === 'matches') explainPatternError(pattern.pattern, error);
        throw error;
      }
      const { count } = await session.one<{ count: number }>(`SELECT count(*) AS count FROM ${table}`);
      const { total } = await session.one<{ total: number }>(
        `SELECT count(*) AS total FROM ${base} WHERE dataset_id = ?`,
        [datasetId],
      );
      const isComplete = hits?.isComplete ?? true;
      const view: View = { viewId, table, relation, datasetId, count, total, isComplete };
      this.views.set(viewId, view);
      await this.evict();
      return view;
    });
  }

  /** All rows that have the words, or the best of them where that is asked for and they fill a screen. */
  private async findHits(
    { datasetId, filter, sort, mayBePartial = false }: ViewRequest,
    signal?: AbortSignal,
  ): Promise<{ readonly table: string; readonly isComplete: boolean } | undefined> {
    if (filter.words === undefined) return undefined;
    const isRanked = sort.length === 0 && filter.clauses.length === 0;
    if (mayBePartial && isRanked) {
      const first = await this.search.findFirst(datasetId, filter.words, { signal });
      if (first.isComplete || first.total >= fewestPartial) return first;
    }
    const { table } = await this.search.findHits(datasetId, filter.words, { signal });
    return { table, isComplete: true };
  }

  private async evict(): Promise<void> {
    for (const [viewId, view] of this.views) {
      if (this.views.size <= keptViews) return;
      this.views.delete(viewId);
      await this.drop(view);
    }
  }

  private async drop(view: View): Promise<void> {
    await this.database.withReader((session) => session.run(`DROP TABLE IF EXISTS ${view.table}`));
  }
}
