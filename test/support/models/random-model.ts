import { seeded } from '../seeded.ts';
import type { GgufContent, GgufTensor } from './gguf-writer.ts';
import { u32 } from './gguf-writer.ts';
import { llamaMetadata } from './llama-metadata.ts';
import type { TensorType } from './tensor-encoding.ts';
import { createVocabulary } from './vocabulary.ts';

export interface RandomModelOptions {
  seed?: number;
  /** How the matrices are stored; norms stay F32. */
  storage?: TensorType;
}

const SHAPE = { width: 64, heads: 4, headWidth: 16, feedForward: 128, layers: 2, keyHeads: 2 };
const FILE_TYPES = { F32: 0, F16: 1, Q8_0: 7 } satisfies Record<TensorType, number>;

/**
 * Two ordinary llama layers with seeded normal weights, grouped-query attention and the usual RoPE: nothing to say, but
 * every piece of the machinery at work. Logits have a standard deviation of about 2, so distributions are uneven.
 */
export function createRandomModel({ seed = 1, storage = 'F32' }: RandomModelOptions = {}): GgufContent {
  const vocabulary = createVocabulary();
  const normal = normals(seed);
  const { width, heads, keyHeads, headWidth, feedForward, layers } = SHAPE;
  const matrix = (name: string, inputs: number, outputs: number, deviation: number): GgufTensor => ({
    name,
    shape: [inputs, outputs],
    type: storage,
    values: Float32Array.from({ length: inputs * outputs }, () => normal() * deviation),
  });
  const norm = (name: string): GgufTensor => ({
    name,
    shape: [width],
    type: 'F32',
    values: new Float32Array(width).fill(1),
  });
  const metadata = llamaMetadata({ ...SHAPE, name: `random ${seed}`, vocabulary, frequencyBase: 10_000 });
  metadata.set('general.file_type', u32(FILE_TYPES[storage]));
  if (storage === 'Q8_0') metadata.set('general.quantization_version', u32(2));
  const spread = 1 / Math.sqrt(width);
  return {
    metadata,
    tensors: [
      matrix('token_embd.weight', width, vocabulary.pieces.length, 1),
      norm('output_norm.weight'),
      matrix('output.weight', width, vocabulary.pieces.length, 2 * spread),
      ...Array.from({ length: layers }, (_, layer) => `blk.${layer}.`).flatMap((block) => [
        norm(`${block}attn_norm.weight`),
        matrix(`${block}attn_q.weight`, width, heads * headWidth, spread),
        matrix(`${block}attn_k.weight`, width, keyHeads * headWidth, spread),
        matrix(`${block}attn_v.weight`, width, keyHeads * headWidth, spread),
        matrix(`${block}attn_output.weight`, heads * headWidth, width, spread),
        norm(`${block}ffn_norm.weight`),
        matrix(`${block}ffn_gate.weight`, width, feedForward, spread),
        matrix(`${block}ffn_up.weight`, width, feedForward, spread),
        matrix(`${block}ffn_down.weight`, feedForward, width, 1 / Math.sqrt(feedForward)),
      ]),
    ],
  };
}

/** Standard normal numbers from a seed (Box-Muller). */
export function normals(seed: number): () => number {
  const random = seeded(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A seed from a text, for things that should differ by name and by nothing else. */
export function seedOf(name: string): number {
  return [...name].reduce((hash, char) => (Math.imul(hash, 31) + (char.codePointAt(0) ?? 0)) >>> 0, 7);
}

/** A unit vector in a random direction. */
export function randomDirection(seed: number, length: number): Float32Array {
  const normal = normals(seed);
  const vector = Float32Array.from({ length }, normal);
  const size = Math.hypot(...vector);
  return vector.map((value) => value / size);
}
