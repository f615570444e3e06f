import { EngineClient, type EngineCallOptions } from '../../../native/host/engine-client.ts';
import { type EngineStatus, EngineSupervisor } from '../../../native/host/engine-supervisor.ts';
import type {
  InferenceCalls,
  InferenceState,
  LoadedFacts,
  LoadSpec,
} from '../../../native/host/inference-calls.ts';
import type { ProcessAdapter } from '../../../native/host/process-adapter.ts';
import { AppError, isAppError } from '../../contract/app-error.ts';

export interface InferenceEngineOptions {
  readonly adapter: ProcessAdapter;
  readonly name?: string;
  readonly idleStopMs?: number;
}

type Method = keyof InferenceCalls;

/** A model may have to give way to others so often between its load and the question. */
const mostLoads = 8;

interface Load {
  /** The process it went to. */
  generation: number | undefined;
  facts: Promise<LoadedFacts> | undefined;
}

/** The inference process, seen from the core: typed calls, and models that are loaded when they are needed. */
export class InferenceEngine {
  readonly #supervisor: EngineSupervisor;
  readonly #client: EngineClient;
  /** Loads that run or are done, by key; forgotten with their generation. */
  readonly #loads = new Map<string, Load>();

  constructor({ adapter, name = 'the inference process', idleStopMs }: InferenceEngineOptions) {
    this.#supervisor = new EngineSupervisor({
      adapter,
      name,
      ...(idleStopMs === undefined ? {} : { idleStopMs }),
    });
    this.#client = new EngineClient({ connect: () => this.#supervisor.connect() });
  }

  get status(): EngineStatus {
    return this.#supervisor.status;
  }

  /** What the process published of itself last; undefined where it does not run or has not said anything. */
  get state(): InferenceState | undefined {
    return (this.status.state ?? undefined) as InferenceState | undefined; // published by our own engine
  }

  onChange(listener: () => void): () => void {
    return this.#supervisor.onChange(listener);
  }

  reset(): void {
    this.#supervisor.reset();
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  async close(): Promise<void> {
    await this.#supervisor.close();
  }

  async call<M extends Method>(
    method: M,
    params: InferenceCalls[M]['params'],
    options: EngineCallOptions = {},
  ): Promise<InferenceCalls[M]['result']> {
    return this.#client.call<InferenceCalls[M]['result']>(method, params, options);
  }

  /**
   * A call about a file that may be bad: if the process dies of it, the file is told to be the cause, with
   * MODEL_FILE_INVALID, and the death does not count against the engine.
   */
  async callOnTrial<M extends Method>(
    method: M,
    params: InferenceCalls[M]['params'] & { readonly path: string },
    options: EngineCallOptions = {},
  ): Promise<InferenceCalls[M]['result']> {
    try {
      return await this.call(method, params, { ...options, isTrial: true });
    } catch (error) {
      if (!isAppError(error) || error.code !== 'ENGINE_DIED' || error.details.isRequested === true)
        throw error;
      throw new AppError(
        'MODEL_FILE_INVALID',
        `The model was not loaded: ${params.path} made the inference process end (${String(error.details.reason)}). The file is damaged, or llama.cpp cannot run it; choose another.`,
        { path: params.path, endedProcess: true },
      );
    }
  }

  /** The facts of a model that is in memory afterwards; loaded where it was not, once for all that ask. */
  async load(spec: LoadSpec, onProgress?: (share: number) => void): Promise<LoadedFacts> {
    const known = this.#loads.get(spec.key);
    // Without a generation it waits for a process to start, and will go to that one.
    const isPresent = known?.generation === undefined || known.generation === this.status.generation;
    if (known?.facts && isPresent && this.status.phase !== 'stopped') return known.facts;
    const load: Load = { generation: undefined, facts: undefined };
    this.#loads.set(spec.key, load);
    load.facts = this.callOnTrial('load', spec, {
      onEvent: (share) => onProgress?.(Number(share)),
      onGeneration: (generation) => (load.generation = generation),
    });
    try {
      return await load.facts;
    } catch (error) {
      if (this.#loads.get(spec.key) === load) this.#loads.delete(spec.key);
      throw error;
    }
  }

  /** Takes a model out of memory, after what is asked of it. */
  async unload(key: string): Promise<void> {
    this.#loads.delete(key);
    if (this.status.phase === 'ready') await this.call('unload', { key });
  }

  /** A call to a model, which is loaded first; and again where it had to give way to another meanwhile. */
  async ask<M extends Method>(
    spec: LoadSpec,
    { method, params }: { readonly method: M; readonly params: Omit<InferenceCalls[M]['params'], 'key'> },
    options: EngineCallOptions = {},
  ): Promise<InferenceCalls[M]['result']> {
    for (let attempt = 1; ; attempt++) {
      options.signal?.throwIfAborted();
      await this.load(spec);
      try {
        return await this.call(method, { ...params, key: spec.key }, options);
      } catch (error) {
        if (!isAppError(error) || error.code !== 'MODEL_NOT_LOADED' || attempt >= mostLoads) throw error;
        this.#loads.delete(spec.key);
      }
    }
  }
}
