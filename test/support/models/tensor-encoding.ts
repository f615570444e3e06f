/** How a tensor's numbers are stored: plain floats, half floats, or llama.cpp's blocks of 32 signed bytes. */
export type TensorType = 'F32' | 'F16' | 'Q8_0';

const BLOCK = 32;

/** The bytes of `values`. Q8_0 needs a multiple of 32 values; each block is a half-float scale and 32 int8. */
export function encodeTensor(values: Float32Array, type: TensorType): Uint8Array {
  if (type === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (type === 'F16') {
    const halves = Uint16Array.from(values, toHalf);
    return new Uint8Array(halves.buffer);
  }
  return encodeQ8(values);
}

/** Bytes that `count` values take. */
export function encodedSize(count: number, type: TensorType): number {
  if (type === 'F32') return count * 4;
  if (type === 'F16') return count * 2;
  return (count / BLOCK) * (BLOCK + 2);
}

/** Half-float bits of `value`, rounded to nearest, ties to even (IEEE 754 binary16). */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const step = 2 ** (exponent - 10);
  const steps = roundHalfToEven(size / step);
  if (exponent === -14) return sign | steps;
  return sign | (((exponent + 14) << 10) + steps);
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest > 0.5 || (rest === 0.5 && floor % 2 === 1)) return floor + 1;
  return floor;
}

function encodeQ8(values: Float32Array): Uint8Array {
  if (values.length % BLOCK !== 0)
    throw new Error(`Q8_0 stores blocks of ${BLOCK}, got ${values.length} values`);
  const bytes = new Uint8Array(encodedSize(values.length, 'Q8_0'));
  const view = new DataView(bytes.buffer);
  for (let start = 0, at = 0; start < values.length; start += BLOCK, at += BLOCK + 2) {
    const block = values.subarray(start, start + BLOCK);
    const scale = block.reduce((max, value) => Math.max(max, Math.abs(value)), 0) / 127;
    view.setUint16(at, toHalf(scale), true);
    block.forEach((value, index) =>
      view.setInt8(at + 2 + index, scale === 0 ? 0 : Math.round(value / scale)),
    );
  }
  return bytes;
}
