import { isAppError } from '../../electron/contract/app-error.ts';
import { type EngineFrame, isOwnerFrame, type WireError } from './frames.ts';

/** The child's end of the wire. */
export interface EnginePort {
  send(frame: EngineFrame): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called when the owner is gone; the process has no reason to live on. */
  onOwnerGone(listener: () => void): void;
  exit(code: number): void;
}

/** What a method of an engine may use while it runs. */
export interface MethodTools {
  /** Aborts when the owner cancels the call. */
  readonly signal: AbortSignal;
  /** Sends something that belongs to this call before its answer. */
  readonly emit: (value: unknown) => void;
}

export interface Engine {
  /** What the engine tells of itself before its first call. */
  readonly info: unknown;
  readonly methods: Readonly<Record<string, (params: never, tools: MethodTools) => Promise<unknown>>>;
  /** Gives up what it holds, in order, before the process ends. */
  close(): Promise<void>;
}

/** What an engine may use from its start on. */
export interface EngineTools {
  /** Declares native work for as long as `work` takes: silence meanwhile is no sign of a hang. */
  readonly native: <T>(work: () => Promise<T>) => Promise<T>;
  /** Tells the owner the engine's new state. */
  readonly publish: (state: unknown) => void;
}

function toWire(error: unknown): WireError {
  if (isAppError(error)) return { code: error.code, message: error.message, details: error.details };
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { code: 'INTERNAL', message: `${name}: ${message}`, details: {} };
}

/** Counts the native calls that run and tells the owner when the first begins and the last ends. */
function makeNativeCounter(tell: (isNative: boolean) => void) {
  let running = 0;
  return {
    isRunning: () => running > 0,
    native: async <T>(work: () => Promise<T>): Promise<T> => {
      running += 1;
      if (running === 1) tell(true);
      try {
        return await work();
      } finally {
        running -= 1;
        if (running === 0) tell(false);
      }
    },
  };
}

type Methods = Readonly<Record<string, (params: unknown, tools: MethodTools) => Promise<unknown>>>;

/**
 * The life of an engine process: it says `ready`, shows every `heartbeatMs` that it lives, answers calls at the same
 * time, and ends on `stop` or when its owner is gone. A failure of a method is an answer; only what ends the process is
 * not.
 */
export function serveEngine(port: EnginePort, open: (tools: EngineTools) => Promise<Engine>): void {
  let generation = 0;
  let engine: Promise<Engine> | undefined;
  let heart: ReturnType<typeof setInterval> | undefined;
  const running = new Map<number, AbortController>();
  const beat = (native: boolean) => port.send({ t: 'beat', generation, native });
  const counter = makeNativeCounter(beat);

  async function answer(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const methods = (await engine)?.methods as Methods | undefined; // params are the owner's, typed by its client
      const handle = methods?.[method];
      if (!handle) throw new Error(`the engine has no method ${method}`);
      const emit = (value: unknown) => port.send({ t: 'event', generation, id, value });
      const value = await handle(params, { signal: controller.signal, emit });
      port.send({ t: 'ok', generation, id, value });
    } catch (error) {
      port.send({ t: 'fail', generation, id, error: toWire(error) });
    } finally {
      running.delete(id);
    }
  }

  async function stop(): Promise<void> {
    clearInterval(heart);
    for (const controller of running.values()) controller.abort();
    try {
      await (await engine)?.close();
    } finally {
      port.exit(0);
    }
  }

  function start(heartbeatMs: number): void {
    heart = setInterval(() => beat(counter.isRunning()), heartbeatMs);
    const publish = (value: unknown) => port.send({ t: 'state', generation, value });
    engine = open({ native: counter.native, publish });
    engine.then(
      ({ info }) => port.send({ t: 'ready', generation, info }),
      (error: unknown) => {
        port.send({ t: 'fail', generation, id: 0, error: toWire(error) });
        port.exit(1);
      },
    );
  }

  port.onOwnerGone(() => port.exit(0));
  port.onMessage((raw) => {
    if (!isOwnerFrame(raw)) return;
    if (raw.t === 'hello') {
      generation = raw.generation;
      return start(raw.heartbeatMs);
    }
    if (raw.generation !== generation) return;
    if (raw.t === 'call') void answer(raw.id, raw.method, raw.params);
    else if (raw.t === 'cancel') running.get(raw.id)?.abort();
    else void stop();
  });
}
