import { encodeGguf, text, u32, writeWhole } from './gguf-writer.ts';
import type { GgufContent, MetadataValue } from './gguf-writer.ts';
import { createRandomModel } from './random-model.ts';

type Spoil = (model: GgufContent) => Buffer;

/** Ways in which a model file can be no good. llama.cpp refuses each with an error. */
const REFUSED = {
  empty: () => Buffer.alloc(0),
  'not a model': () => Buffer.from('{"this": "is JSON"}\n'.repeat(100)),
  'bad magic': (model) => encodeGguf(model, { magic: 'GGUX' }),
  'version from the future': (model) => encodeGguf(model, { version: 99 }),
  'cut off in the metadata': (model) => encodeGguf(model).subarray(0, 900),
  'cut off in the tensors': (model) => {
    const bytes = encodeGguf(model);
    return bytes.subarray(0, Math.floor(bytes.length * 0.6));
  },
  'unknown architecture': (model) => encodeGguf(withKey(model, 'general.architecture', text('quillama'))),
  'tensor out of bounds': (model) => encodeGguf(model, { lastTensorOffset: 2 ** 40 }),
  'tensor missing': (model) => encodeGguf({ ...model, tensors: model.tensors.slice(1) }),
  'tensor of another shape': (model) =>
    encodeGguf(withTensor(model, 'output_norm.weight', [32], (values) => values.slice(0, 32))),
  'no tokenizer': ({ metadata, tensors }) =>
    encodeGguf({
      metadata: new Map([...metadata].filter(([key]) => !key.startsWith('tokenizer.'))),
      tensors,
    }),
} satisfies Record<string, Spoil>;

/** Files on which llama.cpp fails an assertion and takes the whole process with it, at the moment the name says. */
const FATAL = {
  'no layers, fatal on load': (model) => encodeGguf(withKey(model, 'llama.block_count', u32(0))),
  'values narrower than keys, fatal on context': (model) => {
    let spoilt = withKey(model, 'llama.attention.value_length', u32(8));
    for (const { name, shape } of model.tensors.filter((tensor) => tensor.name.includes('attn_v'))) {
      const half: [number, number] = [shape[0] ?? 0, (shape[1] ?? 0) / 2];
      spoilt = withTensor(spoilt, name, half, (values) => values.slice(0, half[0] * half[1]));
    }
    return encodeGguf(spoilt);
  },
} satisfies Record<string, Spoil>;

export type RefusedDefect = keyof typeof REFUSED;
export type FatalDefect = keyof typeof FATAL;
export const REFUSED_DEFECTS = Object.keys(REFUSED) as RefusedDefect[];
export const FATAL_DEFECTS = Object.keys(FATAL) as FatalDefect[];

/** Writes a random model spoilt in one way. */
export async function writeBrokenModel(path: string, defect: RefusedDefect | FatalDefect): Promise<void> {
  const spoil: Spoil = { ...REFUSED, ...FATAL }[defect];
  await writeWhole(path, spoil(createRandomModel()));
}

/** The same model, but from the first place where `token` stands in an input all its logits are NaN. No error tells. */
export function poisonToken(model: GgufContent, token: number): GgufContent {
  const width = model.tensors.find(({ name }) => name === 'token_embd.weight')?.shape[0] ?? 0;
  return withTensor(model, 'token_embd.weight', undefined, (values) =>
    values.slice().fill(NaN, token * width, (token + 1) * width),
  );
}

function withKey(model: GgufContent, key: string, value: MetadataValue): GgufContent {
  return { ...model, metadata: new Map([...model.metadata, [key, value]]) };
}

function withTensor(
  { metadata, tensors }: GgufContent,
  name: string,
  shape: readonly number[] | undefined,
  change: (values: Float32Array) => Float32Array,
): GgufContent {
  return {
    metadata,
    tensors: tensors.map((tensor) =>
      tensor.name === name
        ? { ...tensor, shape: shape ?? tensor.shape, values: change(tensor.values) }
        : tensor,
    ),
  };
}
