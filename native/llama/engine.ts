import { availableParallelism } from 'node:os';
import { getLlama, GgufInsights, type Llama, LlamaLogLevel, readGgufFileInfo } from 'node-llama-cpp';
import { AppError, isAppError } from '../../electron/contract/app-error.ts';
import type { Device, InferenceCalls, InferenceState, LoadSpec } from '../host/inference-calls.ts';
import type { Engine, EngineTools, MethodTools } from '../host/serve-engine.ts';
import { inspectModel } from './inspect.ts';
import { LoadedModel, makeDefaultShape } from './loaded-model.ts';
import {
  chooseGpuLayers,
  describeDevice,
  estimateNeed,
  estimateNeedOfBoth,
  isFitting,
  measureRam,
  tooLarge,
} from './memory.ts';
import { ModelShelf } from './model-shelf.ts';
import { openScorer, type Scorer } from './scorer-addon.ts';

type Methods = {
  [M in keyof InferenceCalls]: (
    params: InferenceCalls[M]['params'],
    tools: MethodTools,
  ) => Promise<InferenceCalls[M]['result']>;
};

/** The last lines llama.cpp complained with; they say why a file was refused. */
const complaints: string[] = [];

function openLlama(): Promise<Llama> {
  const gpu = process.env.ASSAY_ENGINE_GPU === 'off' ? false : 'auto';
  return getLlama({
    gpu,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
    maxThreads: availableParallelism(),
    logger: (_level, message) => {
      complaints.push(message.trim());
      complaints.splice(0, complaints.length - 5);
    },
  });
}

/** A load that failed inside the library, as an error people can act on. */
function explainLoad(error: unknown, spec: Pick<LoadSpec, 'path'>, signal: AbortSignal): unknown {
  if (isAppError(error) || signal.aborted) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/insufficient|not enough|out of memory|too large for the available/i.test(message))
    return new AppError('MODEL_TOO_LARGE', `The model was not loaded: ${message}`, { path: spec.path });
  const why = complaints.at(-1) ?? message;
  return new AppError(
    'MODEL_FILE_INVALID',
    `The model was not loaded: llama.cpp refused ${spec.path} (${why}). Get the file again, or choose another.`,
    { path: spec.path, cause: message },
  );
}

/** Where a second context does not fit, reading shares the one that writes. */
const noRoom: Scorer = {
  addon: undefined,
  scoring: { path: 'slow', why: 'there is no memory for a second context' },
};

class LlamaEngine {
  readonly #tools: EngineTools;
  readonly #shelf: ModelShelf;
  #opening: Promise<Llama> | undefined;
  #device: Device | null = null;
  #scorer: Scorer | undefined;

  constructor(tools: EngineTools) {
    this.#tools = tools;
    this.#shelf = new ModelShelf(() => void this.#publish());
  }

  readonly methods: Methods = {
    device: async () => this.#describe(),
    inspect: async ({ path }) => inspectModel(await this.#llama(), path),
    tryOut: async ({ path }, { signal }) => {
      await this.#tryOut(path, signal);
      return null;
    },
    load: async (spec, tools) => (await this.#load(spec, tools)).facts,
    unload: async ({ key }) => {
      await this.#shelf.unload(key);
      return null;
    },
    score: ({ key, input, continuation }, { signal }) =>
      this.#use(key, (model) => model.requireText('score').score(input, continuation, this.#running(signal))),
    decide: ({ key, input, candidates }, { signal }) =>
      this.#use(key, (model) => model.requireText('decide').decide(input, candidates, this.#running(signal))),
    generate: ({ key, input, isStreamed, ...params }, { signal, emit }) =>
      this.#use(key, (model) =>
        model
          .requireText('generate')
          .generate(input, params, { ...this.#running(signal), onText: isStreamed ? emit : undefined }),
      ),
    embed: ({ key, text }) => this.#use(key, (model) => this.#tools.native(() => model.embed(text))),
    rank: ({ key, query, document }) =>
      this.#use(key, (model) => this.#tools.native(() => model.rank(query, document))),
    count: ({ key, text }) => this.#use(key, async (model) => model.count(text)),
    calibrate: (spec, { signal }) => this.#calibrate(spec, signal),
    benchmark: ({ key }, { signal }) =>
      this.#use(key, async (model) => {
        const text = model.requireText('generate');
        const length = Math.min(512, Math.floor(text.contextSize / 2));
        const promptTokensPerSecond = await text.prefill(length, this.#running(signal));
        const generatedTokens = Math.min(64, length);
        const generationTokensPerSecond = await text.write(generatedTokens, this.#running(signal));
        const promptTokens = length * model.facts.sequences;
        return { promptTokensPerSecond, generationTokensPerSecond, promptTokens, generatedTokens };
      }),
  };

  /**
   * Frees the models. The backend is left to the end of the process: it would wait for every model it ever made, a
   * refused one too, which nothing can dispose.
   */
  async close(): Promise<void> {
    await this.#shelf.clear();
  }

  #running(signal: AbortSignal) {
    return { native: this.#tools.native, signal };
  }

  #llama(): Promise<Llama> {
    this.#opening ??= this.#tools.native(openLlama).catch((error: unknown) => {
      this.#opening = undefined;
      const cause = error instanceof Error ? error.message : String(error);
      throw new AppError(
        'ENGINE_UNAVAILABLE',
        `Nothing was asked of the model: llama.cpp could not be started on this machine (${cause}).`,
        { cause },
      );
    });
    return this.#opening;
  }

  async #describe(): Promise<Device> {
    const llama = await this.#llama();
    const device = await describeDevice(llama, this.#openScorer(llama).scoring);
    this.#device = device;
    return device;
  }

  async #publish(): Promise<void> {
    if (this.#opening) await this.#describe();
    const state: InferenceState = {
      device: this.#device,
      models: this.#shelf.list().map(({ key, facts, calls }) => ({ ...facts, key, calls })),
    };
    this.#tools.publish(state);
  }

  #openScorer(llama: Llama): Scorer {
    this.#scorer ??= openScorer(llama);
    return this.#scorer;
  }

  #use<T>(key: string, work: (model: LoadedModel) => Promise<T>): Promise<T> {
    return this.#shelf.use(key, work);
  }

  async #load(spec: LoadSpec, { signal, emit }: MethodTools): Promise<LoadedModel> {
    const llama = await this.#llama();
    const insights = await GgufInsights.from(await readInfo(spec.path), llama);
    const isOnGpu = llama.gpu !== false;
    const shape = spec.shape ?? makeDefaultShape(availableParallelism(), isOnGpu);
    return this.#shelf.load(spec.key, async (makeRoom) => {
      let device = await this.#describe();
      let gpuLayers = isOnGpu ? chooseGpuLayers(insights, spec, { shape, vramFree: device.vramFree }) : 0;
      let need = estimateNeed(insights, spec, { shape, gpuLayers });
      while (!isFitting(need, device)) {
        if (!(await makeRoom(signal))) throw tooLarge(need, device);
        device = await this.#describe();
        gpuLayers = isOnGpu ? chooseGpuLayers(insights, spec, { shape, vramFree: device.vramFree }) : 0;
        need = estimateNeed(insights, spec, { shape, gpuLayers });
      }
      const both = estimateNeedOfBoth(insights, spec, { shape, gpuLayers });
      const scorer = isFitting(both, device) ? this.#openScorer(llama) : noRoom;
      try {
        return await this.#tools.native(() =>
          LoadedModel.load(llama, spec, { shape, gpuLayers, signal, onProgress: emit, scorer }),
        );
      } catch (error) {
        throw explainLoad(error, spec, signal);
      }
    });
  }

  async #tryOut(path: string, signal: AbortSignal): Promise<void> {
    const llama = await this.#llama();
    const facts = await inspectModel(llama, path);
    const isLarge = facts.bytes > measureRam().free / 2;
    const spec: LoadSpec = { key: 'trial', path, gpuLayers: 0, contextSize: 256, shape: null };
    try {
      await this.#tools.native(async () => {
        if (isLarge) {
          const model = await llama.loadModel({ modelPath: path, vocabOnly: true, loadSignal: signal });
          return model.dispose();
        }
        const shape = makeDefaultShape(1, false);
        const onProgress = () => undefined;
        const scorer = noRoom; // what is tried is the file, not the addon
        const model = await LoadedModel.load(llama, spec, {
          shape,
          gpuLayers: 0,
          signal,
          onProgress,
          scorer,
        });
        await model.tryOnce(this.#running(signal));
        await model.dispose();
      });
    } catch (error) {
      throw explainLoad(error, spec, signal);
    }
  }

  async #calibrate(spec: LoadSpec, signal: AbortSignal) {
    const loaded = await this.#load(
      { ...spec, shape: null, key: `${spec.key}/calibration` },
      { signal, emit: () => undefined },
    );
    try {
      const device = await this.#describe();
      const start = makeDefaultShape(device.cores, device.kind !== 'cpu');
      const running = { ...this.#running(signal), contextSize: loaded.facts.contextSize, start };
      return await this.#use(loaded.key, (model) => model.calibrate(device, running));
    } finally {
      await this.#shelf.unload(loaded.key);
    }
  }
}

async function readInfo(path: string) {
  try {
    return await readGgufFileInfo(path, { sourceType: 'filesystem', logWarnings: false });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new AppError(
      'MODEL_FILE_INVALID',
      `The model was not loaded: the header of ${path} cannot be read (${cause}). Get the file again, or choose another.`,
      { path, cause },
    );
  }
}

/** llama.cpp behind the methods of `InferenceCalls`. It is started by the first call that needs it. */
export async function openLlamaEngine(tools: EngineTools): Promise<Engine> {
  const engine = new LlamaEngine(tools);
  return { info: { engine: 'llama.cpp' }, methods: engine.methods, close: () => engine.close() };
}
