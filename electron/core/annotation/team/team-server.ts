import pg from 'pg';
import { AppError } from '../../../contract/app-error.ts';
import type { TeamPlace } from '../../../contract/team.contract.ts';
import { describePlace, readTls, requireAllowedAddress, requireSafePlace } from './address.ts';
import { toTeamFailure } from './server-failure.ts';

/** One transaction on the server. Values are always bound. */
export interface TeamSession {
  all<T extends object>(sql: string, parameters?: readonly unknown[]): Promise<T[]>;
  find<T extends object>(sql: string, parameters?: readonly unknown[]): Promise<T | undefined>;
  /** Answers the number of rows it changed. */
  run(sql: string, parameters?: readonly unknown[]): Promise<number>;
}

interface ServerLimits {
  readonly connectMs: number;
  readonly statementMs: number;
  readonly connections: number;
}

export const usualLimits: ServerLimits = { connectMs: 5_000, statementMs: 15_000, connections: 3 };

/** Session settings that no role or database can change for us: nothing is looked up outside the system's own schema. */
const startupOptions = ({ statementMs }: ServerLimits) =>
  [
    '-c search_path=pg_catalog',
    '-c timezone=UTC',
    '-c client_encoding=UTF8',
    `-c statement_timeout=${statementMs}`,
    `-c lock_timeout=${Math.ceil(statementMs / 3)}`,
    `-c idle_in_transaction_session_timeout=${statementMs * 2}`,
  ].join(' ');

/**
 * Connections to the team's PostgreSQL: few, opened when needed, closed when idle. Everything is told explicitly, so that
 * variables of the environment and password files of the PostgreSQL tools change nothing.
 */
export class TeamServer {
  private readonly pool: pg.Pool;
  readonly where: string;

  /** Throws TEAM_ADDRESS_REFUSED, TEAM_TLS_FAILED. Connects to nothing yet. */
  constructor(
    readonly place: TeamPlace,
    password: string | null,
    limits: ServerLimits = usualLimits,
  ) {
    requireSafePlace(place);
    this.where = describePlace(place);
    const { host, port, database, user } = place;
    this.pool = new pg.Pool({
      ...{ host, port, database, user },
      // The driver waits for ever where it has an empty password and is asked for one; a blank is simply refused.
      password: () => password || ' ',
      ssl: readTls(place),
      application_name: 'assay',
      options: startupOptions(limits),
      max: limits.connections,
      connectionTimeoutMillis: limits.connectMs,
      query_timeout: limits.statementMs + 5_000,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      keepAlive: true,
    });
    this.pool.on('error', () => undefined);
  }

  /**
   * Runs `work` in one transaction and, where two got in each other's way, once more.
   * @throws AppError TEAM_UNREACHABLE, TEAM_BUSY, TEAM_LOGIN_FAILED and the other codes of {@link toTeamFailure}.
   */
  async transact<T>(work: (session: TeamSession) => Promise<T>): Promise<T> {
    try {
      return await this.attempt(work);
    } catch (error) {
      if (!(error instanceof AppError) || !['40P01', '40001'].includes(String(error.details['cause'])))
        throw error;
      return this.attempt(work);
    }
  }

  private async attempt<T>(work: (session: TeamSession) => Promise<T>): Promise<T> {
    await requireAllowedAddress(this.place);
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      throw toTeamFailure(error, this.where);
    }
    let isBroken = false;
    const onError = () => {
      isBroken = true;
    };
    client.on('error', onError);
    try {
      await client.query('BEGIN');
      const result = await work(sessionOf(client));
      const { command } = await client.query('COMMIT');
      if (command !== 'COMMIT')
        throw new AppError('TEAM_BUSY', `The team's server ${this.where} took this back.`);
      return result;
    } catch (error) {
      const isServers = error instanceof Error && 'severity' in error;
      if (!isServers && !(error instanceof AppError)) isBroken = true;
      else await client.query('ROLLBACK').catch(onError);
      throw toTeamFailure(error, this.where);
    } finally {
      client.off('error', onError);
      client.release(isBroken);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

function sessionOf(client: pg.PoolClient): TeamSession {
  const query = (sql: string, parameters: readonly unknown[] = []) =>
    client.query<Record<string, unknown>>(sql, [...parameters]);
  return {
    all: async <T extends object>(sql: string, parameters?: readonly unknown[]) =>
      (await query(sql, parameters)).rows as unknown as T[],
    find: async <T extends object>(sql: string, parameters?: readonly unknown[]) =>
      (await query(sql, parameters)).rows[0] as unknown as T | undefined,
    run: async (sql, parameters) => (await query(sql, parameters)).rowCount ?? 0,
  };
}
