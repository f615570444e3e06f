import { f32, text, u32 } from './gguf-writer.ts';
import type { MetadataValue } from './gguf-writer.ts';
import { vocabularyMetadata } from './vocabulary.ts';
import type { Vocabulary } from './vocabulary.ts';
import { FREQUENCY_BASE } from './wiring.ts';
import type { Size } from './wiring.ts';

export interface LlamaShape extends Size {
  name: string;
  vocabulary: Vocabulary;
  layers: number;
  keyHeads?: number;
  architecture?: string;
  frequencyBase?: number;
}

/** The context length the test models claim to be trained for, in tokens. */
export const CONTEXT_LENGTH = 16_384;

/** The keys every llama-like test model needs. All tensors are F32 unless the caller says otherwise. */
export function llamaMetadata(shape: LlamaShape): Map<string, MetadataValue> {
  const architecture = shape.architecture ?? 'llama';
  const own = (key: string) => `${architecture}.${key}`;
  return new Map<string, MetadataValue>([
    ['general.architecture', text(architecture)],
    ['general.type', text('model')],
    ['general.name', text(shape.name)],
    ['general.license', text('apache-2.0')],
    ['general.file_type', u32(0)],
    [own('context_length'), u32(CONTEXT_LENGTH)],
    [own('embedding_length'), u32(shape.width)],
    [own('block_count'), u32(shape.layers)],
    [own('feed_forward_length'), u32(shape.feedForward)],
    [own('attention.head_count'), u32(shape.heads)],
    [own('attention.head_count_kv'), u32(shape.keyHeads ?? shape.heads)],
    [own('attention.key_length'), u32(shape.headWidth)],
    [own('attention.value_length'), u32(shape.headWidth)],
    [own('attention.layer_norm_rms_epsilon'), f32(1e-6)],
    [own('rope.dimension_count'), u32(shape.headWidth)],
    [own('rope.freq_base'), f32(shape.frequencyBase ?? FREQUENCY_BASE)],
    [own('vocab_size'), u32(shape.vocabulary.pieces.length)],
    ...vocabularyMetadata(shape.vocabulary),
  ]);
}
