import { AppError } from '../../electron/contract/app-error.ts';
import { type EngineFrame, isEngineFrame, type OwnerFrame } from './frames.ts';
import type { EngineProcess, ProcessAdapter, ProcessExit } from './process-adapter.ts';

export interface SupervisorOptions {
  readonly adapter: ProcessAdapter;
  /** The engine's name in messages for people. */
  readonly name: string;
  readonly readyDeadlineMs?: number;
  /** After a stop was asked: SIGTERM. */
  readonly stopMs?: number;
  /** After a stop was asked: SIGKILL. */
  readonly killMs?: number;
  /** Deaths in a row that open the breaker. */
  readonly mostDeaths?: number;
  /** Without a call for so long, the process is stopped and its memory given back; 0 = never. */
  readonly idleStopMs?: number;
  readonly heartbeatMs?: number;
  /** Heartbeats that may fail, outside a native call, before the process counts as hung. */
  readonly mostMissedBeats?: number;
}

export type EnginePhase = 'stopped' | 'starting' | 'ready' | 'stopping' | 'broken';

/** What can be told about an engine at any time. */
export interface EngineStatus {
  readonly phase: EnginePhase;
  /** Counts processes from 1; 0 = none was ever started. */
  readonly generation: number;
  readonly pid: number | null;
  /** What the engine told of itself when it was ready, and the last state it published; null where it does not run. */
  readonly info: unknown;
  readonly state: unknown;
  /** Deaths in a row that count. */
  readonly deaths: number;
  /** Why the last process ended without being asked to, in words; null once a later one has answered. */
  readonly reason: string | null;
}

/** Why a generation is over. */
export interface EngineEnd {
  /** Whether it was asked to end. */
  readonly isRequested: boolean;
  /** Whether it ended while something was on trial (a file being loaded), which is then to blame. */
  readonly isTrial: boolean;
  readonly reason: string;
}

/** `OwnerFrame` without the generation, which the link knows. */
export type LinkFrame =
  | { readonly t: 'call'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly t: 'cancel'; readonly id: number };

/** The wire to one generation. Frames of other generations never reach it. */
export interface EngineLink {
  readonly generation: number;
  readonly info: unknown;
  send(frame: LinkFrame): void;
  onFrame(listener: (frame: EngineFrame) => void): void;
  onEnd(listener: (end: EngineEnd) => void): void;
  /** While anything is on trial, the death of the process does not count against the engine. Answers how to end it. */
  beginTrial(): () => void;
  /** Ends the process at once, on request. */
  terminate(reason: string): void;
}

interface Generation {
  readonly number: number;
  readonly process: EngineProcess;
  readonly frameListeners: Set<(frame: EngineFrame) => void>;
  readonly endListeners: Set<(end: EngineEnd) => void>;
  readonly inFlight: Set<number>;
  readonly timers: Set<ReturnType<typeof setTimeout>>;
  /** Calls ever sent to it. */
  calls: number;
  trials: number;
  missedBeats: number;
  isNative: boolean;
  /** Set when the owner decided that it must end. */
  doom: { readonly reason: string; readonly isRequested: boolean } | undefined;
}

const defaults = {
  readyDeadlineMs: 10_000,
  stopMs: 1_000,
  killMs: 4_000,
  mostDeaths: 3,
  idleStopMs: 600_000,
  heartbeatMs: 2_000,
  mostMissedBeats: 3,
};

/** What native code says when it gives up. */
const complaint = /^.*(?:GGML_ASSERT|assert|fatal|CUDA error|out of memory|what\(\):).*$/im;

function describeExit({ code, signal, lastWords = '' }: ProcessExit): string {
  const why = complaint.exec(lastWords)?.[0].trim().slice(0, 300);
  const tail = why ? `, saying: ${why}` : '';
  if (signal !== null) return `it was ended by ${signal}${tail}`;
  return code === null ? 'it could not be started' : `it ended with code ${code}${tail}`;
}

/**
 * Keeps one engine process at most: starts it when it is needed, stops it when it is idle, and gives up after three
 * deaths in a row.
 *
 * What counts as a death: an end before `ready`, an end nobody asked for, a message that is no frame, silence outside a
 * native call. What makes the count zero again: any answer, a failure included. A death during a trial does not count.
 * No successor starts before the old end was seen, nothing is ever sent twice, and a broken engine stays broken until
 * `reset`.
 */
export class EngineSupervisor {
  readonly #options: Required<SupervisorOptions>;
  readonly #changed = new Set<() => void>();
  #current: Generation | undefined;
  #link: Promise<EngineLink> | undefined;
  #gone: Promise<void> = Promise.resolve();
  #count = 0;
  #status: EngineStatus = {
    phase: 'stopped',
    generation: 0,
    pid: null,
    info: null,
    state: null,
    deaths: 0,
    reason: null,
  };
  #isClosed = false;

  constructor(options: SupervisorOptions) {
    this.#options = { ...defaults, ...options };
  }

  get status(): EngineStatus {
    return this.#status;
  }

  /** Called after each change of `status`; answers how to stop that. */
  onChange(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  /** The wire to the running process, which is started where there is none. Throws ENGINE_UNAVAILABLE. */
  async connect(): Promise<EngineLink> {
    if (this.#isClosed) throw this.#unavailable('Assay is closing');
    if (this.#status.phase === 'broken') throw this.#unavailable(this.#status.reason ?? 'it died too often');
    if (this.#status.phase === 'stopping') {
      await this.#gone;
      return this.connect();
    }
    this.#link ??= this.#start();
    return this.#link;
  }

  /** Closes the breaker: the next call starts a process again. */
  reset(): void {
    const { phase } = this.#status;
    this.#set({ deaths: 0, reason: null, phase: phase === 'broken' ? 'stopped' : phase });
  }

  /** Resolves when the end of the process was seen; SIGTERM after `stopMs`, SIGKILL after `killMs`. */
  async stop(reason = 'it was stopped'): Promise<void> {
    const current = this.#current;
    if (!current) return;
    if (!current.doom) {
      current.doom = { reason, isRequested: true };
      this.#set({ phase: 'stopping' });
      current.process.send({ t: 'stop', generation: current.number });
      this.#after(current, this.#options.stopMs, () => current.process.terminate());
      this.#after(current, this.#options.killMs, () => current.process.kill());
    }
    await this.#gone;
  }

  /** Stops for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.stop('Assay is closing');
    this.#changed.clear();
  }

  #start(): Promise<EngineLink> {
    const process = this.#options.adapter.spawn();
    const generation: Generation = {
      number: ++this.#count,
      process,
      frameListeners: new Set(),
      endListeners: new Set(),
      inFlight: new Set(),
      timers: new Set(),
      calls: 0,
      trials: 0,
      missedBeats: 0,
      isNative: false,
      doom: undefined,
    };
    this.#current = generation;
    this.#set({ phase: 'starting', generation: generation.number, pid: process.pid ?? null });
    const link = new Promise<EngineLink>((resolve, reject) => {
      generation.endListeners.add(({ reason }) => reject(this.#unavailable(reason)));
      process.onMessage((raw) => this.#hear(generation, raw, resolve));
    });
    link.catch(() => undefined); // whoever waits for it is told
    this.#gone = new Promise((resolve) =>
      process.onExit((exit) => {
        this.#onExit(generation, exit);
        resolve();
      }),
    );
    this.#after(generation, this.#options.readyDeadlineMs, () => {
      if (this.#status.phase === 'starting')
        this.#doom(generation, `it was not ready after ${this.#options.readyDeadlineMs / 1_000} s`);
    });
    process.send({ t: 'hello', generation: generation.number, heartbeatMs: this.#options.heartbeatMs });
    return link;
  }

  #hear(generation: Generation, raw: unknown, onReady: (link: EngineLink) => void): void {
    if (!isEngineFrame(raw)) return this.#doom(generation, 'it sent a message that makes no sense');
    if (raw.generation !== generation.number || generation !== this.#current) return;
    generation.missedBeats = 0;
    if (raw.t === 'beat') generation.isNative = raw.native;
    else if (raw.t === 'state') this.#set({ state: raw.value });
    else if (raw.t === 'ready') {
      if (generation.doom) return;
      this.#set({ phase: 'ready', info: raw.info });
      this.#watch(generation);
      onReady(this.#makeLink(generation, raw.info));
    } else if ('id' in raw && raw.id === 0) {
      if (raw.t === 'fail') generation.doom ??= { reason: raw.error.message, isRequested: false };
    } else this.#pass(generation, raw);
  }

  #pass(generation: Generation, frame: Extract<EngineFrame, { id: number }>): void {
    if (frame.t !== 'event') {
      generation.inFlight.delete(frame.id);
      if (this.#status.deaths > 0 || this.#status.reason !== null) this.#set({ deaths: 0, reason: null });
      this.#watchIdle(generation);
    }
    for (const listener of generation.frameListeners) listener(frame);
  }

  #makeLink(generation: Generation, info: unknown): EngineLink {
    return {
      generation: generation.number,
      info,
      send: (frame) => {
        if (generation !== this.#current) return;
        if (frame.t === 'call') {
          generation.inFlight.add(frame.id);
          generation.calls += 1;
        }
        const whole: OwnerFrame = { ...frame, generation: generation.number };
        generation.process.send(whole);
      },
      onFrame: (listener) => void generation.frameListeners.add(listener),
      onEnd: (listener) => void generation.endListeners.add(listener),
      beginTrial: () => {
        generation.trials += 1;
        let isOver = false;
        return () => {
          if (!isOver) generation.trials -= 1;
          isOver = true;
        };
      },
      terminate: (reason) => this.#doom(generation, reason, true),
    };
  }

  /**
   * Looks every heartbeat whether the process has been heard of since. It counts looks, not time: while the owner itself
   * was held up (a long computation, a laptop asleep), heartbeats wait unread and say nothing about the process.
   */
  #watch(generation: Generation): void {
    const { heartbeatMs, mostMissedBeats } = this.#options;
    const look = () => {
      generation.missedBeats = generation.isNative ? 0 : generation.missedBeats + 1;
      if (generation.missedBeats > mostMissedBeats)
        return this.#doom(generation, `it did not answer for ${(heartbeatMs * mostMissedBeats) / 1_000} s`);
      this.#after(generation, heartbeatMs, look);
    };
    this.#after(generation, heartbeatMs, look);
    this.#watchIdle(generation);
  }

  /** Stops the process when no call came or ended for `idleStopMs`. */
  #watchIdle(generation: Generation): void {
    const { idleStopMs } = this.#options;
    if (idleStopMs === 0 || generation.inFlight.size > 0) return;
    const { calls } = generation;
    this.#after(generation, idleStopMs, () => {
      if (generation.inFlight.size === 0 && generation.calls === calls && !generation.doom)
        void this.stop('it was not needed');
    });
  }

  #doom(generation: Generation, reason: string, isRequested = false): void {
    if (generation.doom && !generation.doom.isRequested) return;
    generation.doom = { reason, isRequested };
    if (isRequested) this.#set({ phase: 'stopping' });
    generation.process.kill();
  }

  #onExit(generation: Generation, exit: ProcessExit): void {
    for (const timer of generation.timers) clearTimeout(timer);
    const { isRequested = false, reason = describeExit(exit) } = generation.doom ?? {};
    const isTrial = generation.trials > 0 && !isRequested;
    this.#current = undefined;
    this.#link = undefined;
    const deaths = isRequested || isTrial ? this.#status.deaths : this.#status.deaths + 1;
    const isBroken = deaths >= this.#options.mostDeaths;
    this.#set({
      phase: isBroken ? 'broken' : 'stopped',
      pid: null,
      info: null,
      state: null,
      deaths,
      reason: isRequested ? this.#status.reason : reason,
    });
    for (const listener of generation.endListeners) listener({ isRequested, isTrial, reason });
    generation.endListeners.clear();
    generation.frameListeners.clear();
  }

  #after(generation: Generation, ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      generation.timers.delete(timer);
      if (generation === this.#current) then();
    }, ms);
    timer.unref();
    generation.timers.add(timer);
  }

  #set(change: Partial<EngineStatus>): void {
    this.#status = { ...this.#status, ...change };
    for (const listener of this.#changed) listener();
  }

  #unavailable(reason: string): AppError {
    const isBroken = this.#status.phase === 'broken';
    return new AppError(
      'ENGINE_UNAVAILABLE',
      isBroken
        ? `Nothing was asked of the model: ${this.#options.name} ended ${this.#status.deaths} times in a row (the last time: ${reason}). Look for the cause, then reset it.`
        : `Nothing was asked of the model: ${this.#options.name} does not run (${reason}).`,
      { reason, isBroken },
    );
  }
}
