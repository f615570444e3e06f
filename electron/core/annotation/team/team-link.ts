import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError, isAppError } from '../../../contract/app-error.ts';
import type { TeamPlace, TeamStatus, TeamSync } from '../../../contract/team.contract.ts';
import { checkKept, type Exchange, fetchReceived, fillDesk, renewShare, sendWaiting } from './exchange.ts';
import { listNamesakes } from './namesakes.ts';
import { checkTeam, greet } from './schema.ts';
import { isPassing } from './server-failure.ts';
import { registerRaters } from './share-project.ts';
import {
  type Connection,
  countAhead,
  findConnection,
  listShares,
  listUnsentRaters,
} from './team.repository.ts';
import type { TeamServer } from './team-server.ts';

export interface TeamPace {
  /** Between rounds while connected. */
  readonly pollMs: number;
  /** After the first failure; doubled with each further one. */
  readonly retryFirstMs: number;
  readonly retryLongestMs: number;
  /** After a failure that a person has to put right. */
  readonly refusedMs: number;
  readonly connectMs: number;
  /** The longest a desk waits for the server where nothing is left to show. */
  readonly deskWaitMs: number;
  readonly leaseSeconds: number;
  /** Items a rater is given beforehand. */
  readonly itemsAhead: number;
}

export const usualPace: TeamPace = {
  pollMs: 10_000,
  retryFirstMs: 1_000,
  retryLongestMs: 60_000,
  refusedMs: 120_000,
  connectMs: 5_000,
  deskWaitMs: 3_000,
  leaseSeconds: 7_200,
  itemsAhead: 20,
};

const soonMs = 150;

/** The longest that closing waits for a server that does not answer. */
const closeMs = 4_000;

interface LinkOptions {
  readonly database: Database;
  readonly name: string;
  readonly incoming: string;
  readonly onChanged: () => Promise<void>;
  readonly pace: TeamPace;
  readonly openServer: (place: TeamPlace) => TeamServer;
}

interface SeatIds {
  readonly projectId: number;
  readonly raterId: number;
}

type View = Pick<TeamStatus, 'state' | 'failure' | 'retryAt' | 'syncedAt' | 'namesakes'>;

/**
 * The connection to the team while the workspace is open: rounds of sending and fetching, one at a time, further apart while
 * the server is away. It never holds up the desk.
 */
export class TeamLink {
  private exchange: Exchange | undefined;
  private isChecked = false;
  private isRunning = false;
  private failure: AppError | null = null;
  private failures = 0;
  private retryAt: number | null = null;
  private syncedAt: string | null = null;
  private namesakes: TeamStatus['namesakes'] = [];
  private renewedAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lane: Promise<unknown> = Promise.resolve();
  private isClosed = false;
  private isWoken = false;
  private readonly seats = new Map<string, SeatIds & { readonly usedAt: number }>();
  private readonly fillings = new Map<string, Promise<void>>();

  constructor(private readonly options: LinkOptions) {}

  view(connection: Connection | undefined): View {
    const { failure, syncedAt, namesakes } = this;
    return {
      state: this.stateOf(connection),
      failure: failure && { code: failure.code, message: failure.message },
      retryAt: this.retryAt === null ? null : new Date(this.retryAt).toISOString(),
      syncedAt,
      namesakes,
    };
  }

  private stateOf(connection: Connection | undefined): TeamStatus['state'] {
    if (!connection) return 'none';
    if (!connection.isOn) return 'off';
    if (this.failure?.code === 'TEAM_LOGIN_FAILED') return 'password';
    if (this.failure) return isPassing(this.failure) ? 'offline' : 'refused';
    return this.isChecked ? 'online' : 'connecting';
  }

  /** Begins rounds where a connection is switched on; connects to nothing else. */
  async start(): Promise<void> {
    this.isRunning = true;
    const connection = await this.options.database.withReader(findConnection);
    if (connection?.isOn) this.schedule(0);
  }

  /** Forgets the connection, and begins again with the one that is configured now. */
  async restart(): Promise<void> {
    clearTimeout(this.timer);
    await this.lane.catch(() => undefined);
    await this.disconnect();
    this.failure = null;
    this.failures = 0;
    this.retryAt = null;
    this.namesakes = [];
    if (this.isRunning) await this.start();
  }

  async close(): Promise<void> {
    this.isRunning = false;
    this.isClosed = true;
    clearTimeout(this.timer);
    const rest = Promise.allSettled([this.lane, ...this.fillings.values()]).then(() => this.disconnect());
    await Promise.race([rest, new Promise((resolve) => setTimeout(resolve, closeMs).unref())]);
  }

  private async disconnect(): Promise<void> {
    const { exchange } = this;
    this.exchange = undefined;
    this.isChecked = false;
    await exchange?.server.close();
  }

  /** The team, known to be the right one. Throws TEAM_NONE, TEAM_OFF, and what connecting throws. */
  async open(): Promise<Exchange> {
    if (this.isClosed) throw new AppError('TEAM_OFF', 'Nothing was sent: the workspace is being closed.');
    const exchange = this.exchange ?? (await this.connect());
    this.exchange = exchange;
    if (this.isChecked) return exchange;
    const { server, connection, database } = exchange;
    await this.watch(async () => {
      await server.transact(async (session) => {
        await checkTeam(session, connection.teamKey);
        await greet(session, { machineKey: connection.machineKey, name: this.options.name });
      });
      for (const share of await database.withReader(listShares)) await checkKept(exchange, share);
    });
    this.isChecked = true;
    return exchange;
  }

  private async connect(): Promise<Exchange> {
    const { database, incoming, pace, openServer } = this.options;
    const connection = await database.withReader(findConnection);
    if (!connection)
      throw new AppError(
        'TEAM_NONE',
        'This workspace has no team. Connect it to the team’s PostgreSQL first.',
      );
    if (!connection.isOn)
      throw new AppError(
        'TEAM_OFF',
        'Nothing was sent: the team is switched off. Switch it on; texts and answers of shared projects are then sent to it.',
      );
    return {
      database,
      incoming,
      connection,
      leaseSeconds: pace.leaseSeconds,
      server: openServer(connection.place),
    };
  }

  /** Does something with the server, and remembers whether it could be reached. */
  private async watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.failure = null;
      this.failures = 0;
      this.retryAt = null;
      return result;
    } catch (error) {
      if (isAppError(error)) this.failed(error);
      throw error;
    }
  }

  private failed(error: AppError): void {
    this.failure = error;
    this.failures += 1;
    if (error.code !== 'TEAM_BUSY') this.isChecked = false;
    const { retryFirstMs, retryLongestMs, refusedMs } = this.options.pace;
    const doubled = Math.min(retryLongestMs, retryFirstMs * 2 ** Math.min(this.failures - 1, 16));
    this.schedule((isPassing(error) ? doubled : refusedMs) * (0.8 + 0.4 * Math.random()), true);
  }

  /** The next round after so long; one that is planned sooner stays, unless the plan is to wait for a server that is away. */
  private schedule(afterMs: number, isRetry = false): void {
    clearTimeout(this.timer);
    this.retryAt = isRetry ? Date.now() + afterMs : null;
    if (!this.isRunning) return;
    this.timer = setTimeout(() => void this.round().catch(() => undefined), afterMs);
    this.timer.unref();
  }

  /** A round soon, unless the server is away: then when it is tried next. */
  wake(): void {
    this.isWoken = true;
    if (this.isRunning && this.retryAt === null && this.exchange !== undefined) this.schedule(soonMs);
  }

  seat(seat: SeatIds): void {
    this.seats.set(`${seat.projectId}/${seat.raterId}`, { ...seat, usedAt: Date.now() });
  }

  /** One round of everything: send, fetch, leases, desks. Rounds follow one another. */
  async round(): Promise<TeamSync> {
    const turn = this.lane.catch(() => undefined).then(() => this.runRound());
    this.lane = turn;
    return turn;
  }

  private async runRound(): Promise<TeamSync> {
    const sum = { sent: 0, received: 0, taken: 0, unreadable: 0 };
    this.isWoken = false;
    const exchange = await this.open();
    const { database } = exchange;
    await this.watch(async () => {
      for (const share of await database.withReader(listShares)) {
        const raters = await database.withReader((session) => listUnsentRaters(session, share));
        await registerRaters(exchange, raters);
        sum.sent += await sendWaiting(exchange, share);
        const { received, taken, unreadable } = await fetchReceived(exchange, share);
        sum.received += received;
        sum.taken += taken;
        sum.unreadable += unreadable;
        if (this.isRenewalDue() && this.listSeated().some((seat) => seat.projectId === share.projectId))
          await renewShare(exchange, share);
      }
      if (this.isRenewalDue()) this.renewedAt = Date.now();
      this.namesakes = await listNamesakes(exchange);
    });
    this.syncedAt = new Date().toISOString();
    if (sum.taken > 0) await this.options.onChanged();
    for (const seat of this.listSeated()) void this.fill(seat);
    this.schedule(this.isWoken ? soonMs : this.options.pace.pollMs);
    return sum;
  }

  /** Desks that were used while a lease lasts. */
  private listSeated(): SeatIds[] {
    const since = Date.now() - this.options.pace.leaseSeconds * 1_000;
    return [...this.seats.values()].filter(({ usedAt }) => usedAt >= since);
  }

  private isRenewalDue(): boolean {
    return Date.now() - this.renewedAt > (this.options.pace.leaseSeconds * 1_000) / 10;
  }

  /** Fills a rater's desk; never rejects. While the server is away it does nothing. */
  async fill(seat: SeatIds): Promise<void> {
    const place = `${seat.projectId}/${seat.raterId}`;
    const running = this.fillings.get(place);
    if (running) return running;
    if (this.isClosed || (this.retryAt !== null && Date.now() < this.retryAt)) return;
    const filling = this.fillNow(seat)
      .catch(() => undefined)
      .finally(() => this.fillings.delete(place));
    this.fillings.set(place, filling);
    return filling;
  }

  private async fillNow(seat: SeatIds): Promise<void> {
    const { itemsAhead } = this.options.pace;
    const { database } = this.options;
    const share = (await database.withReader(listShares)).find((one) => one.projectId === seat.projectId);
    if (!share || (await database.withReader((session) => countAhead(session, seat))) >= itemsAhead) return;
    const exchange = await this.open();
    await this.watch(async () => {
      await registerRaters(exchange, [seat.raterId]);
      const known = await database.find<{ raterKey: string }>(
        'SELECT rater_key AS "raterKey" FROM team_rater WHERE rater_id = ?',
        [seat.raterId],
      );
      if (!known) {
        this.namesakes = await listNamesakes(exchange);
        return;
      }
      await sendWaiting(exchange, share);
      await fillDesk(exchange, share, { raterId: seat.raterId, raterKey: known.raterKey, count: itemsAhead });
    });
  }
}
