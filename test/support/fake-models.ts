import { AppError } from '../../electron/contract/app-error.ts';
import type {
  Endpoint,
  EngineView,
  FoundFile,
  Model,
  ModelSettings,
  NewEndpoint,
  Refusal,
} from '../../electron/contract/model.contract.ts';

type Answer = <T>(method: string, input: unknown, make: () => T, signal?: AbortSignal) => Promise<T>;
type RunJob = (type: string, title: string, result: unknown, onDone: () => void) => { jobId: string };

const gibibyte = 2 ** 30;
const addedAt = new Date(Date.UTC(2026, 10, 20, 9)).toISOString();
const shape = { sequences: 4, batchSize: 512, flashAttention: true, threads: 4 };

export function fakeModel(part: Partial<Model> = {}): Model {
  return {
    modelId: 'qwen',
    name: 'Qwen2.5-7B-Instruct-Q4_K_M',
    kind: 'gguf',
    hash: '9f'.repeat(32),
    path: '/models/Qwen2.5-7B-Instruct-Q4_K_M.gguf',
    isPresent: true,
    capabilities: ['score', 'decide', 'generate'],
    facts: {
      files: ['/models/Qwen2.5-7B-Instruct-Q4_K_M.gguf'],
      bytes: 4.36 * gibibyte,
      name: 'Qwen2.5 7B Instruct',
      architecture: 'qwen2',
      quantisation: 'Q4_K_M',
      parameters: 7_615_616_512,
      trainContextSize: 32_768,
      embeddingSize: 3_584,
      layers: 28,
      vocabularySize: 152_064,
      license: 'apache-2.0',
      chatTemplate:
        '{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}<b>not markup</b>',
      capabilities: ['score', 'decide', 'generate'],
      contextBytes: 0.25 * gibibyte,
    },
    settings: { gpuLayers: 'auto', contextSize: 4_096, sequences: 'auto' },
    calibration: {
      shape,
      trials: [
        { shape: { ...shape, sequences: 1, flashAttention: false }, tokensPerSecond: 61.2 },
        { shape: { ...shape, sequences: 1 }, tokensPerSecond: 66.8 },
        { shape, tokensPerSecond: 92.4 },
        { shape: { ...shape, sequences: 8 }, tokensPerSecond: 93.1 },
      ],
      machine: 'cpu/8',
    },
    benchmark: {
      promptTokensPerSecond: 92.4,
      generationTokensPerSecond: 11.73,
      promptTokens: 512,
      generatedTokens: 64,
    },
    endpoint: null,
    leavesMachine: false,
    addedAt,
    ...part,
  };
}

export function fakeEndpoint(part: Partial<Endpoint> = {}, modelId = 'gpu1'): Model {
  return fakeModel({
    modelId,
    name: modelId,
    kind: 'endpoint',
    path: null,
    facts: null,
    capabilities: [],
    calibration: null,
    benchmark: null,
    leavesMachine: true,
    endpoint: {
      url: `http://${modelId}:8000/v1`,
      remoteModel: 'judge-70b',
      keyVariable: null,
      hasStoredKey: false,
      isEnabled: false,
      isPublicConfirmed: false,
      concurrency: 16,
      traits: null,
      testedAt: null,
      ...part,
    },
  });
}

const longName =
  'a-model-with-a-very-long-name-that-somebody-merged-from-eleven-others-v0.3.1-final-imatrix-IQ3_XXS';

/** Models of every kind: measured, with a long name and without facts, with its file gone, and an address. */
export const sampleModels = (): Model[] => {
  const { facts } = fakeModel();
  if (!facts) throw new Error('the sample has facts');
  return [
    fakeModel(),
    fakeModel({
      modelId: 'long',
      name: longName,
      path: `/models/${longName}.gguf`,
      facts: { ...facts, license: null, chatTemplate: null, contextBytes: null, name: null },
      calibration: null,
      benchmark: null,
    }),
    fakeModel({
      modelId: 'gone',
      name: 'bge-small-en-v1.5-f16',
      capabilities: ['embed'],
      isPresent: false,
      facts: { ...facts, bytes: 67_000_000, parameters: 33_360_000, capabilities: ['embed'] },
    }),
    fakeEndpoint({ keyVariable: 'JUDGE_API_KEY' }),
  ];
};

export const readyEngine: EngineView = {
  phase: 'ready',
  generation: 1,
  pid: 4_711,
  deaths: 0,
  reason: null,
  device: {
    kind: 'cpu',
    names: [],
    vramTotal: 0,
    vramFree: 0,
    ramTotal: 32 * gibibyte,
    ramFree: 12 * gibibyte,
    cores: 8,
    scoring: { path: 'fast', why: null },
  },
  models: [
    {
      modelId: 'qwen',
      name: 'Qwen2.5-7B-Instruct-Q4_K_M',
      contextSize: 4_096,
      sequences: 4,
      gpuLayers: 0,
      ram: 5.4 * gibibyte,
      vram: 0,
    },
  ],
};

export interface FakeModelOptions {
  readonly models?: readonly Model[] | undefined;
  readonly engine?: EngineView | undefined;
  readonly found?: readonly FoundFile[] | undefined;
  /** What the job that adds says it did. */
  readonly addResult?: unknown;
  readonly refusals?: readonly Refusal[];
}

const sampleFound: readonly FoundFile[] = [
  { path: '/models/new.gguf', files: ['/models/new.gguf'], bytes: gibibyte, missing: [], isAdded: false },
  { path: '/models/old.gguf', files: ['/models/old.gguf'], bytes: gibibyte, missing: [], isAdded: true },
  {
    path: '/models/big-00001-of-00002.gguf',
    files: ['/models/big-00001-of-00002.gguf', '/models/big-00002-of-00002.gguf'],
    bytes: 40 * gibibyte,
    missing: [],
    isAdded: false,
  },
  {
    path: '/models/torn-00001-of-00003.gguf',
    files: [1, 2, 3].map((part) => `/models/torn-0000${part}-of-00003.gguf`),
    bytes: 9 * gibibyte,
    missing: ['/models/torn-00002-of-00003.gguf'],
    isAdded: false,
  },
];

/** Model, endpoint and engine methods of the fake core, over a list that changes. A public literal address is refused unconfirmed. */
export function fakeModels(answer: Answer, runJob: RunJob, options: FakeModelOptions = {}) {
  let models = [...(options.models ?? sampleModels())];
  let engine = options.engine ?? readyEngine;
  let refusals = [...(options.refusals ?? [])];

  const find = (modelId: string): Model => {
    const found = models.find((model) => model.modelId === modelId);
    if (!found) throw new AppError('MODEL_MISSING', 'There is no such model. Choose another one.');
    return found;
  };
  const change = (modelId: string, part: Partial<Model>): Model => {
    const next = { ...find(modelId), ...part };
    models = models.map((model) => (model.modelId === modelId ? next : model));
    return next;
  };
  const changeEndpoint = (modelId: string, part: Partial<Endpoint>): Model => {
    const { endpoint } = find(modelId);
    if (!endpoint) throw new AppError('MODEL_MISSING', 'That is no endpoint.');
    return change(modelId, { endpoint: { ...endpoint, ...part } });
  };
  const remove = (modelId: string) => {
    models = models.filter((model) => model.modelId !== modelId);
    return { removed: true };
  };

  return {
    model: {
      list: () => answer('model.list', undefined, () => models),
      get: (input: { modelId: string }) => answer('model.get', input, () => find(input.modelId)),
      scanFolder: (input: { folder: string }) =>
        answer('model.scanFolder', input, () => {
          if (input.folder.includes('absent'))
            throw new AppError(
              'MODEL_FILE_MISSING',
              `No model was found: there is nothing at ${input.folder}.`,
            );
          return [...(options.found ?? sampleFound)];
        }),
      add: (input: { paths: string[] }) =>
        answer('model.add', input, () =>
          runJob('add-models', 'Add models', options.addResult, () => {
            models = [...models, fakeModel({ modelId: 'new', name: 'new', path: input.paths[0] ?? null })];
          }),
        ),
      rename: (input: { modelId: string; name: string }) =>
        answer('model.rename', input, () => change(input.modelId, { name: input.name })),
      remove: (input: { modelId: string }) => answer('model.remove', input, () => remove(input.modelId)),
      settings: (input: { modelId: string; settings: ModelSettings }) =>
        answer('model.settings', input, () => change(input.modelId, { settings: input.settings })),
      benchmark: (input: { modelId: string }) =>
        answer('model.benchmark', input, () => runJob('benchmark-model', 'Measure a model', null, () => {})),
      load: (input: { modelId: string }) =>
        answer('model.load', input, () => runJob('load-model', 'Load a model', null, () => {})),
      refusals: () => answer('model.refusals', undefined, () => refusals),
      clearRefusals: () =>
        answer('model.clearRefusals', undefined, () => {
          const removed = refusals.length;
          refusals = [];
          return { removed };
        }),
      unload: (input: { modelId: string }) => answer('model.unload', input, () => ({ unloaded: true })),
    },
    endpoint: {
      add: (input: NewEndpoint) =>
        answer('endpoint.add', input, () => {
          const made = fakeEndpoint({ url: input.url, remoteModel: input.remoteModel }, input.name);
          models = [...models, made];
          return made;
        }),
      test: (input: { modelId: string }) =>
        answer('endpoint.test', input, () =>
          changeEndpoint(input.modelId, {
            traits: {
              server: 'vllm',
              contextSize: 32_768,
              capabilities: ['score', 'decide', 'generate'],
              scoring: 'echo',
              countsTokens: true,
              milliseconds: 41.6,
            },
            testedAt: addedAt,
          }),
        ),
      enable: (input: { modelId: string; isEnabled: boolean }) =>
        answer('endpoint.enable', input, () => changeEndpoint(input.modelId, { isEnabled: input.isEnabled })),
      remove: (input: { modelId: string }) => answer('endpoint.remove', input, () => remove(input.modelId)),
    },
    engine: {
      status: () => answer('engine.status', undefined, () => engine),
      changed: (_: unknown, rest?: { signal?: AbortSignal }) =>
        Promise.resolve(tellOnce(() => engine, rest?.signal)),
      reset: () =>
        answer('engine.reset', undefined, () => {
          engine = { ...engine, phase: 'stopped', deaths: 0, reason: null, pid: null };
          return engine;
        }),
      stop: () =>
        answer('engine.stop', undefined, () => {
          engine = { ...engine, phase: 'stopped', pid: null, device: null, models: [] };
          return engine;
        }),
    },
  };
}

/** The state now; then the topic stays open until its reader goes. */
async function* tellOnce(
  read: () => EngineView,
  signal?: AbortSignal,
): AsyncGenerator<EngineView, void, void> {
  yield read();
  await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}
