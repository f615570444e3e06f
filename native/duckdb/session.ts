import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { AppError } from '../../electron/contract/app-error.ts';
import { type PlainValue, toPlain } from './values.ts';

export type Row = Record<string, PlainValue>;

/** What may be bound to a `?`. */
export type Parameter = string | number | bigint | boolean | null;

export interface QueryOptions {
  /** Interrupts the running query; the call rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called about five times a second with the share done, 0..1, while DuckDB can tell. */
  readonly onProgress?: (share: number) => void;
}

/** Answer of a query whose columns are not known beforehand. */
export interface Table {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly PlainValue[])[];
}

const progressInterval = 200;

/**
 * Values as the driver binds them: integers beyond 32 bits must be bigint, doubles stay numbers. Of none nothing is made, for
 * then the driver runs a statement in one step instead of three.
 */
function toBound(parameters: readonly Parameter[]): DuckDBValue[] | undefined {
  if (parameters.length === 0) return undefined;
  return parameters.map((value) =>
    typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value,
  );
}

function translate(error: unknown, sql: string): unknown {
  if (!(error instanceof Error)) return error;
  if (/No space left on device|could not write all bytes|Disk quota/i.test(error.message)) {
    return new AppError('DISK_FULL', 'Not saved: the disk is full. Free some space, then run it again.', {
      cause: error.message,
    });
  }
  error.message += `\n  in: ${sql.length > 400 ? `${sql.slice(0, 400)}…` : sql}`;
  return error;
}

/** One connection. Statements on it run one after another; values are always bound, never spliced. */
export class Session {
  constructor(private readonly connection: DuckDBConnection) {}

  /** All rows as objects of plain values. `T` states the row's shape; it is the query's business to keep it. */
  async all<T = Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<T[]> {
    const table = await this.table(sql, parameters, options);
    const names = table.columns.map((column) => column.name);
    return table.rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])) as T);
  }

  /** The first row, or undefined. */
  async find<T = Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<T | undefined> {
    return (await this.all<T>(sql, parameters, options))[0];
  }

  /** The only row of a query that always has one, such as an aggregate. */
  async one<T = Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<T> {
    const row = await this.find<T>(sql, parameters, options);
    if (row === undefined) throw new Error(`expected one row: ${sql}`);
    return row;
  }

  /** Runs a statement for its effect; answers the number of rows it changed. */
  async run(sql: string, parameters: readonly Parameter[] = [], options: QueryOptions = {}): Promise<number> {
    return this.guard(sql, options, async () => {
      const result = await this.connection.run(sql, toBound(parameters));
      return result.rowsChanged;
    });
  }

  /** Rows as arrays, with column names and types. */
  async table(
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<Table> {
    return this.guard(sql, options, async () => {
      const reader = await this.connection.runAndReadAll(sql, toBound(parameters));
      const types = reader.columnTypes();
      return {
        columns: reader.columnNames().map((name, index) => ({ name, type: String(types[index]) })),
        rows: reader.getRows().map((row) => row.map(toPlain)),
      };
    });
  }

  /**
   * A numeric column as a typed array, without making a JavaScript object per row; NULL becomes NaN.
   * For statistics over many rows.
   */
  async columns(
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<Record<string, Float64Array>> {
    return this.guard(sql, options, async () => {
      const reader = await this.connection.runAndReadAll(sql, toBound(parameters));
      const names = reader.columnNames();
      const data = reader.getColumnsJS();
      return Object.fromEntries(
        names.map((name, index) => [
          name,
          Float64Array.from(data[index] ?? [], (value) => (value === null ? NaN : Number(value))),
        ]),
      );
    });
  }

  /** Statement kinds of a script, as DuckDB parses it: the guard of read-only consoles. */
  async statementKinds(sql: string): Promise<number[]> {
    const statements = await this.connection.extractStatements(sql);
    const kinds: number[] = [];
    for (let index = 0; index < statements.count; index++) {
      const prepared = await statements.prepare(index);
      kinds.push(prepared.statementType);
      prepared.destroySync();
    }
    return kinds;
  }

  close(): void {
    this.connection.closeSync();
  }

  private async guard<T>(
    sql: string,
    { signal, onProgress }: QueryOptions,
    work: () => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const interrupt = () => this.connection.interrupt();
    signal?.addEventListener('abort', interrupt, { once: true });
    const timer = onProgress
      ? setInterval(() => {
          const { percentage } = this.connection.progress;
          if (percentage >= 0) onProgress(Math.min(1, percentage / 100));
        }, progressInterval)
      : undefined;
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw translate(error, sql);
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', interrupt);
    }
  }
}
