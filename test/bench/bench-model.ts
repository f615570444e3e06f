import { encodeGguf, u32, writeWhole } from '../support/models/gguf-writer.ts';
import type { GgufTensor } from '../support/models/gguf-writer.ts';
import { llamaMetadata } from '../support/models/llama-metadata.ts';
import { createVocabulary } from '../support/models/vocabulary.ts';
import { seeded } from '../support/seeded.ts';

/** 27 million parameters, the inner shape of a small real model; the vocabulary is that of the test models. */
const shape = { width: 512, heads: 8, keyHeads: 8, headWidth: 64, feedForward: 1_536, layers: 8 };

/** Writes a llama with seeded random weights in half precision: it says nothing, but it costs what it should. */
export async function writeBenchModel(file: string): Promise<{ parameters: number }> {
  const vocabulary = createVocabulary();
  const random = seeded(1);
  const { width, feedForward, layers } = shape;
  const matrix = (name: string, inputs: number, outputs: number): GgufTensor => ({
    name,
    shape: [inputs, outputs],
    type: 'F16',
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
  metadata.set('general.file_type', u32(1));
  await writeWhole(file, encodeGguf({ metadata, tensors }));
  return { parameters: tensors.reduce((sum, { values }) => sum + values.length, 0) };
}
