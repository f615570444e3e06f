import type { Llama, LlamaEmbeddingContext, LlamaModel, LlamaRankingContext } from 'node-llama-cpp';
import { AppError } from '../../electron/contract/app-error.ts';
import type { Capability } from '../host/inference.ts';
import type { Calibration, ContextShape, Device, LoadedFacts, LoadSpec } from '../host/inference-calls.ts';
import { calibrate, type CalibrateOptions, nameMachine, type OpenTrial } from './calibrate.ts';
import { listCapabilities } from './inspect.ts';
import { notNumbers } from './logits.ts';
import { requireFit } from './model-input.ts';
import { openReaders, type OpenReadersOptions, type Readers } from './open-readers.ts';
import type { Scorer } from './scorer-addon.ts';
import type { TextModel } from './text-model.ts';
import type { Running } from './token-reader.ts';

/** Before a calibration: little memory, no risk. */
export function makeDefaultShape(cores: number, isOnGpu: boolean): ContextShape {
  return { sequences: isOnGpu ? 4 : 1, batchSize: 512, flashAttention: true, threads: cores };
}

type Abilities =
  | { readonly kind: 'text'; readonly readers: Readers }
  | { readonly kind: 'embed'; readonly embedder: LlamaEmbeddingContext }
  | { readonly kind: 'rank'; readonly ranker: LlamaRankingContext };

async function openAbilities(model: LlamaModel, options: OpenReadersOptions): Promise<Abilities> {
  const { contextSize, shape, signal } = options;
  const [capability] = listCapabilities(model.fileInfo, model.fileInsights);
  const plain = { contextSize, batchSize: contextSize, threads: shape.threads, createSignal: signal };
  if (capability === 'embed') return { kind: 'embed', embedder: await model.createEmbeddingContext(plain) };
  if (capability === 'rank') return { kind: 'rank', ranker: await model.createRankingContext(plain) };
  return { kind: 'text', readers: await openReaders(model, options) };
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
      readonly scorer: Scorer;
    },
  ): Promise<LoadedModel> {
    const { shape, gpuLayers, signal, onProgress, scorer } = options;
    const model = await llama.loadModel({
      modelPath: spec.path,
      gpuLayers,
      loadSignal: signal,
      onLoadProgress: onProgress,
    });
    try {
      const contextSize = Math.min(spec.contextSize, model.trainContextSize);
      const abilities = await openAbilities(model, { contextSize, shape, signal, scorer });
      const { ram, vram } = model.memoryUsage;
      const facts: LoadedFacts = {
        contextSize,
        sequences: abilities.kind === 'text' ? shape.sequences : 1,
        gpuLayers: model.gpuLayers,
        capabilities: listCapabilities(model.fileInfo, model.fileInsights),
        ram,
        vram,
        scoring: abilities.kind === 'text' ? abilities.readers.scoring : null,
      };
      return new LoadedModel(spec.key, model, { abilities, facts });
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  /** Throws MODEL_LACKS_CAPABILITY for a model that does not write. */
  requireText(capability: Capability): TextModel {
    if (this.#abilities.kind === 'text') return this.#abilities.readers.text;
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
    if (this.#abilities.kind === 'text') await this.#abilities.readers.text.prefill(4, running);
    else if (this.#abilities.kind === 'embed') await this.embed('a');
    else await this.rank('a', 'b');
  }

  /** Finds the best layout for its contexts; one that does not write has only one layout. */
  async calibrate(device: Device, options: CalibrateOptions): Promise<Calibration> {
    if (this.#abilities.kind === 'text') {
      const { scorer } = this.#abilities.readers;
      const { contextSize } = this.facts;
      const openTrial: OpenTrial = (shape, signal) =>
        openReaders(this.#model, { contextSize, shape, signal, scorer }).catch(() => undefined);
      return calibrate(openTrial, device, options);
    }
    const shape = { ...options.start, sequences: 1 };
    return { shape, trials: [], machine: nameMachine(device) };
  }

  async dispose(): Promise<void> {
    if (this.#abilities.kind === 'text') await this.#abilities.readers.dispose();
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
