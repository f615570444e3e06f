import { encodeGguf, u32, writeWhole } from '../support/models/gguf-writer.ts';
import type { GgufTensor } from '../support/models/gguf-writer.ts';
import { llamaMetadata } from '../support/models/llama-metadata.ts';
import { createVocabulary, type Vocabulary } from '../support/models/vocabulary.ts';
import { seeded } from '../support/seeded.ts';

/** 27 million parameters, the inner shape of a small real model; the vocabulary is that of the test models. */
const readingShape = { width: 512, heads: 8, keyHeads: 8, headWidth: 64, feedForward: 1_536, layers: 8 };

/** 31 million parameters, most of them in a vocabulary as long as that of real models. */
const scoringShape = { width: 256, heads: 4, keyHeads: 4, headWidth: 64, feedForward: 768, layers: 6 };
const longVocabulary = 50_000;

/** The vocabulary with tokens behind it that no text is made of: rows of logits as long as a real model's. */
function lengthen(vocabulary: Vocabulary, length: number): Vocabulary {
  const more = Array.from(
    { length: length - vocabulary.pieces.length },
    (_, index) => `\u0120${index}\u0120`,
  );
  return {
    ...vocabulary,
    pieces: [...vocabulary.pieces, ...more],
    readings: [...vocabulary.readings, ...more],
    kinds: [...vocabulary.kinds, ...more.map(() => 'normal' as const)],
  };
}

/**
 * Writes a llama with seeded random weights in eight bits: it says nothing, but it costs what it should. Not in half
 * precision: that multiplication runs at half speed in the libraries node-llama-cpp ships, others do not. `reading`
 * is mostly layers, `scoring` mostly vocabulary.
 */
export async function writeBenchModel(
  file: string,
  kind: 'reading' | 'scoring' = 'reading',
): Promise<{ parameters: number }> {
  const isScoring = kind === 'scoring';
  const shape = isScoring ? scoringShape : readingShape;
  const vocabulary = isScoring ? lengthen(createVocabulary(), longVocabulary) : createVocabulary();
  const random = seeded(1);
  const { width, feedForward, layers } = shape;
  const matrix = (name: string, inputs: number, outputs: number): GgufTensor => ({
    name,
    shape: [inputs, outputs],
    type: 'Q8_0',
    // Evenly spread with the deviation a layer needs to keep the size of its input.
    values: Float32Array.from(
      { length: inputs * outputs },
      () => ((random() - 0.5) * 3.46) / Math.sqrt(inputs),
    ),
  });
  const norm = (name: string): GgufTensor => ({
    name,
    shape: [width],
    type: 'F32',
    values: new Float32Array(width).fill(1),
  });
  const blocks = Array.from({ length: layers }, (_, layer) => `blk.${layer}.`).flatMap((block) => [
    norm(`${block}attn_norm.weight`),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((name) =>
      matrix(`${block}${name}.weight`, width, width),
    ),
    norm(`${block}ffn_norm.weight`),
    matrix(`${block}ffn_gate.weight`, width, feedForward),
    matrix(`${block}ffn_up.weight`, width, feedForward),
    matrix(`${block}ffn_down.weight`, feedForward, width),
  ]);
  const tensors = [
    matrix('token_embd.weight', width, vocabulary.pieces.length),
    norm('output_norm.weight'),
    matrix('output.weight', width, vocabulary.pieces.length),
    ...blocks,
  ];
  const metadata = llamaMetadata({ ...shape, name: 'bench', vocabulary, frequencyBase: 10_000 });
  metadata.set('general.file_type', u32(7));
  metadata.set('general.quantization_version', u32(2));
  await writeWhole(file, encodeGguf({ metadata, tensors }));
  return { parameters: tensors.reduce((sum, { values }) => sum + values.length, 0) };
}
