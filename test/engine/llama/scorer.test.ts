import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { seeded } from '../../support/seeded.ts';
import { openModel, startEngineForTest } from './engine-under-test.ts';

const addon = path.resolve(`out/native/scorer-${process.platform}-${process.arch}.node`);
const isBuilt = existsSync(addon);

const words = 'the time of it has more to they would like about one other out'.split(' ');
const makeText = (random: () => number, length: number) =>
  Array.from({ length }, () => words[Math.floor(random() * words.length)]).join(' ');
const letters = [
  ['A', ' A'],
  ['B', ' B'],
];

/** The largest distance of two lists of the same length. */
function distance(left: readonly number[], right: readonly number[]): number {
  expect(left).toHaveLength(right.length);
  return Math.max(...left.map((value, index) => Math.abs(value - (right[index] ?? NaN))));
}

describe.skipIf(!isBuilt)(
  isBuilt
    ? 'the native scorer'
    : 'the native scorer: SKIPPED, it was not built (npm run build:scorer, with a C++ compiler)',
  () => {
    it('agrees with the library to 1e-4 on every token and verdict, where both take the same steps', async () => {
      const fast = startEngineForTest();
      const slow = startEngineForTest({ ASSAY_ENGINE_SCORER: 'off' });
      expect((await fast.call('device', null)).scoring).toEqual({ path: 'fast', why: null });
      expect((await slow.call('device', null)).scoring.path).toBe('slow');
      const change = { shape: { sequences: 1, batchSize: 512, flashAttention: true, threads: 1 } };
      for (const kind of ['random', 'random-q8', 'marker-judge'] as const) {
        const [quick, plain] = [await openModel(fast, kind, change), await openModel(slow, kind, change)];
        const random = seeded(1);
        for (const length of [1, 7, 100]) {
          const input = { text: makeText(random, 60) };
          const continuation = ` ${makeText(random, length)}`;
          const [got, expected] = [
            await quick.score(input, continuation),
            await plain.score(input, continuation),
          ];
          expect(distance(got.logprobs, expected.logprobs), kind).toBeLessThan(1e-4);
          expect(got.use).toEqual(expected.use);
          const question = { text: makeText(random, 90) };
          const [verdict, its] = [
            await quick.decide(question, letters),
            await plain.decide(question, letters),
          ];
          expect(distance(verdict.probabilities, its.probabilities), kind).toBeLessThan(1e-4);
          expect(Math.abs(verdict.coverage - its.coverage), kind).toBeLessThan(1e-4);
        }
      }
    });

    it('answers each of many calls its own numbers, over steps, sequences and shared beginnings', async () => {
      const quick = await openModel(startEngineForTest(), 'random');
      const plain = await openModel(startEngineForTest({ ASSAY_ENGINE_SCORER: 'off' }), 'random');
      const random = seeded(2);
      const beginning = makeText(random, 80);
      const asks = [300, 40, 1, 150, 7].map((length) => ({
        input: { text: `${beginning} ${makeText(random, 60)}` },
        continuation: ` ${makeText(random, length)}`,
      }));
      const quickly = await Promise.all(
        asks.map(({ input, continuation }) => quick.score(input, continuation)),
      );
      for (const [index, { input, continuation }] of asks.entries()) {
        const expected = await plain.score(input, continuation);
        // Other steps, other roundings of half-precision keys: see native/llama/README.md. A mix-up is off by whole units.
        expect(distance(quickly[index]?.logprobs ?? [], expected.logprobs)).toBeLessThan(0.03);
      }
      // Only the first call on each of two sequences reads the common beginning.
      expect(quickly.filter(({ use }) => use.reused >= 80).length).toBeGreaterThanOrEqual(3);
    });

    it('reads on rightly after a call was cancelled in the middle, and writes beside reading', async () => {
      const quick = await openModel(startEngineForTest(), 'random', {
        shape: { sequences: 1, batchSize: 32, flashAttention: true, threads: 1 },
      });
      const random = seeded(3);
      const text = makeText(random, 600);
      const before = await quick.decide({ text }, letters);
      const abort = new AbortController();
      const cancelled = quick.score({ text: makeText(random, 500) }, ' the time', { signal: abort.signal });
      setTimeout(() => abort.abort(), 5);
      await expect(cancelled).rejects.toThrow();
      const after = await quick.decide({ text }, letters);
      expect(distance(after.probabilities, before.probabilities)).toBeLessThan(1e-6);
      const [{ text: written }] = await Promise.all([
        quick.generate({ text: 'the' }, { temperature: 0, seed: 1, maxTokens: 8 }),
        quick.decide({ text: makeText(random, 100) }, letters),
      ]);
      expect(written).not.toBe('');
    });
  },
);

describe('without the native scorer', () => {
  it('says why and answers by the library, where the file cannot be loaded', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-scorer-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = path.join(folder, 'scorer.node');
    writeFileSync(file, 'no library');
    const engine = startEngineForTest({ ASSAY_ENGINE_SCORER: file });
    const model = await openModel(engine, 'marker-judge');
    const { scoring } = await engine.call('device', null);
    expect(scoring.path).toBe('slow');
    expect(scoring.why).toMatch(/\S/);
    expect((await model.score({ text: 'the' }, ' time')).count).toBe(1);
  });
});
