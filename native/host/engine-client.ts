import { AppError, type ErrorCode } from '../../electron/contract/app-error.ts';
import type { EngineEnd, EngineLink } from './engine-supervisor.ts';
import type { EngineFrame, WireError } from './frames.ts';

export interface EngineClientOptions {
  /** The wire to the engine, started where it does not run; `EngineSupervisor.connect`. */
  readonly connect: () => Promise<EngineLink>;
  /** A cancelled call that has not ended by then ends the process, once nothing else runs in it. */
  readonly cancelGraceMs?: number;
}

export interface EngineCallOptions {
  readonly onEvent?: ((value: unknown) => void) | undefined;
  /** The call tries something out (a model file): if the process dies of it, that is no fault of the engine. */
  readonly isTrial?: boolean;
  /** Called with the generation the call goes to, before it is sent. */
  readonly onGeneration?: (generation: number) => void;
  readonly signal?: AbortSignal | undefined;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onEvent: ((value: unknown) => void) | undefined;
}

function fromWire({ code, message, details }: WireError): Error {
  if (code === 'INTERNAL') return new Error(`in the engine process: ${message}`);
  return new AppError(code as ErrorCode, message, details); // the engine only sends codes of ours
}

function toDeath({ reason, isTrial, isRequested }: EngineEnd): AppError {
  return new AppError(
    'ENGINE_DIED',
    isRequested
      ? `The model did not answer: its process was stopped (${reason}).`
      : `The model did not answer: its process ended (${reason}).`,
    { reason, isTrial, isRequested },
  );
}

/**
 * Calls to an engine process. Many run at the same time; each is answered by its own id. If the process dies, every
 * call in flight rejects with ENGINE_DIED and none is sent again: whoever owns the work decides that. A cancelled call
 * rejects at once with the caller's reason; its late answer is dropped.
 */
export class EngineClient {
  readonly #options: Required<EngineClientOptions>;
  readonly #pending = new Map<number, Pending>();
  readonly #cancelled = new Map<number, ReturnType<typeof setTimeout>>();
  #generation = 0;
  #nextId = 1;

  constructor(options: EngineClientOptions) {
    this.#options = { cancelGraceMs: 5_000, ...options };
  }

  /** Calls that wait for an answer. */
  get inFlight(): number {
    return this.#pending.size;
  }

  async call<T>(method: string, params: unknown, options: EngineCallOptions = {}): Promise<T> {
    const { signal, onEvent, isTrial = false, onGeneration } = options;
    signal?.throwIfAborted();
    const link = await this.#options.connect();
    signal?.throwIfAborted();
    this.#listen(link);
    onGeneration?.(link.generation);
    const id = this.#nextId++;
    const endTrial = isTrial ? link.beginTrial() : undefined;
    const onAbort = () => this.#cancel(link, id, signal?.reason);
    try {
      return await new Promise<T>((resolve, reject) => {
        // The answer's type is the method's; both ends are ours.
        this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject, onEvent });
        signal?.addEventListener('abort', onAbort, { once: true });
        link.send({ t: 'call', id, method, params });
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#pending.delete(id);
      endTrial?.();
    }
  }

  #listen(link: EngineLink): void {
    if (this.#generation === link.generation) return;
    this.#generation = link.generation;
    link.onFrame((frame) => this.#hear(frame));
    link.onEnd((end) => {
      for (const timer of this.#cancelled.values()) clearTimeout(timer);
      this.#cancelled.clear();
      const death = toDeath(end);
      for (const { reject } of [...this.#pending.values()]) reject(death);
      this.#pending.clear();
    });
  }

  #hear(frame: EngineFrame): void {
    if (frame.t !== 'ok' && frame.t !== 'fail' && frame.t !== 'event') return;
    if (frame.t !== 'event' && this.#cancelled.has(frame.id)) {
      clearTimeout(this.#cancelled.get(frame.id));
      this.#cancelled.delete(frame.id);
    }
    const pending = this.#pending.get(frame.id);
    if (!pending) return;
    if (frame.t === 'event') pending.onEvent?.(frame.value);
    else if (frame.t === 'ok') pending.resolve(frame.value);
    else pending.reject(fromWire(frame.error));
  }

  #cancel(link: EngineLink, id: number, reason: unknown): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    link.send({ t: 'cancel', id });
    this.#awaitEnd(link, id);
    pending.reject(reason);
  }

  /** Work that does not heed its signal is ended with its process, but never at the cost of other calls. */
  #awaitEnd(link: EngineLink, id: number): void {
    const timer = setTimeout(() => {
      if (this.#pending.size > 0) return this.#awaitEnd(link, id);
      this.#cancelled.delete(id);
      link.terminate('a cancelled call did not end');
    }, this.#options.cancelGraceMs);
    timer.unref();
    this.#cancelled.set(id, timer);
  }
}
