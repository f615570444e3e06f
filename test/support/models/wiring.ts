import type { GgufTensor } from './gguf-writer.ts';

/**
 * A small attention network described by what it does instead of by matrices.
 *
 * The residual stream of each token holds named features, one dimension each, plus `one`, which is 1 everywhere. A
 * token starts with the features `embedding` gives it. A head compares a query with keys through its channels (score =
 * sum over channels of query times key, both read from the features) and carries features of the tokens it attends to
 * into other features of the token that asks. `logits` reads the next token's scores from the last features.
 *
 * What makes this hold in a real transformer:
 * - RMSNorm divides by the root mean square of all dimensions. Dimension `one` holds ANCHOR = 1,000 and outweighs the
 *   rest, so the divisor is ANCHOR / sqrt(width) for every token up to about one part in 10^5; the norm's weights undo it.
 * - RoPE turns pairs of dimensions with the position. The frequency base is so high that all pairs but the first two
 *   stand still, and channels use dimensions 4 to 7 of a head, in both of llama.cpp's pair orders.
 * - The cache keeps keys and values as half floats: scores that decide something differ by more than their rounding.
 * - The feed-forward part is all zeros.
 */
export interface Wiring<F extends string> {
  embedding: (token: number) => Reading<F>;
  layers: readonly (readonly Head<F>[])[];
  logits: (token: number) => Reading<F>;
}

/** A linear form over features. */
export type Reading<F extends string> = Partial<Record<F | 'one', number>>;

export interface Head<F extends string> {
  channels: readonly { query: Reading<F>; key: Reading<F> }[];
  carries: Partial<Record<F, Reading<F>>>;
}

export interface Size {
  width: number;
  heads: number;
  headWidth: number;
  feedForward: number;
}

/** Attention is fully taken by a token whose score is this much above another's: exp(-40). */
export const SURE = 40;
export const FREQUENCY_BASE = 1e38;
const ANCHOR = 1000;
const FIRST_STILL_DIMENSION = 4;
const MOST_CHANNELS = 4;

/** Where each feature lives; `one` is dimension 0. */
export class Residual<F extends string> {
  private readonly dimensions = new Map<string, number>([['one', 0]]);

  constructor(
    features: readonly F[],
    readonly width: number,
  ) {
    for (const feature of features) this.dimensions.set(feature, this.dimensions.size);
    if (this.dimensions.size > width)
      throw new Error(`${this.dimensions.size} features do not fit ${width} dimensions`);
  }

  dimension(feature: F | 'one'): number {
    const dimension = this.dimensions.get(feature);
    if (dimension === undefined) throw new Error(`no feature ${feature}`);
    return dimension;
  }

  /** Writes a linear form into row `row` of a weight whose rows read the residual. */
  writeRow(weight: Float32Array, row: number, reading: Reading<F>, factor = 1): void {
    for (const [feature, value] of entriesOf(reading))
      weight[row * this.width + this.dimension(feature)] = value * factor;
  }

  /** The norm weight after which each feature reads as its own value and `one` as 1. */
  normWeight(): Float32Array {
    const perFeature = ANCHOR / Math.sqrt(this.width);
    const weight = new Float32Array(this.width).fill(perFeature);
    weight[this.dimension('one')] = perFeature / ANCHOR;
    return weight;
  }

  /** A token's residual at the start. */
  embed(reading: Reading<F>): Float32Array {
    const vector = new Float32Array(this.width);
    this.writeRow(vector, 0, reading);
    vector[this.dimension('one')] = ANCHOR;
    return vector;
  }
}

/** The tensors of an architecture with llama's names. `qkNorm` adds qwen3's norms of queries and keys. */
export function wire<F extends string>(
  wiring: Wiring<F>,
  residual: Residual<F>,
  size: Size & { tokens: number; qkNorm?: boolean },
): GgufTensor[] {
  const { width } = size;
  const tokens = Array.from({ length: size.tokens }, (_, token) => token);
  const embeddings = new Float32Array(size.tokens * width);
  const output = new Float32Array(size.tokens * width);
  for (const token of tokens) {
    embeddings.set(residual.embed(wiring.embedding(token)), token * width);
    residual.writeRow(output, token, wiring.logits(token));
  }
  return [
    matrix('token_embd.weight', [width, size.tokens], embeddings),
    matrix('output_norm.weight', [width], residual.normWeight()),
    matrix('output.weight', [width, size.tokens], output),
    ...wiring.layers.flatMap((heads, layer) => wireLayer(heads, residual, { ...size, layer })),
  ];
}

function wireLayer<F extends string>(
  heads: readonly Head<F>[],
  residual: Residual<F>,
  {
    width,
    heads: headCount,
    headWidth,
    feedForward,
    qkNorm,
    layer,
  }: Size & { qkNorm?: boolean; layer: number },
): GgufTensor[] {
  if (heads.length > headCount) throw new Error(`layer ${layer} wants ${heads.length} heads of ${headCount}`);
  const inner = headCount * headWidth;
  const query = new Float32Array(inner * width);
  const key = new Float32Array(inner * width);
  const value = new Float32Array(inner * width);
  const out = new Float32Array(width * inner);
  heads.forEach((head, index) => {
    const base = index * headWidth;
    if (head.channels.length > MOST_CHANNELS) throw new Error(`a head has ${MOST_CHANNELS} channels`);
    head.channels.forEach((channel, number) => {
      const row = base + FIRST_STILL_DIMENSION + number;
      residual.writeRow(query, row, channel.query, Math.sqrt(headWidth));
      residual.writeRow(key, row, channel.key);
    });
    entriesOf(head.carries).forEach(([feature, reading], slot) => {
      residual.writeRow(value, base + slot, reading);
      out[residual.dimension(feature) * inner + base + slot] = 1;
    });
    if (qkNorm) {
      residual.writeRow(query, base, { one: ANCHOR } as Reading<F>);
      residual.writeRow(key, base, { one: ANCHOR } as Reading<F>);
    }
  });
  const name = (part: string) => `blk.${layer}.${part}.weight`;
  return [
    matrix(name('attn_norm'), [width], residual.normWeight()),
    matrix(name('attn_q'), [width, inner], query),
    matrix(name('attn_k'), [width, inner], key),
    matrix(name('attn_v'), [width, inner], value),
    matrix(name('attn_output'), [inner, width], out),
    matrix(name('ffn_norm'), [width], residual.normWeight()),
    matrix(name('ffn_gate'), [width, feedForward], new Float32Array(width * feedForward)),
    matrix(name('ffn_up'), [width, feedForward], new Float32Array(width * feedForward)),
    matrix(name('ffn_down'), [feedForward, width], new Float32Array(width * feedForward)),
    ...(qkNorm ? ['attn_q_norm', 'attn_k_norm'].map((norm) => headNorm(name(norm), headWidth)) : []),
  ];
}

/** Undoes a norm over one head: dimension 0 holds ANCHOR to fix the divisor and is itself left out of the scores. */
function headNorm(name: string, headWidth: number): GgufTensor {
  const weight = new Float32Array(headWidth).fill(ANCHOR / Math.sqrt(headWidth));
  weight[0] = 0;
  return matrix(name, [headWidth], weight);
}

export function matrix(name: string, shape: readonly number[], values: Float32Array): GgufTensor {
  return { name, shape, type: 'F32', values };
}

function entriesOf<K extends string, V>(record: Partial<Record<K, V>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}
