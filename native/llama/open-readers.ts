import type { LlamaModel } from 'node-llama-cpp';
import type { ContextShape, Scoring } from '../host/inference-calls.ts';
import { LibraryReader } from './library-reader.ts';
import { NativeReader } from './native-reader.ts';
import type { Scorer } from './scorer-addon.ts';
import { TextModel } from './text-model.ts';
import type { TokenReader } from './token-reader.ts';

export interface OpenReadersOptions {
  readonly contextSize: number;
  readonly shape: ContextShape;
  readonly signal: AbortSignal;
  readonly scorer: Scorer;
}

/** A model that reads and writes, and how it reads. */
export interface Readers {
  readonly text: TextModel;
  readonly scoring: Scoring;
  readonly scorer: Scorer;
  dispose(): Promise<void>;
}

async function openLibraryReader(
  model: LlamaModel,
  { contextSize, shape, signal }: Omit<OpenReadersOptions, 'scorer'>,
): Promise<LibraryReader> {
  const { sequences, batchSize, flashAttention, threads } = shape;
  const context = await model.createContext({
    ...{ contextSize, sequences, threads, createSignal: signal },
    batchSize: Math.min(batchSize, contextSize * sequences),
    flashAttention: flashAttention && model.flashAttentionSupported,
    failedCreationRemedy: false,
  });
  return new LibraryReader(context);
}

async function openNativeReader(
  model: LlamaModel,
  { contextSize, shape, scorer }: OpenReadersOptions,
): Promise<{ reader: TokenReader | undefined; scoring: Scoring }> {
  if (!scorer.addon) return { reader: undefined, scoring: scorer.scoring };
  try {
    const reader = await NativeReader.open(scorer.addon, model, { contextSize, shape });
    return { reader, scoring: scorer.scoring };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { reader: undefined, scoring: { path: 'slow', why } };
  }
}

/**
 * The readers of a loaded model: the addon's where it serves, and then the library's own context, which costs as much
 * memory again, only when something is to be written. Both use the same weights. To be disposed before the model.
 */
export async function openReaders(model: LlamaModel, options: OpenReadersOptions): Promise<Readers> {
  const opened: TokenReader[] = [];
  const openWriter = async (signal = new AbortController().signal) => {
    const writer = await openLibraryReader(model, { ...options, signal });
    opened.push(writer);
    return writer;
  };
  const { reader, scoring } = await openNativeReader(model, options);
  const { scorer } = options;
  const dispose = async () => {
    for (const one of opened) await one.dispose();
  };
  if (reader) {
    opened.push(reader);
    return { text: new TextModel(model, reader, openWriter), scoring, scorer, dispose };
  }
  const only = await openWriter(options.signal);
  return { text: new TextModel(model, only, async () => only), scoring, scorer, dispose };
}
