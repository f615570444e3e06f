import type { ClientLink } from '@orpc/client';
import { AppError } from '../../electron/contract/app-error.ts';
import type { ConnectionState } from './client.ts';
import { followTopic } from './follow-topic.ts';
import { isLinkLost, linkLost } from './link-failure.ts';
import type { PageLink } from './link.ts';
import { type CallContext, type CallOptions, type Connection, callOn, createConnection } from './rpc-call.ts';

type Call = (path: readonly string[], input: unknown, options: CallOptions) => Promise<unknown>;

export interface SessionOptions {
  /** Rejects with an `AppError` other than LINK_LOST where trying again cannot help. */
  openLink(): Promise<PageLink>;
  /** Runs on every new link before anything else may use it; the same rule for its rejection. */
  greet(call: Call): Promise<void>;
  /** Methods (`domain.method`) that are followed across links. */
  readonly topics: ReadonlySet<string>;
  /** Milliseconds to wait before each attempt to reconnect; after the last one the session is lost. */
  readonly delays?: readonly number[];
}

interface Waiter {
  resolve(connection: Connection): void;
  reject(error: unknown): void;
}

const DELAYS = [100, 250, 500, 1_000, 2_000, ...Array.from({ length: 11 }, () => 5_000)];

/**
 * The page's one session with the core, over as many links as it takes. A lost link rejects every pending call with
 * LINK_LOST at once and repeats none; calls made while there is no link are rejected likewise; topics go on.
 */
export class Session implements ClientLink<CallContext> {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #waiters = new Set<Waiter>();
  #connection: Connection | undefined;
  #state: ConnectionState = 'connected';
  #end: AppError | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  private constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Opens the first link and greets; one attempt, as the caller can tell the person more than a silent wait does. */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    session.#connection = await session.#connect();
    return session;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  onStateChange(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async call(path: readonly string[], input: unknown, options: CallOptions): Promise<unknown> {
    if (this.#options.topics.has(path.join('.'))) {
      return followTopic({
        signal: options.signal,
        subscribe: async (signal) => {
          const connection = await this.#whenConnected(signal);
          return async () => {
            const events = await callOn(connection, path, input, { ...options, signal });
            return events as AsyncIterator<unknown>; // the contract declares topics as event iterators
          };
        },
      });
    }
    options.signal?.throwIfAborted();
    if (this.#end) throw this.#end;
    if (!this.#connection) throw linkLost('there is no connection just now');
    return callOn(this.#connection, path, input, options);
  }

  /** Ends the session for good; pending calls are rejected with LINK_LOST. */
  close(): void {
    this.#giveUp(linkLost('the page closed it'));
    this.#connection?.link.close();
  }

  async #connect(): Promise<Connection> {
    const link = await this.#options.openLink();
    const connection = createConnection(link, (lost) => this.#lose(lost));
    try {
      await this.#options.greet((path, input, options) => callOn(connection, path, input, options));
    } catch (error) {
      link.close();
      throw error;
    }
    return connection;
  }

  #lose(connection: Connection): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    if (this.#end) return;
    this.#setState('reconnecting');
    this.#reconnect(0);
  }

  #reconnect(attempt: number): void {
    const delay = (this.#options.delays ?? DELAYS)[attempt];
    if (delay === undefined) return this.#giveUp(linkLost('the core could not be reached again'));
    this.#retry = setTimeout(() => {
      this.#connect().then(
        (connection) => this.#adopt(connection, attempt),
        (error: unknown) => {
          if (this.#end) return;
          if (error instanceof AppError && !isLinkLost(error)) this.#giveUp(error);
          else this.#reconnect(attempt + 1);
        },
      );
    }, delay);
  }

  #adopt(connection: Connection, attempt: number): void {
    if (this.#end) return connection.link.close();
    if (connection.lostBecause !== undefined) return this.#reconnect(attempt + 1);
    this.#connection = connection;
    for (const waiter of this.#waiters) waiter.resolve(connection);
    this.#waiters.clear();
    this.#setState('connected');
  }

  #giveUp(error: AppError): void {
    if (this.#end) return;
    this.#end = error;
    clearTimeout(this.#retry);
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
    this.#setState('lost');
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  #whenConnected(signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    if (this.#end) return Promise.reject(this.#end);
    if (this.#connection) return Promise.resolve(this.#connection);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject };
      this.#waiters.add(waiter);
      signal.addEventListener(
        'abort',
        () => {
          this.#waiters.delete(waiter);
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
  }
}
