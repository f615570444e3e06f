import { type ChildProcess, fork } from 'node:child_process';
import { AppError, type ErrorCode } from '../contract/app-error.ts';
import { type ServerMessage, type StartMessage, serverMessageSchema } from './process-messages.ts';
import { createSecret } from './sessions.ts';

const MOST_RESTARTS = 3;
const HEALTHY_AFTER_MS = 10 * 60_000;
const KILL_AFTER_MS = 15_000;

export interface SuperviseOptions {
  /** The script of the server process. */
  readonly entry: string;
  readonly workspace: string;
  readonly version: string;
  readonly rendererDirectory: string;
  /** 0 or absent: any free port; a restart then keeps the port of the first start. */
  readonly port?: number | undefined;
  /** Called with the first address and with a fresh one whenever an address was used. */
  readonly onAddress: (url: string) => void;
  /** Called with a line for the person when the server process died, with what happens next. */
  readonly onTrouble: (line: string) => void;
  /** Milliseconds to wait before each restart. */
  readonly delays?: readonly number[];
  /** Arguments for Node itself; tests load TypeScript with them. */
  readonly execArgv?: readonly string[];
}

export interface Supervised {
  /** Resolves with the port once it serves; rejects with the `AppError` that kept it from starting. */
  readonly started: Promise<number>;
  /** Resolves with the exit code for this process: 0 after a stop, 1 after giving up. */
  readonly finished: Promise<number>;
  /** Asks the server process to close its workspace and end; kills it after 15 s. */
  stop(): void;
}

const PASSED_ON =
  /^(?:PATH|HOME|USER|USERPROFILE|TMPDIR|TEMP|TMP|LANG|LC_\w+|TZ|SYSTEMROOT|APPDATA|LOCALAPPDATA|XDG_\w+|ASSAY_\w+|NO_COLOR)$/i;

/** The variables a child gets: a short list, not a copy, so that nothing set for the shell reaches it by accident. */
export function selectEnvironment(all: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(all).filter(([name]) => PASSED_ON.test(name)));
}

/**
 * Runs the server in a process of its own and starts it again after a crash: at most three times (counted anew after
 * ten minutes without one), on the same port and with the same token and secret, so that open pages reconnect by
 * themselves. A refusal to start (workspace in use, port taken) is no crash and is not repeated.
 */
export function superviseServer(options: SuperviseOptions): Supervised {
  return new Supervisor(options);
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: AppError) => void;
}

function createDeferred<T>(): Deferred<T> {
  const set: Partial<Pick<Deferred<T>, 'resolve' | 'reject'>> = {};
  const promise = new Promise<T>((resolve, reject) => Object.assign(set, { resolve, reject }));
  return { promise, resolve: (value) => set.resolve?.(value), reject: (error) => set.reject?.(error) };
}

class Supervisor implements Supervised {
  readonly started: Promise<number>;
  readonly finished: Promise<number>;
  readonly #options: SuperviseOptions;
  readonly #start: StartMessage;
  #child: ChildProcess | undefined;
  #restarts = 0;
  #startedAt = 0;
  #isStopping = false;
  #refusal: AppError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #outcome = { started: createDeferred<number>(), finished: createDeferred<number>() };

  constructor(options: SuperviseOptions) {
    this.#options = options;
    const { workspace, version, rendererDirectory, port = 0 } = options;
    const [token, secret] = [createSecret(), createSecret()];
    this.#start = { kind: 'start', workspace, version, rendererDirectory, port, token, secret };
    this.started = this.#outcome.started.promise;
    this.finished = this.#outcome.finished.promise;
    this.started.catch(() => undefined); // also told through `finished`, which a caller may watch alone
    this.#run();
  }

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return this.#finish(0);
    if (child.connected) child.send({ kind: 'stop' });
    this.#timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  }

  #run(): void {
    const { entry, execArgv = [] } = this.#options;
    this.#startedAt = Date.now();
    const child = fork(entry, {
      env: { ...selectEnvironment(process.env), UV_THREADPOOL_SIZE: '12' },
      execArgv: [...execArgv],
    });
    this.#child = child;
    child.on('message', (raw) => this.#hear(serverMessageSchema.parse(raw)));
    child.once('exit', (code, signal) => this.#onExit(code, signal));
    child.once('error', (error) =>
      this.#options.onTrouble(`The server process could not be used: ${error.message}`),
    );
    child.send(this.#start);
  }

  #hear(message: ServerMessage): void {
    if (message.kind === 'refused') {
      this.#refusal = new AppError(message.code as ErrorCode, message.message); // the child only sends codes of ours
      return;
    }
    this.#start.token = message.token;
    if (message.kind === 'serving') {
      this.#start.port = message.port;
      this.#outcome.started.resolve(message.port);
      if (this.#restarts > 0) return;
    }
    this.#options.onAddress(message.url);
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = undefined;
    if (this.#isStopping || code === 0) return this.#finish(code === 0 ? 0 : 1);
    if (this.#refusal) return this.#giveUp(this.#refusal);
    if (Date.now() - this.#startedAt > HEALTHY_AFTER_MS) this.#restarts = 0;
    const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
    if (this.#restarts >= MOST_RESTARTS) {
      const line = `The server process ${how} again after ${MOST_RESTARTS} restarts. Assay gives up; what was committed is safe.`;
      this.#options.onTrouble(line);
      return this.#giveUp(new AppError('INTERNAL', line));
    }
    const delay = (this.#options.delays ?? [500, 1_000, 2_000])[this.#restarts] ?? 2_000;
    this.#restarts += 1;
    this.#options.onTrouble(
      `The server process ${how}. It is started again (${this.#restarts} of ${MOST_RESTARTS}); open pages reconnect by themselves.`,
    );
    this.#timer = setTimeout(() => this.#run(), delay);
  }

  #giveUp(error: AppError): void {
    this.#outcome.started.reject(error);
    this.#finish(1);
  }

  #finish(code: number): void {
    clearTimeout(this.#timer);
    this.#outcome.started.reject(new AppError('LINK_LOST', 'The server was stopped before it served.'));
    this.#outcome.finished.resolve(code);
  }
}

/** Forwards SIGINT and SIGTERM to a clean stop, for as long as the server runs. */
export function stopOnSignals(supervised: Supervised): void {
  const stop = () => supervised.stop();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  void supervised.finished.then(() => process.off('SIGINT', stop).off('SIGTERM', stop));
}
