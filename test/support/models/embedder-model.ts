import type { GgufContent, GgufTensor } from './gguf-writer.ts';
import { u32 } from './gguf-writer.ts';
import { llamaMetadata } from './llama-metadata.ts';
import { normals, randomDirection, seedOf } from './random-model.ts';
import { createVocabulary } from './vocabulary.ts';
import { matrix } from './wiring.ts';

/**
 * An embedding model: the mean over tokens, which are single bytes here, of a sketch of letter pairs, case ignored. Texts that share many neighbouring
 * letters get a high cosine, others one near that of any two English texts.
 *
 * The residual's 128 dimensions: 0-31 the token's code, a random direction per lower-cased letter; 32-63 the code of the
 * token before it; 64-126 pair features; 127 the constant that keeps RMSNorm's divisor the same for every token.
 *
 * Attention: two heads with the same constant query and key, which RoPE turns with the position. The query is turned
 * back by one step, so the score is a sum of cosines that peaks one token back; each head copies half of the code.
 * Feed-forward: unit j takes (g_j . code) * (u_j . code before), with random g and u; SwiGLU's silu(x) - silu(-x) = x
 * makes the product exact with two units each. Such products are a sketch of the outer product of both codes, so the dot
 * product of two pair features is about 1 when both letters agree and about 0 otherwise.
 * Last norm: its weights let the pair features and, weaker, the codes through. Pooling is the mean.
 */
export function createEmbedder(): GgufContent {
  const vocabulary = createVocabulary({ words: [] });
  const metadata = llamaMetadata({
    ...SIZE,
    name: 'letter pair embedder',
    vocabulary,
    layers: 1,
    frequencyBase: 10_000,
  });
  metadata.set('llama.pooling_type', u32(MEAN_POOLING));
  const embeddings = new Float32Array(WIDTH * vocabulary.pieces.length);
  vocabulary.readings.forEach((reading, token) => {
    if (vocabulary.kinds[token] !== 'control')
      embeddings.set(randomDirection(seedOf(reading.toLowerCase()), CODE), token * WIDTH);
    embeddings[token * WIDTH + CONSTANT] = ANCHOR;
  });
  return {
    metadata,
    tensors: [
      matrix('token_embd.weight', [WIDTH, vocabulary.pieces.length], embeddings),
      matrix('output_norm.weight', [WIDTH], outputNorm()),
      ...lookOneBack(),
      ...pairFeatures(),
    ],
  };
}

const WIDTH = 128;
const CODE = 32;
const BEFORE = 32;
const PAIRS = 64;
const PAIR_COUNT = 63;
const CONSTANT = 127;
const ANCHOR = 1000;
const MEAN_POOLING = 1;
const SIZE = { width: WIDTH, heads: 2, headWidth: 16, feedForward: 128 };
/** How far the score one token back stands above its neighbours': at least 0.46 of this. */
const SHARPNESS = 30;
const CODE_WEIGHT = 0.3;

function lookOneBack(): GgufTensor[] {
  const { heads, headWidth } = SIZE;
  const inner = heads * headWidth;
  const query = new Float32Array(inner * WIDTH);
  const key = new Float32Array(inner * WIDTH);
  const value = new Float32Array(inner * WIDTH);
  const out = new Float32Array(WIDTH * inner);
  const size = Math.sqrt(SHARPNESS);
  for (let row = 0; row < inner; row += 2) {
    const turn = 10_000 ** (-(row % headWidth) / headWidth);
    key[row * WIDTH + CONSTANT] = size;
    query[row * WIDTH + CONSTANT] = size * Math.sqrt(headWidth) * Math.cos(turn);
    query[(row + 1) * WIDTH + CONSTANT] = -size * Math.sqrt(headWidth) * Math.sin(turn);
  }
  for (let dimension = 0; dimension < CODE; dimension++) {
    value[dimension * WIDTH + dimension] = 1;
    out[(BEFORE + dimension) * inner + dimension] = 1;
  }
  return [
    matrix('blk.0.attn_norm.weight', [WIDTH], normWeight()),
    matrix('blk.0.attn_q.weight', [WIDTH, inner], query),
    matrix('blk.0.attn_k.weight', [WIDTH, inner], key),
    matrix('blk.0.attn_v.weight', [WIDTH, inner], value),
    matrix('blk.0.attn_output.weight', [inner, WIDTH], out),
  ];
}

function pairFeatures(): GgufTensor[] {
  const { feedForward } = SIZE;
  const normal = normals(seedOf('letter pairs'));
  const gate = new Float32Array(feedForward * WIDTH);
  const up = new Float32Array(feedForward * WIDTH);
  const down = new Float32Array(WIDTH * feedForward);
  for (let pair = 0; pair < PAIR_COUNT; pair++) {
    for (let dimension = 0; dimension < CODE; dimension++) {
      const ofCode = normal();
      const ofBefore = normal();
      for (const [unit, sign] of [
        [2 * pair, 1],
        [2 * pair + 1, -1],
      ] as const) {
        gate[unit * WIDTH + dimension] = sign * ofCode;
        up[unit * WIDTH + BEFORE + dimension] = ofBefore;
        down[(PAIRS + pair) * feedForward + unit] = sign / Math.sqrt(PAIR_COUNT);
      }
    }
  }
  return [
    matrix('blk.0.ffn_norm.weight', [WIDTH], normWeight()),
    matrix('blk.0.ffn_gate.weight', [WIDTH, feedForward], gate),
    matrix('blk.0.ffn_up.weight', [WIDTH, feedForward], up),
    matrix('blk.0.ffn_down.weight', [feedForward, WIDTH], down),
  ];
}

/** Undoes the divisor, and makes the constant 1. */
function normWeight(): Float32Array {
  const weight = new Float32Array(WIDTH).fill(ANCHOR / Math.sqrt(WIDTH));
  weight[CONSTANT] = 1 / Math.sqrt(WIDTH);
  return weight;
}

function outputNorm(): Float32Array {
  const weight = normWeight();
  weight[CONSTANT] = 0;
  weight.fill((CODE_WEIGHT * ANCHOR) / Math.sqrt(WIDTH), 0, CODE);
  weight.fill(0, BEFORE, BEFORE + CODE);
  return weight;
}
