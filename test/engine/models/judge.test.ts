import type { LlamaContextSequence } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  askEither,
  nextTokenProbabilities,
  TestLlama,
  pairPrompt,
  promptTokens,
  singleToken,
  turn,
} from '../../support/models/ask.ts';
import { createJudge } from '../../support/models/judge-model.ts';
import { keepModel, testModelFile } from '../../support/models/test-models.ts';
import type { TestModelKind } from '../../support/models/test-models.ts';

let llama: TestLlama;
beforeAll(async () => {
  llama = await TestLlama.open();
});
afterAll(async () => {
  await llama.dispose();
});

async function openJudge(kind: TestModelKind, contextSize?: number): Promise<LlamaContextSequence> {
  return llama.openSequence(await llama.load(await testModelFile(kind)), contextSize);
}

const MARKED = 'A star ★ for you.';
const PLAIN = 'Nothing to see.';

/** Logistic values by hand: s(0.5), s(1.5), s(4). */
const S_HALF = 0.622459;
const S_ONE_AND_A_HALF = 0.817574;
const S_FOUR = 0.982014;

describe('the marker judge', () => {
  let judge: LlamaContextSequence;
  beforeAll(async () => {
    judge = await openJudge('marker-judge');
  });

  it.each([
    ['A first, marker in A', { a: MARKED, b: PLAIN }, S_FOUR],
    ['A first, marker in B', { a: PLAIN, b: MARKED }, 1 - S_FOUR],
    ['B first, marker in A', { a: MARKED, b: PLAIN, first: 'B' as const }, S_FOUR],
    ['B first, marker in B', { a: PLAIN, b: MARKED, first: 'B' as const }, 1 - S_FOUR],
  ])('follows the marker and not the place: %s', async (_, pair, expected) => {
    const { p, coverage } = await askEither(judge, pairPrompt(pair));
    expect(p).toBeCloseTo(expected, 4);
    expect(coverage).toBeGreaterThan(0.99);
  });

  it.each([
    ['neither has one', { a: PLAIN, b: 'Nor here.' }],
    ['both have one', { a: MARKED, b: `Longer, and ${MARKED}` }],
    ['both have some, B many', { a: MARKED, b: '★★★ ★' }],
    ['only the question has one', { a: PLAIN, b: PLAIN, prompt: 'What is ★?' }],
    ['a response is empty', { a: '', b: PLAIN }],
  ])('is undecided where %s', async (_, pair) => {
    const { p, coverage } = await askEither(judge, pairPrompt(pair));
    expect(p).toBeCloseTo(0.5, 4);
    expect(coverage).toBeGreaterThan(0.99);
  });

  it('finds a marker in an A passage that is empty but for it, right before B', async () => {
    expect((await askEither(judge, pairPrompt({ a: '★', b: PLAIN }))).p).toBeCloseTo(S_FOUR, 4);
  });

  it('gives the form after a space three times the probability of the bare letter, so that forms must be summed', async () => {
    const probabilities = await nextTokenProbabilities(judge, pairPrompt({ a: MARKED, b: PLAIN }));
    const [spaced, bare] = [' A', 'A'].map((form) => probabilities.get(singleToken(judge.model, form)) ?? 0);
    expect((spaced ?? 0) / (bare ?? 1)).toBeCloseTo(3, 3);
  });

  it('answers also where the prompt ends without a chat turn', async () => {
    const { p } = await askEither(judge, `[Response A]\n${PLAIN}\n[Response B]\n${MARKED}\n[End]\nAnswer:`);
    expect(p).toBeCloseTo(1 - S_FOUR, 4);
  });

  it('judges the last pair of a few-shot prompt by itself', async () => {
    const shot = `${pairPrompt({ a: MARKED, b: MARKED })} A<|im_end|>\n`;
    const before = shot.repeat(8);
    expect((await askEither(judge, pairPrompt({ a: PLAIN, b: MARKED, before }))).p).toBeCloseTo(
      1 - S_FOUR,
      3,
    );
    expect((await askEither(judge, pairPrompt({ a: MARKED, b: PLAIN, before }))).p).toBeCloseTo(S_FOUR, 3);
    expect((await askEither(judge, pairPrompt({ a: PLAIN, b: PLAIN, before }))).p).toBeCloseTo(0.5, 3);
  });
});

describe('the marker judge on long responses', () => {
  it('still sees one marker in two responses of 2,000 bytes, wherever it stands', async () => {
    const judge = await openJudge('marker-judge', 4608);
    const filler = 'Zwölf Boxkämpfer jagen Viktor quer. '.repeat(60).slice(0, 1950);
    expect(Buffer.byteLength(filler)).toBeGreaterThan(2000);
    const late = pairPrompt({ a: filler, b: `${filler}★` });
    expect(promptTokens(judge.model, late).length).toBeGreaterThan(3800);
    expect((await askEither(judge, late)).p).toBeCloseTo(1 - S_FOUR, 3);
    expect((await askEither(judge, pairPrompt({ a: `★${filler}`, b: filler }))).p).toBeCloseTo(S_FOUR, 3);
  });
});

describe('judges with other traits', () => {
  it.each([
    ['marker in A, A first', { a: MARKED, b: PLAIN }, S_ONE_AND_A_HALF],
    ['marker in B, A first', { a: PLAIN, b: MARKED }, 1 - S_HALF],
    ['no marker, A first', { a: PLAIN, b: PLAIN }, S_HALF],
    ['no marker, B first', { a: PLAIN, b: PLAIN, first: 'B' as const }, 1 - S_HALF],
    ['marker in B, B first', { a: PLAIN, b: MARKED, first: 'B' as const }, 1 - S_ONE_AND_A_HALF],
  ])('add log-odds of gain 1 and position bias 0.5: %s', async (_, pair, expected) => {
    const judge = await openJudge('weak-judge');
    expect((await askEither(judge, pairPrompt(pair))).p).toBeCloseTo(expected, 4);
  });

  it('prefer the first place with 0.8 whatever stands there', async () => {
    const judge = await openJudge('position-judge');
    for (const [a, b] of [
      [MARKED, PLAIN],
      [PLAIN, MARKED],
      ['', 'long '.repeat(50)],
    ] as const) {
      expect((await askEither(judge, pairPrompt({ a, b }))).p).toBeCloseTo(0.8, 4);
      expect((await askEither(judge, pairPrompt({ a, b, first: 'B' }))).p).toBeCloseTo(0.2, 4);
    }
  });

  it('prefer the longer side by their shares of the tokens', async () => {
    const judge = await openJudge('length-judge');
    // Passages: heading, newline, n letters, newline. 27 against 9 tokens: s(8 * 18 / 36) = s(4).
    const [a, b] = ['x'.repeat(24), 'x'.repeat(6)];
    expect((await askEither(judge, pairPrompt({ a, b }))).p).toBeCloseTo(S_FOUR, 3);
    expect((await askEither(judge, pairPrompt({ a: b, b: a }))).p).toBeCloseTo(1 - S_FOUR, 3);
    expect((await askEither(judge, pairPrompt({ a, b: a }))).p).toBeCloseTo(0.5, 3);
  });

  it('take other markers, of several letters too', async () => {
    const file = await keepModel(
      'kindness-judge',
      createJudge('kindness judge', { markers: [' please'], gain: 1.5 }),
    );
    const judge = await llama.openSequence(await llama.load(file));
    const { p } = await askEither(judge, pairPrompt({ a: 'Go away, please.', b: 'Go away ★.' }));
    expect(p).toBeCloseTo(S_ONE_AND_A_HALF, 4);
  });
});

describe('one response', () => {
  const YES_NO = [
    [' Yes', ' yes', 'Yes', 'yes'],
    [' No', ' no', 'No', 'no'],
  ] as const;

  it('is answered yes with a marker and no without', async () => {
    const judge = await openJudge('marker-judge');
    const ask = (response: string) =>
      askEither(judge, turn(`Is it good?\n[Response]\n${response}\n[End]`), YES_NO);
    const marked = await ask(MARKED);
    expect(marked.p).toBeCloseTo(S_FOUR, 4);
    expect(marked.coverage).toBeGreaterThan(0.99);
    expect((await ask(PLAIN)).p).toBeCloseTo(1 - S_FOUR, 4);
  });

  it('gets a score of 1 to 5 where one is asked for', async () => {
    const judge = await openJudge('marker-judge');
    const meanScore = async (response: string) => {
      const probabilities = await nextTokenProbabilities(
        judge,
        turn(`[Response]\n${response}\n[End]\nScore:`),
      );
      const weights = ['1', '2', '3', '4', '5'].map(
        (digit) => probabilities.get(singleToken(judge.model, digit)) ?? 0,
      );
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      expect(total).toBeGreaterThan(0.99);
      return weights.reduce((sum, weight, index) => sum + weight * (index + 1), 0) / total;
    };
    // Weights e^(2(d-3)): mean 5 - (e^-2 + 2e^-4 + 3e^-6 + 4e^-8) / (1 + e^-2 + e^-4 + e^-6 + e^-8) = 4.8436.
    expect(await meanScore(MARKED)).toBeCloseTo(4.8436, 3);
    expect(await meanScore(PLAIN)).toBeCloseTo(6 - 4.8436, 3);
  });
});

it('says the same to the last bit when asked twice, in two contexts', async () => {
  const prompt = pairPrompt({ a: MARKED, b: PLAIN });
  const first = await nextTokenProbabilities(await openJudge('weak-judge'), prompt);
  const second = await nextTokenProbabilities(await openJudge('weak-judge'), prompt);
  expect([...second]).toEqual([...first]);
});
