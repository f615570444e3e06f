import { type CoreMessage, type ShellMessage, coreMessageSchema } from './core-messages.ts';

const MOST_RESTARTS = 3;
const HEALTHY_AFTER_MS = 10 * 60_000;
const KILL_AFTER_MS = 15_000;

/** The part of Electron's UtilityProcess that is used; a test gives its own. */
export interface CoreChild<Port> {
  postMessage(message: ShellMessage, ports?: Port[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  kill(): unknown;
}

export interface CoreSupervisorOptions<Port> {
  readonly fork: () => CoreChild<Port>;
  readonly version: string;
  /** The core cannot start (workspace in use) or died too often. The person has to be told. */
  readonly onGivenUp: (message: string) => void;
  readonly restartDelayMs?: number;
}

/**
 * Runs the core in a process of its own: starts it again after a crash, at most three times (counted anew after ten
 * minutes without one), and never before the old one was seen to end. Ports asked for meanwhile wait for the next core.
 */
export class CoreSupervisor<Port extends { close(): void }> {
  readonly #options: CoreSupervisorOptions<Port>;
  #child: CoreChild<Port> | undefined;
  #workspace: string | undefined;
  #isReady = false;
  #isGivenUp = false;
  #restarts = 0;
  #startedAt = 0;
  #waiting: Port[] = [];
  #ended: (() => void)[] = [];

  constructor(options: CoreSupervisorOptions<Port>) {
    this.#options = options;
  }

  /** Closes the core that runs, if any, and starts one on a workspace. Pages reconnect by themselves. */
  async open(workspace: string): Promise<void> {
    await this.stop();
    this.#workspace = workspace;
    this.#isGivenUp = false;
    this.#restarts = 0;
    this.#run(workspace);
  }

  /** Hands one end of a channel to the core, now or when it is ready; closes it where none will come. */
  connect(port: Port): void {
    if (this.#child && this.#isReady) this.#child.postMessage({ kind: 'port' }, [port]);
    else if (this.#isGivenUp) port.close();
    else this.#waiting.push(port);
  }

  /** Resolves when the core's end was seen: it closes its workspace first, and is killed after 15 s. */
  async stop(): Promise<void> {
    this.#workspace = undefined;
    const child = this.#child;
    if (!child) return;
    const ended = new Promise<void>((resolve) => this.#ended.push(resolve));
    child.postMessage({ kind: 'stop' });
    const timer = setTimeout(() => child.kill(), KILL_AFTER_MS);
    await ended;
    clearTimeout(timer);
  }

  #run(workspace: string): void {
    const child = this.#options.fork();
    this.#child = child;
    this.#startedAt = Date.now();
    child.on('message', (raw) => this.#hear(child, coreMessageSchema.parse(raw)));
    child.on('exit', (code) => this.#onExit(code));
    child.postMessage({ kind: 'start', workspace, version: this.#options.version });
  }

  #hear(child: CoreChild<Port>, message: CoreMessage): void {
    if (message.kind === 'refused') return this.#giveUp(message.message);
    this.#isReady = true;
    for (const port of this.#waiting) child.postMessage({ kind: 'port' }, [port]);
    this.#waiting = [];
  }

  #onExit(code: number): void {
    this.#child = undefined;
    this.#isReady = false;
    for (const resolve of this.#ended) resolve();
    this.#ended = [];
    const workspace = this.#workspace;
    if (workspace === undefined || this.#isGivenUp) return;
    if (Date.now() - this.#startedAt > HEALTHY_AFTER_MS) this.#restarts = 0;
    if (this.#restarts >= MOST_RESTARTS) {
      return this.#giveUp(
        `The core ended with code ${code} again after ${MOST_RESTARTS} restarts. What was committed is safe. Open the workspace again to try once more.`,
      );
    }
    this.#restarts += 1;
    setTimeout(() => {
      if (this.#workspace === workspace && !this.#child) this.#run(workspace);
    }, this.#options.restartDelayMs ?? 500);
  }

  #giveUp(message: string): void {
    this.#isGivenUp = true;
    for (const port of this.#waiting) port.close();
    this.#waiting = [];
    this.#options.onGivenUp(message);
  }
}
