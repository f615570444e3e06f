import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';

export const capabilitySchema = z.enum(['score', 'decide', 'generate', 'embed', 'rank']);

/** What a GGUF file says of itself. */
export const modelFactsSchema = z.object({
  files: z.array(z.string()),
  bytes: z.number(),
  name: z.string().nullable(),
  architecture: z.string().nullable(),
  quantisation: z.string().nullable(),
  parameters: z.number(),
  trainContextSize: z.number().nullable(),
  embeddingSize: z.number().nullable(),
  layers: z.number().nullable(),
  vocabularySize: z.number().nullable(),
  license: z.string().nullable(),
  chatTemplate: z.string().nullable(),
  capabilities: z.array(capabilitySchema),
  /** What a context of 4,096 tokens needs on top of the weights, in bytes. */
  contextBytes: z.number().nullable(),
});

export const modelSettingsSchema = z.object({
  /** Layers on the graphics card; `auto`: as many as fit. */
  gpuLayers: z.union([z.literal('auto'), z.number().int().min(0)]).default('auto'),
  /** Tokens of input and answer together. */
  contextSize: z.number().int().min(64).max(1_048_576),
  /** Calls processed side by side; `auto`: what the calibration found. */
  sequences: z.union([z.literal('auto'), z.number().int().min(1).max(64)]).default('auto'),
});
export type ModelSettings = z.infer<typeof modelSettingsSchema>;

export const shapeSchema = z.object({
  sequences: z.number().int(),
  batchSize: z.number().int(),
  flashAttention: z.boolean(),
  threads: z.number().int(),
});

export const calibrationSchema = z.object({
  shape: shapeSchema,
  /** What was tried; tokens of prompts a second. */
  trials: z.array(z.object({ shape: shapeSchema, tokensPerSecond: z.number() })),
  machine: z.string(),
});

export const benchmarkSchema = z.object({
  promptTokensPerSecond: z.number(),
  generationTokensPerSecond: z.number(),
  promptTokens: z.number().int(),
  generatedTokens: z.number().int(),
});
export type Benchmark = z.infer<typeof benchmarkSchema>;

/** What an endpoint was found to be able to do. */
export const endpointTraitsSchema = z.object({
  /** `vllm`, `llama-server` or `other`, by what it says of itself. */
  server: z.enum(['vllm', 'llama-server', 'other']),
  contextSize: z.number().int().nullable(),
  capabilities: z.array(capabilitySchema),
  /** Whether log-probabilities of given text come from completions (`echo`), from chat (`prompt`) or not at all. */
  scoring: z.enum(['echo', 'prompt', 'none']),
  countsTokens: z.boolean(),
  milliseconds: z.number(),
});
export type EndpointTraits = z.infer<typeof endpointTraitsSchema>;

export const endpointSchema = z.object({
  url: z.string(),
  remoteModel: z.string(),
  /** Environment variable the key is read from. */
  keyVariable: z.string().nullable(),
  hasStoredKey: z.boolean(),
  isEnabled: z.boolean(),
  isPublicConfirmed: z.boolean(),
  concurrency: z.number().int(),
  traits: endpointTraitsSchema.nullable(),
  testedAt: z.string().nullable(),
});
export type Endpoint = z.infer<typeof endpointSchema>;

export const modelSchema = z.object({
  modelId: z.string(),
  name: z.string(),
  kind: z.enum(['gguf', 'endpoint']),
  /** SHA-256 of the file (of the first part of a split one), or of the endpoint's address and model name. */
  hash: z.string(),
  path: z.string().nullable(),
  /** False where the file is gone or has another size than when it was added. */
  isPresent: z.boolean(),
  capabilities: z.array(capabilitySchema),
  facts: modelFactsSchema.nullable(),
  settings: modelSettingsSchema,
  calibration: calibrationSchema.nullable(),
  benchmark: benchmarkSchema.nullable(),
  endpoint: endpointSchema.nullable(),
  /** Whether asking it sends data to another machine. */
  leavesMachine: z.boolean(),
  addedAt: z.string(),
});
export type Model = z.infer<typeof modelSchema>;

export const foundFileSchema = z.object({
  path: z.string(),
  /** All parts, where it is split. */
  files: z.array(z.string()),
  bytes: z.number(),
  /** Parts that are not there. */
  missing: z.array(z.string()),
  isAdded: z.boolean(),
});
export type FoundFile = z.infer<typeof foundFileSchema>;

export const newEndpointSchema = z.object({
  name: z.string().min(1).max(120),
  /** Up to the version, e.g. `http://gpu1:8000/v1`. */
  url: z.url({ protocol: /^https?$/ }),
  remoteModel: z.string().min(1).max(300),
  keyVariable: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/i)
    .nullable()
    .default(null),
  /** Kept in a file of the user's own outside the workspace; never in it, and never sent back. */
  key: z.string().min(1).max(4_000).nullable().default(null),
  concurrency: z.number().int().min(1).max(256).default(16),
  contextSize: z.number().int().min(64).max(1_048_576).default(4_096),
  /** The person knows that the address is not on a private network. */
  confirmPublic: z.boolean().default(false),
});
export type NewEndpoint = z.infer<typeof newEndpointSchema>;

export const engineStatusSchema = z.object({
  phase: z.enum(['stopped', 'starting', 'ready', 'stopping', 'broken']),
  generation: z.number().int(),
  pid: z.number().int().nullable(),
  deaths: z.number().int(),
  /** Why it last ended by itself, in words; with `broken`: why it is not started again before a reset. */
  reason: z.string().nullable(),
  device: z
    .object({
      kind: z.string(),
      names: z.array(z.string()),
      vramTotal: z.number(),
      vramFree: z.number(),
      ramTotal: z.number(),
      ramFree: z.number(),
      cores: z.number().int(),
      /** How log-probabilities are read; `why` where not the fast way. */
      scoring: z.object({ path: z.enum(['fast', 'slow']), why: z.string().nullable() }),
    })
    .nullable(),
  models: z.array(
    z.object({
      modelId: z.string(),
      name: z.string(),
      contextSize: z.number().int(),
      sequences: z.number().int(),
      gpuLayers: z.number().int(),
      ram: z.number(),
      vram: z.number(),
    }),
  ),
});
export type EngineView = z.infer<typeof engineStatusSchema>;

export const refusalSchema = z.object({
  refusedAt: z.string(),
  /** Null for a file that did not come into the list. */
  modelId: z.string().nullable(),
  name: z.string(),
  path: z.string().nullable(),
  code: z.string(),
  message: z.string(),
});
export type Refusal = z.infer<typeof refusalSchema>;

const oneModel = z.object({ modelId: z.string() });

export const modelContract = {
  model: {
    list: oc.output(z.array(modelSchema)),
    get: oc.input(oneModel).output(modelSchema),
    /** GGUF files in a folder and below it, split ones once. */
    scanFolder: oc.input(z.object({ folder: z.string().min(1) })).output(z.array(foundFileSchema)),
    /** What a file says of itself; nothing is stored. */
    inspect: oc.input(z.object({ path: z.string().min(1) })).output(modelFactsSchema),
    /** Files and folders; the job reads, tries and hashes each file. */
    add: oc
      .input(z.object({ paths: z.array(z.string().min(1)).min(1).max(200), name: z.string().optional() }))
      .output(z.object({ jobId: z.string() })),
    rename: oc.input(oneModel.extend({ name: z.string().min(1).max(120) })).output(modelSchema),
    /** The record only; the file stays where it is. */
    remove: oc.input(oneModel).output(z.object({ removed: z.boolean() })),
    settings: oc.input(oneModel.extend({ settings: modelSettingsSchema })).output(modelSchema),
    /** Finds the best layout for this machine, then measures. */
    benchmark: oc.input(oneModel).output(z.object({ jobId: z.string() })),
    /** Into memory, laid out as it was calibrated (which is done first where it was not); the job ends when it is there. */
    load: oc.input(oneModel).output(z.object({ jobId: z.string() })),
    /** Why files were not added and models not loaded, newest first. */
    refusals: oc.output(z.array(refusalSchema)),
    clearRefusals: oc.output(z.object({ removed: z.number().int() })),
    unload: oc.input(oneModel).output(z.object({ unloaded: z.boolean() })),
  },
  endpoint: {
    /** Switched off at first. */
    add: oc.input(newEndpointSchema).output(modelSchema),
    /** Asks it what it can do and stores that. */
    test: oc.input(oneModel).output(modelSchema),
    enable: oc.input(oneModel.extend({ isEnabled: z.boolean() })).output(modelSchema),
    remove: oc.input(oneModel).output(z.object({ removed: z.boolean() })),
  },
  engine: {
    status: oc.output(engineStatusSchema),
    changed: oc.output(eventIterator(engineStatusSchema)),
    /** Closes the breaker. */
    reset: oc.output(engineStatusSchema),
    stop: oc.output(engineStatusSchema),
  },
};
