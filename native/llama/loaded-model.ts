import type { Llama, LlamaEmbeddingContext, LlamaModel, LlamaRankingContext } from 'node-llama-cpp';
import { AppError } from '../../electron/contract/app-error.ts';
import type { Capability } from '../host/inference.ts';
import type { Calibration, ContextShape, Device, LoadedFacts, LoadSpec } from '../host/inference-calls.ts';
import { calibrate, type CalibrateOptions, nameMachine } from './calibrate.ts';
import { listCapabilities } from './inspect.ts';
import { notNumbers } from './logits.ts';
import { requireFit } from './model-input.ts';
import { type Running, TextModel } from './text-model.ts';

/** Before a calibration: little memory, no risk. */
export function makeDefaultShape(cores: number, isOnGpu: boolean): ContextShape {
  return { sequences: isOnGpu ? 4 : 1, batchSize: 512, flashAttention: true, threads: cores };
}

type Abilities =
  | { readonly kind: 'text'; readonly text: TextModel }
  | { readonly kind: 'embed'; readonly embedder: LlamaEmbeddingContext }
  | { readonly kind: 'rank'; readonly ranker: LlamaRankingContext };

async function openAbilities(
  model: LlamaModel,
  { contextSize }: LoadSpec,
  { shape, signal }: { shape: ContextShape; signal: AbortSignal },
): Promise<Abilities> {
  const { threads, batchSize, sequences, flashAttention } = shape;
  const size = Math.min(contextSize, model.trainContextSize);
  const [capability] = listCapabilities(model.fileInfo, model.fileInsights);
  const options = { contextSize: size, threads, createSignal: signal };
  if (capability === 'embed') {
    const embedder = await model.createEmbeddingContext({ ...options, batchSize: size });
    return { kind: 'embed', embedder };
  }
  if (capability === 'rank') {
    const ranker = await model.createRankingContext({ ...options, batchSize: size });
    return { kind: 'rank', ranker };
  }
  const context = await model.createContext({
    ...options,
    batchSize: Math.min(batchSize, size * sequences),
    sequences,
    flashAttention: flashAttention && model.flashAttentionSupported,
    failedCreationRemedy: false,
  });
  return { kind: 'text', text: new TextModel(model, context) };
}

/** One model in memory, ready for calls. */
export class LoadedModel {
  readonly key: string;
  readonly facts: LoadedFacts;
  /** Calls that run now; a model is never unloaded under them. */
  calls = 0;
  /** When it was last used, by a counter. */
  usedAt = 0;
  readonly #model: LlamaModel;
  readonly #abilities: Abilities;

  private constructor(
    key: string,
    model: LlamaModel,
    { abilities, facts }: { abilities: Abilities; facts: LoadedFacts },
  ) {
    this.key = key;
    this.#model = model;
    this.#abilities = abilities;
    this.facts = facts;
  }

  static async load(
    llama: Llama,
    spec: LoadSpec,
    options: {
      readonly shape: ContextShape;
      readonly gpuLayers: number;
      readonly signal: AbortSignal;
      readonly onProgress: (share: number) => void;
    },
  ): Promise<LoadedModel> {
    const { shape, gpuLayers, signal, onProgress } = options;
    const model = await llama.loadModel({
      modelPath: spec.path,
      gpuLayers,
      loadSignal: signal,
      onLoadProgress: onProgress,
    });
    try {
      const abilities = await openAbilities(model, spec, { shape, signal });
      const { ram, vram } = model.memoryUsage;
      const facts: LoadedFacts = {
        contextSize: Math.min(spec.contextSize, model.trainContextSize),
        sequences: abilities.kind === 'text' ? shape.sequences : 1,
        gpuLayers: model.gpuLayers,
        capabilities: listCapabilities(model.fileInfo, model.fileInsights),
        ram,
        vram,
      };
      return new LoadedModel(spec.key, model, { abilities, facts });
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  /** Throws MODEL_LACKS_CAPABILITY for a model that does not write. */
  requireText(capability: Capability): TextModel {
    if (this.#abilities.kind === 'text') return this.#abilities.text;
    throw this.#lacks(capability);
  }

  /** P4. Throws INPUT_TOO_LONG. */
  async embed(text: string): Promise<Float32Array> {
    if (this.#abilities.kind !== 'embed') throw this.#lacks('embed');
    const { embedder } = this.#abilities;
    requireFit(embedder.calculateInputLength(text), this.facts.contextSize);
    const { vector } = await embedder.getEmbeddingFor(text);
    const length = Math.hypot(...vector);
    if (!Number.isFinite(length) || length === 0) throw notNumbers();
    return Float32Array.from(vector, (value) => value / length);
  }

  async rank(query: string, document: string): Promise<number> {
    if (this.#abilities.kind !== 'rank') throw this.#lacks('rank');
    const { ranker } = this.#abilities;
    const needed = this.#model.tokenize(query).length + this.#model.tokenize(document).length + 4;
    requireFit(needed, this.facts.contextSize);
    const score = await ranker.rank(query, document);
    if (!Number.isFinite(score)) throw notNumbers();
    return score;
  }

  count(text: string): number {
    return this.#model.tokenize(text, false).length;
  }

  /** Asks it something short, so that a file that breaks what runs it breaks it now. */
  async tryOnce(running: Running): Promise<void> {
    if (this.#abilities.kind === 'text') await this.#abilities.text.prefill(4, running);
    else if (this.#abilities.kind === 'embed') await this.embed('a');
    else await this.rank('a', 'b');
  }

  /** Finds the best layout for its contexts; one that does not write has only one layout. */
  async calibrate(device: Device, options: CalibrateOptions): Promise<Calibration> {
    if (this.#abilities.kind === 'text') return calibrate(this.#model, device, options);
    const shape = { ...options.start, sequences: 1 };
    return { shape, trials: [], machine: nameMachine(device) };
  }

  async dispose(): Promise<void> {
    await this.#model.dispose();
  }

  #lacks(capability: Capability): AppError {
    return new AppError(
      'MODEL_LACKS_CAPABILITY',
      `The model was not asked: it cannot ${capability}; it can ${this.facts.capabilities.join(', ')}. Choose a model that can.`,
      { capability, capabilities: this.facts.capabilities },
    );
  }
}
