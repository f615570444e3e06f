import type {
  CandidateDistribution,
  Capability,
  ContinuationScore,
  Generation,
  ModelInput,
} from './inference.ts';

/** How the work of one model is laid out; found by calibration, kept with the model. */
export interface ContextShape {
  /** Sequences that are processed together. */
  readonly sequences: number;
  /** Most tokens of one step, over all sequences. */
  readonly batchSize: number;
  readonly flashAttention: boolean;
  readonly threads: number;
}

/** A model as it is to be loaded. The same `key` with other members is another model. */
export interface LoadSpec {
  readonly key: string;
  /** The file, or the first part of a split one. */
  readonly path: string;
  readonly gpuLayers: 'auto' | number;
  /** Tokens of input and answer together, for each sequence. */
  readonly contextSize: number;
  /** Null: a careful default, for a model that was not calibrated yet. */
  readonly shape: ContextShape | null;
}

/** What a model file says of itself, read without loading it. */
export interface ModelFacts {
  /** All parts, in order; one for a file that is not split. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly name: string | null;
  readonly architecture: string | null;
  /** E.g. `Q4_K_M`. */
  readonly quantisation: string | null;
  readonly parameters: number;
  readonly trainContextSize: number | null;
  readonly embeddingSize: number | null;
  readonly layers: number | null;
  readonly vocabularySize: number | null;
  readonly license: string | null;
  readonly chatTemplate: string | null;
  readonly capabilities: readonly Capability[];
  /** What a context of 4,096 tokens needs on top of the weights, in bytes; null where it cannot be told. */
  readonly contextBytes: number | null;
}

/** How log-probabilities are read: whole steps in native code, or position by position through the library. */
export interface Scoring {
  readonly path: 'fast' | 'slow';
  /** Why not the fast one; null where it is. */
  readonly why: string | null;
}

export interface LoadedFacts {
  readonly contextSize: number;
  readonly sequences: number;
  readonly gpuLayers: number;
  readonly capabilities: readonly Capability[];
  readonly ram: number;
  readonly vram: number;
  /** Null for a model that does not write. */
  readonly scoring: Scoring | null;
}

export interface ShapeTrial {
  readonly shape: ContextShape;
  /** Prompt tokens processed a second. */
  readonly tokensPerSecond: number;
}

export interface Calibration {
  readonly shape: ContextShape;
  readonly trials: readonly ShapeTrial[];
  /** Where it was measured: `cpu`, `cuda` … and the number of cores; another machine calibrates anew. */
  readonly machine: string;
}

export interface BenchmarkResult {
  readonly promptTokensPerSecond: number;
  readonly generationTokensPerSecond: number;
  readonly promptTokens: number;
  readonly generatedTokens: number;
}

export interface Device {
  /** `cpu`, `cuda`, `vulkan` or `metal`. */
  readonly kind: string;
  readonly names: readonly string[];
  readonly vramTotal: number;
  readonly vramFree: number;
  readonly ramTotal: number;
  readonly ramFree: number;
  readonly cores: number;
  /** What a model gets where it fits. */
  readonly scoring: Scoring;
}

/** What an inference engine publishes of itself. */
export interface InferenceState {
  readonly device: Device | null;
  readonly models: readonly (LoadedFacts & { readonly key: string; readonly calls: number })[];
}

/** What an inference engine can be asked: its methods with their parameters and answers. */
export interface InferenceCalls {
  device: { params: null; result: Device };
  inspect: { params: { path: string }; result: ModelFacts };
  /** Loads the file and makes the smallest context, then lets go of both: what a bad file breaks, it breaks here. */
  tryOut: { params: { path: string }; result: null };
  load: { params: LoadSpec; result: LoadedFacts };
  unload: { params: { key: string }; result: null };
  score: {
    params: { key: string; input: ModelInput; continuation: string };
    result: ContinuationScore;
  };
  decide: {
    params: { key: string; input: ModelInput; candidates: readonly (readonly string[])[] };
    result: CandidateDistribution;
  };
  generate: {
    params: {
      key: string;
      input: ModelInput;
      schema: object | null;
      temperature: number;
      seed: number;
      maxTokens: number;
      isStreamed: boolean;
    };
    result: Generation;
  };
  embed: { params: { key: string; text: string }; result: Float32Array };
  rank: { params: { key: string; query: string; document: string }; result: number };
  count: { params: { key: string; text: string }; result: number };
  calibrate: { params: LoadSpec; result: Calibration };
  benchmark: { params: { key: string }; result: BenchmarkResult };
}
