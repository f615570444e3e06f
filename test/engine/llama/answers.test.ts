import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { letterForms } from '../../../electron/core/judging/verdict.ts';
import type { InferenceEngine } from '../../../electron/core/models/inference-engine.ts';
import { askPair, askSingle, notes } from './questions.ts';
import { openModel, startEngine } from './engine-under-test.ts';

/** The logistic function; the test judges' verdicts are defined by it. */
const logistic = (z: number) => 1 / (1 + Math.exp(-z));

let engine: InferenceEngine;
beforeAll(() => {
  engine = startEngine();
});
afterAll(() => engine.close());

describe('decide', () => {
  it('reads the verdict the model was built to give: s(4) for the marked response, in both orders', async () => {
    const judge = await openModel(engine, 'marker-judge');
    const first = await judge.decide(askPair('hello ★', 'hello'), letterForms);
    const second = await judge.decide(askPair('hello', 'hello ★'), letterForms);
    expect(first.probabilities[0]).toBeCloseTo(logistic(4), 3);
    expect(second.probabilities[0]).toBeCloseTo(logistic(-4), 3);
    expect(first.probabilities[0] ?? 0).toBeCloseTo(1 - (second.probabilities[0] ?? 0), 6);
    expect(first.coverage).toBeGreaterThan(0.99);
  });

  it('adds the forms of a candidate: after a space three quarters, without one quarter', async () => {
    const judge = await openModel(engine, 'marker-judge');
    const { probabilities } = await judge.decide(askPair('hello ★', 'hello'), [['A'], [' A']]);
    expect(probabilities[0]).toBeCloseTo(0.25, 3);
    expect(probabilities[1]).toBeCloseTo(0.75, 3);
  });

  it('shows a position bias of ln 4 as four fifths for whatever comes first', async () => {
    const judge = await openModel(engine, 'position-judge');
    const { probabilities } = await judge.decide(askPair('one', 'two'), letterForms);
    expect(probabilities[0]).toBeCloseTo(0.8, 3);
  });

  it('tells by its coverage that the model did not want to answer so', async () => {
    const judge = await openModel(engine, 'marker-judge');
    const { coverage } = await judge.decide(askPair('a', 'b'), [[' look'], [' more']]);
    expect(coverage).toBeLessThan(0.01);
  });

  it('scores the candidates as texts where one of them has no form of one token', async () => {
    const judge = await openModel(engine, 'marker-judge');
    const input = askPair('hello ★', 'hello');
    const { probabilities, coverage } = await judge.decide(input, [[' A<|im_end|>x'], [' Bxyz']]);
    const a = await judge.score(input, ' A<|im_end|>x');
    const b = await judge.score(input, ' Bxyz');
    const [pA, pB] = [Math.exp(a.sum), Math.exp(b.sum)];
    expect(coverage / (pA + pB)).toBeCloseTo(1, 4);
    expect(probabilities[0]).toBeCloseTo(pA / (pA + pB), 4);
  });

  it('answers many calls at once as it does one by one', async () => {
    const judge = await openModel(engine, 'weak-judge', {
      shape: { sequences: 4, batchSize: 256, flashAttention: true, threads: 1 },
      key: 'weak-judge-4',
    });
    const inputs = Array.from({ length: 24 }, (_, index) =>
      askPair(
        `answer ${'x'.repeat(index)}${index % 3 === 0 ? ' ★' : ''}`,
        `other ${index % 2 === 0 ? ' ★' : ''}`,
      ),
    );
    const together = await Promise.all(inputs.map((input) => judge.decide(input, letterForms)));
    for (const [index, input] of inputs.entries()) {
      const alone = await judge.decide(input, letterForms);
      expect(together[index]?.probabilities[0]).toBeCloseTo(alone.probabilities[0] ?? 0, 4);
    }
  });
});

describe('score', () => {
  it('is the product of its parts: lp(ab | c) = lp(a | c) + lp(b | c, a)', async () => {
    const model = await openModel(engine, 'random');
    const whole = await model.score({ text: 'The first part' }, ' and the second of it');
    const front = await model.score({ text: 'The first part' }, ' and');
    const back = await model.score({ text: 'The first part and' }, ' the second of it');
    expect(whole.count).toBe(front.count + back.count);
    expect(whole.sum).toBeCloseTo(front.sum + back.sum, 3);
    expect(whole.logprobs.reduce((sum, value) => sum + value, 0)).toBeCloseTo(whole.sum, 9);
  });

  it('agrees with the probability that decide reads for the same token', async () => {
    const judge = await openModel(engine, 'weak-judge');
    const input = askPair('x ★', 'y');
    const { probabilities, coverage } = await judge.decide(input, [[' A'], [' B']]);
    const { sum, count } = await judge.score(input, ' A');
    expect(count).toBe(1);
    expect(Math.exp(sum)).toBeCloseTo((probabilities[0] ?? 0) * coverage, 5);
  });

  it('gives the same numbers for a text longer than one step as in one step', async () => {
    const continuation = ' of it the time'.repeat(60);
    const small = await openModel(engine, 'random', {
      key: 'random-small-steps',
      shape: { sequences: 1, batchSize: 32, flashAttention: true, threads: 1 },
    });
    const large = await openModel(engine, 'random', {
      key: 'random-large-steps',
      shape: { sequences: 1, batchSize: 1_024, flashAttention: true, threads: 1 },
    });
    const [one, other] = [
      await small.score({ text: 'Once upon a time' }, continuation),
      await large.score({ text: 'Once upon a time' }, continuation),
    ];
    expect(one.count).toBeGreaterThan(128);
    for (const [index, value] of one.logprobs.entries())
      expect(value).toBeCloseTo(other.logprobs[index] ?? 0, 1);
  });
});

describe('generate', () => {
  it('writes JSON the schema allows and nothing else, with a bounded integer in its bounds', async () => {
    const judge = await openModel(engine, 'marker-judge');
    const schema = {
      type: 'object',
      properties: { score: { type: 'integer', minimum: 1, maximum: 5 }, ok: { type: 'boolean' } },
      required: ['score', 'ok'],
      additionalProperties: false,
    };
    const { text, finish } = await judge.generate(askSingle('hello ★', 'Score:'), {
      schema,
      temperature: 0,
      seed: 1,
      maxTokens: 60,
    });
    const parsed = JSON.parse(text) as { score: number; ok: boolean };
    expect(finish).toBe('stop');
    expect([1, 2, 3, 4, 5]).toContain(parsed.score);
    expect(typeof parsed.ok).toBe('boolean');
  });

  it('says the same for the same seed, and something else for another', async () => {
    const model = await openModel(engine, 'random');
    const write = (seed: number) =>
      model.generate({ text: 'The story' }, { temperature: 1, seed, maxTokens: 24 });
    const [one, same, other] = [await write(7), await write(7), await write(8)];
    expect(same.text).toBe(one.text);
    expect(other.text).not.toBe(one.text);
    expect(one.finish).toBe('length');
    expect(one.use.generated).toBe(24);
  });

  it('streams the very text it answers, in whole characters', async () => {
    const judge = await openModel(engine, 'marker-judge');
    const pieces: string[] = [];
    const { text } = await judge.generate(notes('Say why.'), {
      temperature: 0,
      seed: 1,
      maxTokens: 20,
      onText: (piece) => pieces.push(piece),
    });
    expect(text).toContain('it helps.');
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toBe(text);
  });
});

describe('embed and rank', () => {
  it('embeds to a unit vector, nearer for texts that share words', async () => {
    const embedder = await openModel(engine, 'embedder', { contextSize: 512 });
    const [a, b, c] = await Promise.all(
      ['the cat sat on the mat', 'a cat on the mat', 'quarterly revenue guidance'].map((text) =>
        embedder.embed(text),
      ),
    );
    const dot = (left: Float32Array, right: Float32Array) =>
      left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
    if (!a || !b || !c) return expect.fail('three vectors');
    expect(dot(a, a)).toBeCloseTo(1, 5);
    expect(dot(a, b)).toBeGreaterThan(dot(a, c) + 0.1);
  });

  it('ranks as the reranker was built: s(2) with the marker, s(-2) without', async () => {
    const reranker = await openModel(engine, 'reranker', { contextSize: 512 });
    expect(await reranker.rank('query', 'text ★')).toBeCloseTo(logistic(2), 3);
    expect(await reranker.rank('query', 'text')).toBeCloseTo(logistic(-2), 3);
  });

  it('says what a model cannot do instead of doing something else', async () => {
    const embedder = await openModel(engine, 'embedder', { contextSize: 512 });
    await expect(embedder.decide(notes('x'), letterForms)).rejects.toMatchObject({
      code: 'MODEL_LACKS_CAPABILITY',
    });
    const judge = await openModel(engine, 'marker-judge');
    await expect(judge.embed('x')).rejects.toMatchObject({ code: 'MODEL_LACKS_CAPABILITY' });
  });
});
