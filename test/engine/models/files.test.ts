import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readGgufFileInfo } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askEither, TestLlama, pairPrompt } from '../../support/models/ask.ts';
import { FATAL_DEFECTS, REFUSED_DEFECTS, writeBrokenModel } from '../../support/models/broken-models.ts';
import {
  bool,
  f32,
  i32s,
  text,
  texts,
  u32,
  writeGguf,
  writeSplitGguf,
} from '../../support/models/gguf-writer.ts';
import { createJudge } from '../../support/models/judge-model.ts';
import { createRandomModel } from '../../support/models/random-model.ts';
import { encodeTensor, toHalf } from '../../support/models/tensor-encoding.ts';
import { buildTestModel, TEST_MODEL_KINDS } from '../../support/models/test-models.ts';
import { createVocabulary } from '../../support/models/vocabulary.ts';

let llama: TestLlama;
let folder: string;
beforeAll(async () => {
  llama = await TestLlama.open();
  folder = await mkdtemp(join(tmpdir(), 'assay-models-'));
});
afterAll(async () => {
  await llama.dispose();
  await rm(folder, { recursive: true });
});

describe('model files', () => {
  it.each(TEST_MODEL_KINDS)(
    '%s is small, has the same bytes each time, and loads in no time',
    async (kind) => {
      const [one, two] = [join(folder, `${kind}-1.gguf`), join(folder, `${kind}-2.gguf`)];
      await buildTestModel(kind, one);
      await buildTestModel(kind, two);
      expect((await readFile(one)).equals(await readFile(two))).toBe(true);
      expect((await stat(one)).size).toBeLessThan(2_000_000);
      const started = performance.now();
      const model = await llama.load(one);
      expect(performance.now() - started).toBeLessThan(2000);
      expect(model.trainContextSize).toBeGreaterThanOrEqual(4096);
      await model.dispose();
    },
  );

  it('two seeds are two models', async () => {
    const [one, two] = [createRandomModel({ seed: 1 }), createRandomModel({ seed: 2 })];
    expect(one.tensors[0]?.values).not.toEqual(two.tensors[0]?.values);
  });

  it('in two parts loads from the first and judges as in one', async () => {
    const parts = await writeSplitGguf(join(folder, 'split'), createJudge('split judge'), 2);
    expect(parts.map((path) => path.slice(folder.length + 1))).toEqual([
      'split-00001-of-00002.gguf',
      'split-00002-of-00002.gguf',
    ]);
    const model = await llama.load(parts[0] ?? '');
    const { p } = await askEither(await llama.openSequence(model), pairPrompt({ a: 'x ★', b: 'x' }));
    expect(p).toBeCloseTo(0.982014, 4);
    await rm(parts[1] ?? '');
    await expect(llama.load(parts[0] ?? '')).rejects.toThrow();
  });
});

describe('the vocabulary', () => {
  const awkward =
    'Ünïcödé\u0000\t\r\n日本語 👩‍👩‍👧 <0x41> ĠA  two  spaces [Response A]x[Response B] [response a]';

  it('takes any text apart and puts it together again', async () => {
    await buildTestModel('random', join(folder, 'random.gguf'));
    const model = await llama.load(join(folder, 'random.gguf'));
    expect(model.detokenize(model.tokenize(awkward, false))).toBe(awkward);
  });

  it('makes one token of each word and heading, and leaves control tokens in user text alone', async () => {
    await buildTestModel('random', join(folder, 'random.gguf'));
    const model = await llama.load(join(folder, 'random.gguf'));
    const { id } = createVocabulary();
    for (const piece of [
      ' A',
      ' B',
      'A',
      'B',
      ' Yes',
      'Yes',
      ' no',
      'no',
      '7',
      '[Response A]',
      'Answer:',
      '★',
      'assistant',
    ])
      expect(model.tokenize(piece, false), piece).toEqual([id(piece)]);
    expect(model.tokenize('x[Response A]★y', false)).toEqual(['x', '[Response A]', '★', 'y'].map(id));
    expect(model.tokenize('<|im_end|>', true)).toEqual([id('<|im_end|>')]);
    expect(model.tokenize('<|im_end|>', false).length).toBeGreaterThan(1);
  });
});

describe('the GGUF writer', () => {
  it('writes every kind of key so that another reader gets it back', async () => {
    const path = join(folder, 'keys.gguf');
    await writeGguf(path, {
      metadata: new Map([
        ['general.architecture', text('llama')],
        ['t.u8', { type: 'uint8' as const, value: 200 }],
        ['t.i8', { type: 'int8' as const, value: -100 }],
        ['t.u16', { type: 'uint16' as const, value: 60_000 }],
        ['t.i16', { type: 'int16' as const, value: -30_000 }],
        ['t.u32', u32(4_000_000_000)],
        ['t.i32', { type: 'int32' as const, value: -2_000_000_000 }],
        ['t.f32', f32(0.5)],
        ['t.f64', { type: 'float64' as const, value: Math.PI }],
        ['t.u64', { type: 'uint64' as const, value: 9_007_199_254_740_993n }],
        ['t.i64', { type: 'int64' as const, value: -5n }],
        ['t.yes', bool(true)],
        ['t.text', text('Grüße ★')],
        ['t.texts', texts(['a', '', 'ü'])],
        ['t.numbers', i32s([1, -2, 3])],
      ]),
      tensors: [{ name: 'one', shape: [2, 3], type: 'F32', values: new Float32Array(6) }],
    });
    const { metadata, fullTensorInfo } = await readGgufFileInfo(path, { logWarnings: false });
    expect((metadata as unknown as { t: unknown }).t).toEqual({
      u8: 200,
      i8: -100,
      u16: 60_000,
      i16: -30_000,
      u32: 4_000_000_000,
      i32: -2_000_000_000,
      f32: 0.5,
      f64: Math.PI,
      u64: 9_007_199_254_740_993n,
      i64: -5n,
      yes: true,
      text: 'Grüße ★',
      texts: ['a', '', 'ü'],
      numbers: [1, -2, 3],
    });
    expect(fullTensorInfo?.map(({ name, dimensions }) => ({ name, dimensions }))).toEqual([
      { name: 'one', dimensions: [2, 3] },
    ]);
  });

  it('refuses a tensor whose values do not fill its shape', async () => {
    const tensor = { name: 'one', shape: [2, 3], type: 'F32' as const, values: new Float32Array(5) };
    await expect(
      writeGguf(join(folder, 'x.gguf'), { metadata: new Map(), tensors: [tensor] }),
    ).rejects.toThrow(/one/);
  });

  it.each([
    // IEEE 754 binary16 by hand: one, the largest, the smallest, a tie to even, a third, overflow, minus two
    [1, 0x3c00],
    [65504, 0x7bff],
    [2 ** -24, 0x0001],
    [2 ** -14, 0x0400],
    [2049, 0x6800],
    [2051, 0x6802],
    [1 / 3, 0x3555],
    [1e6, 0x7c00],
    [-2, 0xc000],
    [0, 0],
  ])('rounds %d to the half float of IEEE 754', (value, bits) => {
    expect(toHalf(value)).toBe(bits);
  });

  it('quantises a block of Q8_0 to its largest value / 127', () => {
    const values = new Float32Array(32);
    values.set([127, -63.6, 1]);
    // scale 1 = 0x3c00, then 127, -64, 1, zeros
    expect([...encodeTensor(values, 'Q8_0')]).toEqual([
      0x00,
      0x3c,
      127,
      0xc0,
      1,
      ...Array<number>(29).fill(0),
    ]);
  });
});

describe('broken model files', () => {
  it.each(REFUSED_DEFECTS)('%s: an error, and the process goes on', async (defect) => {
    const path = join(folder, 'broken.gguf');
    await writeBrokenModel(path, defect);
    await expect(llama.load(path)).rejects.toThrow();
  });

  it.each(FATAL_DEFECTS)(
    '%s: llama.cpp aborts the process, so models belong in one of their own',
    async (defect) => {
      const path = join(folder, 'fatal.gguf');
      await writeBrokenModel(path, defect);
      const script = join(folder, 'load.mjs');
      await writeFile(
        script,
        `import { getLlama } from '${import.meta.resolve('node-llama-cpp')}';
      const llama = await getLlama({ build: 'never', gpu: false, skipDownload: true, maxThreads: 1 });
      const model = await llama.loadModel({ modelPath: process.argv[2] });
      await model.createContext({ contextSize: 256, threads: 1 });
      process.exit(0);`,
      );
      const outcome = await new Promise<{ signal?: string | null; output: string }>((resolve) =>
        execFile('node', [script, path], (error, _, stderr) =>
          resolve({ signal: error?.signal ?? null, output: stderr }),
        ),
      );
      expect(outcome).toMatchObject({
        signal: 'SIGABRT',
        output: expect.stringContaining('GGML_ASSERT') as unknown,
      });
    },
  );
});
