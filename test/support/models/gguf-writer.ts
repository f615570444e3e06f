import { rename, writeFile } from 'node:fs/promises';
import { encodedSize, encodeTensor } from './tensor-encoding.ts';
import type { TensorType } from './tensor-encoding.ts';

/**
 * GGUF version 3, little endian: `GGUF`, version, tensor and key counts, the keys, the tensor table, padding, the data.
 * Same content, same bytes. The format is described in ggml/docs/gguf.md and read by ggml/src/gguf.cpp.
 */
export interface GgufContent {
  metadata: ReadonlyMap<string, MetadataValue>;
  tensors: readonly GgufTensor[];
}

/** `shape` is in ggml order: the row length first. A weight that maps n inputs to m outputs is [n, m], m rows of n. */
export interface GgufTensor {
  name: string;
  shape: readonly number[];
  type: TensorType;
  values: Float32Array;
}

export type ScalarType = keyof typeof SCALARS;
export type Scalar = number | bigint | boolean | string;
export type MetadataValue =
  { type: ScalarType; value: Scalar } | { type: 'array'; of: ScalarType; values: readonly Scalar[] };

export const u16 = (value: number): MetadataValue => ({ type: 'uint16', value });
export const u32 = (value: number): MetadataValue => ({ type: 'uint32', value });
export const i32 = (value: number): MetadataValue => ({ type: 'int32', value });
export const f32 = (value: number): MetadataValue => ({ type: 'float32', value });
export const bool = (value: boolean): MetadataValue => ({ type: 'bool', value });
export const text = (value: string): MetadataValue => ({ type: 'string', value });
export const texts = (values: readonly string[]): MetadataValue => ({ type: 'array', of: 'string', values });
export const i32s = (values: readonly number[]): MetadataValue => ({ type: 'array', of: 'int32', values });

const ALIGNMENT = 32;
const ARRAY = 9;
const TENSOR_TYPES = { F32: 0, F16: 1, Q8_0: 8 } satisfies Record<TensorType, number>;

/** Per scalar type: its number in the file and how a value becomes bytes. */
const SCALARS = {
  uint8: scalar(0, 1, (view, value) => view.setUint8(0, Number(value))),
  int8: scalar(1, 1, (view, value) => view.setInt8(0, Number(value))),
  uint16: scalar(2, 2, (view, value) => view.setUint16(0, Number(value), true)),
  int16: scalar(3, 2, (view, value) => view.setInt16(0, Number(value), true)),
  uint32: scalar(4, 4, (view, value) => view.setUint32(0, Number(value), true)),
  int32: scalar(5, 4, (view, value) => view.setInt32(0, Number(value), true)),
  float32: scalar(6, 4, (view, value) => view.setFloat32(0, Number(value), true)),
  bool: scalar(7, 1, (view, value) => view.setUint8(0, value ? 1 : 0)),
  string: { id: 8, encode: (value: Scalar) => ggufString(String(value)) },
  uint64: scalar(10, 8, (view, value) => view.setBigUint64(0, BigInt(value), true)),
  int64: scalar(11, 8, (view, value) => view.setBigInt64(0, BigInt(value), true)),
  float64: scalar(12, 8, (view, value) => view.setFloat64(0, Number(value), true)),
};

function scalar(id: number, size: number, write: (view: DataView, value: Scalar) => void) {
  return {
    id,
    encode: (value: Scalar) => {
      const bytes = new Uint8Array(size);
      write(new DataView(bytes.buffer), value);
      return bytes;
    },
  };
}

/** Deviations from the format, to make files that a reader must refuse. */
export interface GgufDefects {
  magic?: string;
  version?: number;
  /** Replaces the offset of the last tensor. */
  lastTensorOffset?: number;
}

/** The whole file as bytes. Throws where a tensor's values do not fill its shape. */
export function encodeGguf({ metadata, tensors }: GgufContent, defects: GgufDefects = {}): Buffer {
  const head: Uint8Array[] = [
    Buffer.from(defects.magic ?? 'GGUF'),
    SCALARS.uint32.encode(defects.version ?? 3),
    SCALARS.uint64.encode(tensors.length),
    SCALARS.uint64.encode(metadata.size),
    ...[...metadata].flatMap(([key, value]) => [ggufString(key), ...metadataBytes(value)]),
  ];
  const data: Uint8Array[] = [];
  let offset = 0;
  for (const [index, tensor] of tensors.entries()) {
    const isLast = index === tensors.length - 1;
    head.push(tensorEntry(tensor, isLast ? (defects.lastTensorOffset ?? offset) : offset));
    const bytes = encodeTensor(tensor.values, tensor.type);
    data.push(bytes, padding(bytes.length));
    offset += bytes.length + padding(bytes.length).length;
  }
  const header = Buffer.concat(head);
  return Buffer.concat([header, padding(header.length), ...data]);
}

/** Writes one file. It appears whole or not at all, so that parallel tests may share it. */
export async function writeGguf(path: string, content: GgufContent): Promise<void> {
  await writeWhole(path, encodeGguf(content));
}

/**
 * Writes `prefix-00001-of-0000N.gguf` and so on, as llama.cpp's gguf-split does: the first part holds all metadata,
 * the tensors are shared out in order. Returns the paths; a loader is given the first.
 */
export async function writeSplitGguf(prefix: string, content: GgufContent, parts: number): Promise<string[]> {
  const perPart = Math.ceil(content.tensors.length / parts);
  const paths: string[] = [];
  for (let part = 0; part < parts; part++) {
    const path = `${prefix}-${fiveDigits(part + 1)}-of-${fiveDigits(parts)}.gguf`;
    const metadata = new Map<string, MetadataValue>([
      ...(part === 0 ? content.metadata : []),
      ['split.no', u16(part)],
      ['split.count', u16(parts)],
      ['split.tensors.count', i32(content.tensors.length)],
    ]);
    await writeGguf(path, {
      metadata,
      tensors: content.tensors.slice(part * perPart, (part + 1) * perPart),
    });
    paths.push(path);
  }
  return paths;
}

/** Writes beside the target and renames over it. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  await writeFile(draft, bytes);
  await rename(draft, path);
}

function tensorEntry({ name, shape, type, values }: GgufTensor, offset: number): Uint8Array {
  const count = shape.reduce((product, length) => product * length, 1);
  if (values.length !== count || encodedSize(count, type) % 1 !== 0)
    throw new Error(`tensor ${name} has ${values.length} values for shape ${shape.join('x')}`);
  return Buffer.concat([
    ggufString(name),
    SCALARS.uint32.encode(shape.length),
    ...shape.map((length) => SCALARS.uint64.encode(length)),
    SCALARS.uint32.encode(TENSOR_TYPES[type]),
    SCALARS.uint64.encode(offset),
  ]);
}

function metadataBytes(value: MetadataValue): Uint8Array[] {
  if (value.type !== 'array') {
    const { id, encode } = SCALARS[value.type];
    return [SCALARS.uint32.encode(id), encode(value.value)];
  }
  const { id, encode } = SCALARS[value.of];
  return [
    SCALARS.uint32.encode(ARRAY),
    SCALARS.uint32.encode(id),
    SCALARS.uint64.encode(value.values.length),
    ...value.values.map(encode),
  ];
}

function ggufString(value: string): Uint8Array {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([SCALARS.uint64.encode(bytes.length), bytes]);
}

function padding(length: number): Uint8Array {
  return new Uint8Array((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);
}

function fiveDigits(value: number): string {
  return String(value).padStart(5, '0');
}
