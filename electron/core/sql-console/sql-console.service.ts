import { randomUUID } from 'node:crypto';
import type { Database } from '../../../native/duckdb/database.ts';
import type { PlainValue } from '../../../native/duckdb/values.ts';
import { AppError, isAppError } from '../../contract/app-error.ts';
import type { Cell } from '../../contract/corpus.contract.ts';
import type { SqlResult } from '../../contract/sql.contract.ts';

/** Statement kinds as DuckDB's parser numbers them. */
const statementKind = {
  select: 1,
  insert: 2,
  update: 3,
  explain: 4,
  delete: 5,
  create: 7,
  alter: 8,
  drop: 15,
} as const;
const readKinds: ReadonlySet<number> = new Set([statementKind.select, statementKind.explain]);
const writeKinds: ReadonlySet<number> = new Set(Object.values(statementKind));

const keptResults = 8;
const historyLength = 200;
const longestCell = 400;
const numeric = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL)/;

export interface SqlRequest {
  readonly sql: string;
  readonly limit: number;
  readonly allowWrite: boolean;
}

function toCellText(value: PlainValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function toCell(value: PlainValue): Cell {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  const text = toCellText(value);
  return text.length > longestCell ? { preview: text.slice(0, longestCell), length: text.length } : text;
}

function failed(error: unknown): unknown {
  if (isAppError(error) || !(error instanceof Error)) return error;
  if (/interrupt/i.test(error.message)) return new AppError('QUERY_CANCELLED', 'The query was cancelled.');
  const message = error.message
    .replace(/\n {2}in: [\s\S]*$/, '')
    .replaceAll(/scratch\.result_\w+/g, 'the result');
  return new AppError('QUERY_FAILED', message);
}

/**
 * The SQL console: one statement at a time, read-only unless the person asks for more. Results are kept as tables that
 * are paged like any grid. The database itself can touch no file outside the workspace, whatever the statement says.
 */
export class SqlConsoleService {
  private readonly results = new Map<string, string>();

  constructor(
    private readonly database: Database,
    private readonly onWritten: () => Promise<void>,
  ) {}

  /**
   * Throws QUERY_FAILED with DuckDB's own words, QUERY_NOT_READ_ONLY for a statement that would change something,
   * QUERY_CANCELLED.
   */
  async run(request: SqlRequest, signal?: AbortSignal): Promise<SqlResult> {
    const startedAt = performance.now();
    const remember = (error: string | null) =>
      this.remember(request.sql, error === null ? performance.now() - startedAt : null, error);
    try {
      const kind = await this.judge(request);
      const result = readKinds.has(kind) ? await this.read(request, kind, signal) : await this.write(request);
      await remember(null);
      return { ...result, milliseconds: Math.round(performance.now() - startedAt) };
    } catch (error) {
      const told = failed(error);
      if (!signal?.aborted) await remember(told instanceof Error ? told.message : String(told));
      throw told;
    }
  }

  async page(resultId: string, offset: number, limit: number, signal?: AbortSignal): Promise<Cell[][]> {
    const table = this.results.get(resultId);
    if (table === undefined)
      throw new AppError(
        'VIEW_MISSING',
        'The rows were not read: this result has been closed. Run the query again.',
        { resultId },
      );
    const { rows } = await this.database.withReader((session) =>
      session.table(`SELECT * FROM ${table} LIMIT ? OFFSET ?`, [limit, offset], { signal }),
    );
    return rows.map((row) => row.map(toCell));
  }

  /** Whole rows as objects, for `assay sql`: nothing is cut. */
  async rows(sql: string, signal?: AbortSignal): Promise<Record<string, PlainValue>[]> {
    try {
      await this.judge({ sql, limit: 0, allowWrite: false });
      return await this.database.all(sql, [], { signal });
    } catch (error) {
      throw failed(error);
    }
  }

  async schema(): Promise<{ name: string; isView: boolean; columns: { name: string; type: string }[] }[]> {
    const rows = await this.database.all<{
      name: string;
      isView: boolean;
      columns: { name: string; type: string }[];
    }>(
      `SELECT c.table_name AS name, v.view_name IS NOT NULL AS "isView",
         list({'name': c.column_name, 'type': c.data_type} ORDER BY c.column_index) AS columns
       FROM duckdb_columns() c LEFT JOIN duckdb_views() v ON v.view_name = c.table_name AND v.schema_name = c.schema_name AND v.database_name = c.database_name
       WHERE c.database_name = current_database() AND c.schema_name = 'main' AND NOT c.internal
         AND c.table_name NOT IN ('next_id', 'change_effect')
       GROUP BY ALL ORDER BY "isView" DESC, name`,
    );
    return rows;
  }

  async history(): Promise<
    { sql: string; ranAt: string; milliseconds: number | null; error: string | null }[]
  > {
    return this.database.all(
      `SELECT sql_text AS sql, ran_at AS "ranAt", milliseconds, error FROM sql_history ORDER BY ran_at DESC LIMIT ${historyLength}`,
    );
  }

  private async judge({ sql, allowWrite }: SqlRequest): Promise<number> {
    const kinds = await this.database.withReader((session) => session.statementKinds(sql));
    const [kind, ...others] = kinds;
    if (kind === undefined) throw new AppError('QUERY_FAILED', 'There is no statement to run.');
    if (others.length > 0)
      throw new AppError('QUERY_FAILED', 'Run one statement at a time: select the one you mean.');
    if (readKinds.has(kind)) return kind;
    if (!allowWrite) {
      throw new AppError(
        'QUERY_NOT_READ_ONLY',
        'Not run: the console only reads, and this statement would change something. Turn on “Allow changes” to run it.',
      );
    }
    if (!writeKinds.has(kind))
      throw new AppError(
        'QUERY_NOT_READ_ONLY',
        'Not run: statements of this kind are never allowed in the console.',
      );
    return kind;
  }

  private async read(
    request: SqlRequest,
    kind: number,
    signal?: AbortSignal,
  ): Promise<Omit<SqlResult, 'milliseconds'>> {
    const resultId = randomUUID().replaceAll('-', '').slice(0, 16);
    const table = `scratch.result_${resultId}`;
    const body = request.sql.trim().replace(/;\s*$/, '');
    return this.database.withReader(async (session) => {
      if (kind === statementKind.explain) {
        const plan = await session.table(body, [], { signal });
        const text = plan.rows.map((row) => toCellText(row.at(-1) ?? null)).join('\n');
        await session.run(`CREATE TABLE ${table} AS SELECT unnest(string_split(?, chr(10))) AS plan`, [text]);
      } else {
        await session.run(
          `CREATE TABLE ${table} AS SELECT * FROM (\n${body}\n) LIMIT ${request.limit + 1}`,
          [],
          { signal },
        );
      }
      const { count } = await session.one<{ count: number }>(`SELECT count(*) AS count FROM ${table}`);
      const described = await session.table(`SELECT * FROM ${table} LIMIT 0`);
      this.results.set(resultId, table);
      await this.evict();
      return {
        resultId,
        columns: described.columns.map((column) => ({ ...column, isNumeric: numeric.test(column.type) })),
        count: Math.min(count, request.limit),
        isCut: count > request.limit,
      };
    });
  }

  private async write(request: SqlRequest): Promise<Omit<SqlResult, 'milliseconds'>> {
    const changed = await this.database.write((session) => session.run(request.sql));
    await this.onWritten();
    return this.read(
      { sql: `SELECT ${changed} AS rows_changed`, limit: 1, allowWrite: false },
      statementKind.select,
    );
  }

  private async evict(): Promise<void> {
    for (const [resultId, table] of this.results) {
      if (this.results.size <= keptResults) return;
      this.results.delete(resultId);
      await this.database.withReader((session) => session.run(`DROP TABLE IF EXISTS ${table}`));
    }
  }

  private async remember(sql: string, milliseconds: number | null, error: string | null): Promise<void> {
    await this.database.write((session) =>
      session.run('INSERT INTO sql_history (sql_text, milliseconds, error) VALUES (?, ?::DOUBLE, ?)', [
        sql,
        milliseconds,
        error,
      ]),
    );
  }
}
