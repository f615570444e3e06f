import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import type { InferenceModel, ModelIdentity } from '../../../native/host/inference.ts';
import type { LoadSpec, ModelFacts } from '../../../native/host/inference-calls.ts';
import { AppError } from '../../contract/app-error.ts';
import type {
  EngineView,
  FoundFile,
  Model,
  ModelSettings,
  NewEndpoint,
} from '../../contract/model.contract.ts';
import type { EndpointService } from './endpoint.service.ts';
import { isShippedModel } from '../../contract/starter.ts';
import type { InferenceEngine } from './inference-engine.ts';
import { createLocalModel } from './local-model.ts';
import { findModelFiles } from './model-files.ts';
import type { ModelRecord, ModelRepository } from './model.repository.ts';
import type { RefusalLog } from './refusal-log.ts';
import { isStarter, speakAsStarter } from './starter-model.ts';

export interface ModelServiceOptions {
  readonly repository: ModelRepository;
  readonly refusals: RefusalLog;
  readonly engine: InferenceEngine;
  /** A second process, without a graphics card, that reads and tries files nobody has vouched for. */
  readonly inspector: InferenceEngine;
  readonly endpoints: EndpointService;
  /** Puts the models that Assay ships into the list; called once, before the list is first read. */
  readonly shelve?: () => Promise<void>;
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Enough for a pair of long answers; more costs memory for every sequence. */
const usualContextSize = 4_096;

/** What a model begins with. */
export function makeSettings(facts: Pick<ModelFacts, 'trainContextSize'>): ModelSettings {
  const contextSize = Math.max(64, Math.min(usualContextSize, facts.trainContextSize ?? usualContextSize));
  return { gpuLayers: 'auto', contextSize, sequences: 'auto' };
}

function isPresent({ path: file, facts }: ModelRecord): boolean {
  if (file === null) return true;
  const bytes = (facts?.files ?? [file]).map((part) => statSync(part, { throwIfNoEntry: false })?.size ?? 0);
  return bytes.every((size) => size > 0) && bytes.reduce((sum, size) => sum + size, 0) === facts?.bytes;
}

/** The models a person has added: files on this machine, and endpoints. */
export class ModelService {
  readonly #options: ModelServiceOptions;
  readonly #calibrations = new Map<string, Promise<ModelRecord>>();
  #shelved: Promise<void> | undefined;

  constructor(options: ModelServiceOptions) {
    this.#options = options;
  }

  get refusals(): RefusalLog {
    return this.#options.refusals;
  }

  async list(): Promise<Model[]> {
    await this.#shelve();
    return (await this.#options.repository.list()).map((record) => this.describe(record));
  }

  async get(idOrName: string): Promise<Model> {
    await this.#shelve();
    return this.describe(await this.#options.repository.get(idOrName));
  }

  describe(record: ModelRecord): Model {
    const { endpoint, ...rest } = record;
    return {
      ...rest,
      endpoint,
      facts: record.facts && {
        ...record.facts,
        files: [...record.facts.files],
        capabilities: [...record.facts.capabilities],
      },
      calibration: record.calibration && { ...record.calibration, trials: [...record.calibration.trials] },
      isPresent: isPresent(record),
      leavesMachine: endpoint !== null,
    };
  }

  /** GGUF files in a folder and below it, with whether they are in the list already. */
  async scanFolder(folder: string): Promise<FoundFile[]> {
    const known = new Set((await this.#options.repository.list()).map((record) => record.path));
    return (await findModelFiles(path.resolve(folder))).map((file) => ({
      ...file,
      isAdded: known.has(file.path),
    }));
  }

  /** What a file says of itself. Throws MODEL_FILE_MISSING, MODEL_FILE_INVALID, MODEL_UNSUPPORTED. */
  async inspect(file: string, { signal }: CallOptions = {}): Promise<ModelFacts> {
    return this.#options.inspector.callOnTrial('inspect', { path: path.resolve(file) }, { signal });
  }

  /** Loads a file in a process of its own, asks it one thing and lets go of it. Throws what the file is refused for. */
  async tryOut(file: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#options.inspector.callOnTrial('tryOut', { path: file }, { signal });
  }

  async rename(modelId: string, name: string): Promise<Model> {
    await this.#options.repository.get(modelId);
    return this.describe(await this.#options.repository.update(modelId, { name }));
  }

  /** Takes the record away; the file stays. */
  async remove(modelId: string): Promise<boolean> {
    const record = await this.#options.repository.get(modelId);
    if (record.kind === 'gguf') await this.#options.engine.unload(this.#makeSpec(record).key);
    this.#options.endpoints.forget(record);
    return this.#options.repository.remove(record.modelId);
  }

  /** New settings hold from the next call on; another context size or GPU share is calibrated anew. */
  async setSettings(modelId: string, settings: ModelSettings): Promise<Model> {
    const record = await this.#options.repository.get(modelId);
    const { gpuLayers, contextSize } = record.settings;
    const isSameMachine = settings.gpuLayers === gpuLayers && settings.contextSize === contextSize;
    if (record.kind === 'gguf') await this.#options.engine.unload(this.#makeSpec(record).key);
    const change = isSameMachine ? { settings } : { settings, calibration: null };
    return this.describe(await this.#options.repository.update(record.modelId, change));
  }

  /** Finds the best layout for this machine anew, then measures; stores both. */
  async benchmark(idOrName: string, { signal }: CallOptions = {}): Promise<Model> {
    const { repository, engine, endpoints, refusals } = this.#options;
    const record = await repository.get(idOrName);
    if (record.endpoint) return this.describe(await endpoints.test(record, { signal }));
    return refusals.watch(record, async () => {
      const calibrated = await this.#calibrate(record, { signal });
      const spec = this.#makeSpec(calibrated);
      const benchmark = await engine.ask(spec, { method: 'benchmark', params: {} }, { signal });
      return this.describe(await repository.update(record.modelId, { benchmark }));
    });
  }

  /** Puts a file into memory. Throws what `acquire` does, and ENDPOINT_FAILED for an endpoint, which is loaded elsewhere. */
  async load(idOrName: string, { signal }: CallOptions = {}): Promise<void> {
    const { endpoint, name } = await this.#options.repository.get(idOrName);
    if (endpoint)
      throw new AppError(
        'ENDPOINT_FAILED',
        `${name} was not loaded: it is an endpoint, loaded by its own server.`,
      );
    await this.acquire(idOrName, { signal });
  }

  /**
   * The model, loaded and ready, by id or name. Throws MODEL_MISSING, MODEL_FILE_MISSING, MODEL_FILE_INVALID,
   * MODEL_TOO_LARGE, ENGINE_UNAVAILABLE; for an endpoint ENDPOINT_FAILED where it is switched off.
   */
  async acquire(idOrName: string, { signal }: CallOptions = {}): Promise<InferenceModel> {
    const { repository, endpoints, refusals } = this.#options;
    await this.#shelve();
    const stored = await repository.get(idOrName);
    if (stored.endpoint) return endpoints.open(stored, { signal });
    return refusals.watch(stored, () => this.#open(stored, { signal }));
  }

  async #open(stored: ModelRecord, { signal }: CallOptions): Promise<InferenceModel> {
    const { engine } = this.#options;
    requirePresent(stored);
    const { kind = 'cpu', cores = 0 } = await engine.call('device', null, { signal });
    const machine = `${kind}/${cores}`;
    const isCalibrated = stored.calibration?.machine === machine;
    const ready = isCalibrated || !isShippedModel(stored.facts) ? stored : layOut(stored, machine, cores);
    const record = ready.calibration?.machine === machine ? ready : await this.#calibrate(ready, { signal });
    const spec = this.#makeSpec(record);
    const { contextSize, sequences } = await engine.load(spec);
    signal?.throwIfAborted();
    const model = createLocalModel({ engine, spec, sequences, identity: identify(record, contextSize) });
    return isStarter(record.facts) ? speakAsStarter(model) : model;
  }

  async unload(modelId: string): Promise<boolean> {
    const record = await this.#options.repository.get(modelId);
    const { key } = this.#makeSpec(record);
    const isLoaded = this.#options.engine.state?.models.some((model) => model.key === key) ?? false;
    await this.#options.engine.unload(key);
    return isLoaded;
  }

  async addEndpoint(endpoint: NewEndpoint): Promise<Model> {
    return this.describe(await this.#options.endpoints.add(endpoint));
  }

  async testEndpoint(modelId: string, options: CallOptions = {}): Promise<Model> {
    const record = await this.#options.repository.get(modelId);
    return this.describe(await this.#options.endpoints.test(record, options));
  }

  async enableEndpoint(modelId: string, isEnabled: boolean): Promise<Model> {
    const record = await this.#options.repository.get(modelId);
    this.#options.endpoints.forget(record, { keepsKey: true });
    return this.describe(await this.#options.repository.setEnabled(record.modelId, isEnabled));
  }

  /** Addresses data may be sent to, in words; empty = nothing leaves this machine. */
  async listEndpoints(): Promise<string[]> {
    const records = await this.#options.repository.list();
    return records.flatMap(({ name, endpoint }) =>
      endpoint?.isEnabled ? [`${name} (${endpoint.url})`] : [],
    );
  }

  /** The state of the inference process, with its models by name. */
  async status(): Promise<EngineView> {
    const { engine, repository } = this.#options;
    const { phase, generation, pid, deaths, reason } = engine.status;
    const names = new Map((await repository.list()).map((record) => [record.modelId, record.name]));
    const { device = null, models = [] } = engine.state ?? {};
    return {
      ...{ phase, generation, pid, deaths, reason },
      device: device && { ...device, names: [...device.names] },
      models: models.map(({ key, contextSize, sequences, gpuLayers, ram, vram }) => {
        const [modelId = key] = key.split(':');
        return { modelId, name: names.get(modelId) ?? modelId, contextSize, sequences, gpuLayers, ram, vram };
      }),
    };
  }

  onEngineChange(listener: () => void): () => void {
    return this.#options.engine.onChange(listener);
  }

  resetEngine(): void {
    this.#options.engine.reset();
  }

  async stopEngine(): Promise<void> {
    await this.#options.engine.stop();
  }

  async close(): Promise<void> {
    this.#options.endpoints.close();
    await Promise.all([this.#options.engine.close(), this.#options.inspector.close()]);
  }

  /** Once; where it fails, the next call tries again. */
  async #shelve(): Promise<void> {
    this.#shelved ??= this.#options.shelve?.() ?? Promise.resolve();
    try {
      await this.#shelved;
    } catch (error) {
      this.#shelved = undefined;
      throw error;
    }
  }

  /** Once for all that ask for the same model. */
  async #calibrate(record: ModelRecord, { signal }: CallOptions): Promise<ModelRecord> {
    const { engine, repository } = this.#options;
    const running = this.#calibrations.get(record.modelId);
    if (running) return running;
    const calibrating = engine
      .callOnTrial('calibrate', this.#makeSpec({ ...record, calibration: null }), { signal })
      .then((calibration) => repository.update(record.modelId, { calibration }))
      .finally(() => this.#calibrations.delete(record.modelId));
    this.#calibrations.set(record.modelId, calibrating);
    return calibrating;
  }

  #makeSpec(record: Pick<ModelRecord, 'modelId' | 'path' | 'settings' | 'calibration'>): LoadSpec {
    const { modelId, path: file, settings, calibration } = record;
    const { gpuLayers, contextSize, sequences } = settings;
    const found = calibration?.shape ?? null;
    const shape = found && { ...found, sequences: sequences === 'auto' ? found.sequences : sequences };
    const digest = createHash('sha256').update(JSON.stringify({ settings, shape })).digest('hex');
    return { key: `${modelId}:${digest.slice(0, 12)}`, path: file ?? '', gpuLayers, contextSize, shape };
  }
}

/** The shipped models are too small for the layout to matter: they are used at once, measured where a person asks for it. */
function layOut(record: ModelRecord, machine: string, cores: number): ModelRecord {
  const shape = {
    sequences: 4,
    batchSize: 512,
    flashAttention: true,
    threads: Math.max(1, Math.floor(cores / 2)),
  };
  return { ...record, calibration: { shape, trials: [], machine } };
}

function requirePresent(record: ModelRecord): void {
  if (isPresent(record)) return;
  throw new AppError(
    'MODEL_FILE_MISSING',
    `The model ${record.name} was not loaded: ${record.path} is gone or has changed. Put the file back, or remove the model and add it anew.`,
    { path: record.path },
  );
}

function identify(record: ModelRecord, contextSize: number): ModelIdentity {
  return {
    name: record.name,
    hash: record.hash,
    kind: 'gguf',
    architecture: record.facts?.architecture ?? null,
    quantisation: record.facts?.quantisation ?? null,
    contextSize,
    capabilities: record.capabilities,
  };
}
