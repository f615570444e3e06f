import { texts } from './gguf-writer.ts';
import type { GgufContent } from './gguf-writer.ts';
import { llamaMetadata } from './llama-metadata.ts';
import { createVocabulary, BEGIN, MARKER, TURN_END } from './vocabulary.ts';
import { matrix, Residual, SURE, wire } from './wiring.ts';
import type { Reading } from './wiring.ts';

const FEATURES = ['begin', 'separator', 'marker', 'afterSeparator', 'relevant'] as const;
type Feature = (typeof FEATURES)[number];

const SIZE = { width: 64, heads: 2, headWidth: 16, feedForward: 32 };
const GAIN = 4;

/**
 * A reranker: score s(+2) = 0.8808 for a document with a marker and s(-2) = 0.1192 without, whatever the query.
 *
 * llama.cpp's llama architecture has no classification head, so this is a qwen3, which reads the last token's features
 * through cls.output into one logit per label and takes their softmax. The input is begin, query, end, document, end:
 * layer 1 notes on each token whether an end came before it, layer 2 looks for a marker that has one.
 */
export function createReranker(): GgufContent {
  const vocabulary = createVocabulary();
  const residual = new Residual(FEATURES, SIZE.width);
  const features = new Map<number, Reading<Feature>>([
    [vocabulary.id(BEGIN), { begin: 1 }],
    [vocabulary.id(TURN_END), { separator: 1 }],
    [vocabulary.id(MARKER), { marker: 1 }],
  ]);
  const labels = new Float32Array(2 * SIZE.width);
  residual.writeRow(labels, 0, { relevant: GAIN, one: -GAIN / 2 });
  const metadata = llamaMetadata({
    ...SIZE,
    name: 'marker reranker',
    vocabulary,
    layers: 2,
    architecture: 'qwen3',
  });
  metadata.set('qwen3.classifier.output_labels', texts(['yes', 'no']));
  return {
    metadata,
    tensors: [
      ...wire<Feature>(
        {
          embedding: (token) => features.get(token) ?? {},
          layers: [
            [
              {
                channels: [{ query: { one: SURE }, key: { separator: 1, begin: 0.5 } }],
                carries: { afterSeparator: { separator: 1 } },
              },
            ],
            [
              {
                channels: [{ query: { one: SURE }, key: { marker: 1, afterSeparator: 1, begin: 1.5 } }],
                carries: { relevant: { marker: 1 } },
              },
            ],
          ],
          logits: () => ({}),
        },
        residual,
        { ...SIZE, tokens: vocabulary.pieces.length, qkNorm: true },
      ),
      matrix('cls.output.weight', [SIZE.width, 2], labels),
    ],
  };
}
