import { DuckDBInstance } from '@duckdb/node-api';
import { quoteLiteral } from './quoting.ts';
import { type Parameter, type QueryOptions, type Row, Session } from './session.ts';

/**
 * Bytes of a block of a new file. A page of the grid reads texts scattered over all of it, a block for each; of DuckDB's own
 * 262,144 they took twice as long. Files made before keep theirs.
 */
const blockSize = 65_536;

export interface DatabaseOptions {
  /** The file, or ':memory:'. */
  readonly path: string;
  /** The only folders DuckDB may read from or write to. */
  readonly directories: readonly string[];
  /** Where it may spill; must lie in one of the folders. */
  readonly temporaryDirectory: string;
  readonly memoryLimitMb: number;
  readonly threads?: number | undefined;
  /** Connections for reading beside the writing one. */
  readonly readers?: number;
}

/**
 * DuckDB behind two doors: any number of concurrent reads, and one write at a time in its own transaction.
 *
 * The configuration is locked after opening: no extension is loaded or fetched and no file outside the given folders
 * can be touched by any statement, whoever wrote it. `scratch` is an attached in-memory database that all sessions
 * share, for orders and results that need not survive.
 */
export class Database {
  private readonly idle: Session[] = [];
  private readonly waiting: ((session: Session) => void)[] = [];
  private writeLane: Promise<unknown> = Promise.resolve();
  private isClosed = false;

  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly writer: Session,
    private readonly readers: readonly Session[],
  ) {
    this.idle.push(...readers);
  }

  static async open(options: DatabaseOptions): Promise<Database> {
    const instance = await DuckDBInstance.create(options.path, {
      memory_limit: `${options.memoryLimitMb}MB`,
      temp_directory: options.temporaryDirectory,
      default_block_size: String(blockSize),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      ...(options.threads ? { threads: String(options.threads) } : {}),
    });
    const connect = async () => new Session(await instance.connect());
    const writer = await connect();
    const directories = options.directories.map(quoteLiteral).join(', ');
    for (const statement of [
      "ATTACH ':memory:' AS scratch",
      "SET GLOBAL TimeZone = 'UTC'",
      `SET GLOBAL allowed_directories = [${directories}]`,
      'SET GLOBAL enable_external_access = false',
    ]) {
      await writer.run(statement);
    }
    const readers: Session[] = [];
    for (let index = 0; index < (options.readers ?? 6); index++) readers.push(await connect());
    for (const session of [writer, ...readers]) {
      await session.run('SET enable_progress_bar = true');
      await session.run('SET enable_progress_bar_print = false');
      await session.run('SET progress_bar_time = 0');
    }
    await writer.run('SET GLOBAL lock_configuration = true');
    return new Database(instance, writer, readers);
  }

  /** Lends a reading session to `work`; it must only read, or write to `scratch`. */
  async withReader<T>(work: (session: Session) => Promise<T>): Promise<T> {
    this.requireOpen();
    const session = this.idle.pop() ?? (await new Promise<Session>((resolve) => this.waiting.push(resolve)));
    try {
      return await work(session);
    } finally {
      const next = this.waiting.shift();
      if (next) next(session);
      else this.idle.push(session);
    }
  }

  /** `all` on any free reading session. */
  async all<T = Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<T[]> {
    return this.withReader((session) => session.all<T>(sql, parameters, options));
  }

  async find<T = Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<T | undefined> {
    return this.withReader((session) => session.find<T>(sql, parameters, options));
  }

  async one<T = Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<T> {
    return this.withReader((session) => session.one<T>(sql, parameters, options));
  }

  /**
   * Runs `work` in the write lane, in one transaction: all of it is on disk when this resolves, or none of it.
   * Writes run strictly one after another; reads go on beside them.
   */
  async write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.enterWriteLane(async (session) => {
      await session.run('BEGIN TRANSACTION');
      try {
        const value = await work(session);
        await session.run('COMMIT');
        return value;
      } catch (error) {
        await session.run('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  /** Runs `work` in the write lane without a transaction of its own: for CHECKPOINT and DDL that forbids one. */
  async enterWriteLane<T>(work: (session: Session) => Promise<T>): Promise<T> {
    this.requireOpen();
    const turn = this.writeLane.then(() => work(this.writer));
    this.writeLane = turn.catch(() => undefined);
    return turn;
  }

  /** Waits for the write lane, then closes every connection and the file. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.writeLane;
    for (const session of this.readers) session.close();
    this.writer.close();
    this.instance.closeSync();
  }

  private requireOpen(): void {
    if (this.isClosed) throw new Error('the database is closed');
  }
}
