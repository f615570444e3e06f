import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestLlama, promptTokens, singleToken } from '../../support/models/ask.ts';
import { poisonToken } from '../../support/models/broken-models.ts';
import { createRandomModel } from '../../support/models/random-model.ts';
import { keepModel, testModelFile } from '../../support/models/test-models.ts';
import { createVocabulary } from '../../support/models/vocabulary.ts';

let llama: TestLlama;
beforeAll(async () => {
  llama = await TestLlama.open();
});
afterAll(async () => {
  await llama.dispose();
});

type Next = NonNullable<Awaited<ReturnType<LlamaContextSequence['controlledEvaluate']>>[number]>['next'];
type GenerateNext = Parameters<LlamaContextSequence['controlledEvaluate']>[0][number] extends infer Item
  ? Item extends [Token, { generateNext?: infer Options }]
    ? NonNullable<Options>
    : never
  : never;

/** Evaluates prefix and continuation afresh and asks, before each continuation token, for what `request` says. */
async function askBeforeEach(
  sequence: LlamaContextSequence,
  { prefix, continuation }: { prefix: Token[]; continuation: Token[] },
  request: (token: Token) => GenerateNext,
): Promise<Next[]> {
  const inputs = [...prefix, ...continuation.slice(0, -1)];
  const from = prefix.length - 1;
  await sequence.clearHistory();
  const results = await sequence.controlledEvaluate(
    inputs.map((token, index) => {
      const scored = continuation[index - from];
      return scored === undefined ? token : [token, { generateNext: request(scored) }];
    }),
  );
  return results.slice(from).map((result) => {
    if (result === undefined) throw new Error('no answer at a scored position');
    return result.next;
  });
}

/** ln p of `token` from the logits that came back: the largest of them is taken for the vocabulary's maximum. */
function logProbability({ logits, totalLogitWeight }: Next, token: Token): number {
  const logit = logits?.get(token) ?? NaN;
  return logit - Math.max(...(logits?.values() ?? [])) - Math.log(totalLogitWeight ?? NaN);
}

describe('log-probabilities on random weights', () => {
  let sequence: LlamaContextSequence;
  let text: { prefix: Token[]; continuation: Token[] };
  beforeAll(async () => {
    const model = await llama.load(await testModelFile('random'));
    sequence = await llama.openSequence(model);
    text = {
      prefix: promptTokens(model, '<|im_start|>user\nWhat is it?<|im_end|>\n'),
      continuation: model.tokenize('It is what you make of it: 3 times nothing. Ünïcödé ★', false),
    };
  });

  it('from filtered logits equal the full softmax to 1e-5 at every position', async () => {
    const full = await askBeforeEach(sequence, text, () => ({ probabilities: true }));
    const filtered = await askBeforeEach(sequence, text, (token) => ({
      logits: { filter: { tokens: [token], includeSelected: true } },
      totalLogitWeight: true,
    }));
    const differences = text.continuation.map((token, index) => {
      const expected = Math.log(full[index]?.probabilities?.get(token) ?? NaN);
      return Math.abs(logProbability(filtered[index] ?? {}, token) - expected);
    });
    expect(differences.length).toBeGreaterThan(20);
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });

  it('sum to one over the vocabulary, so nothing was cut off by sampling defaults', async () => {
    const [first] = await askBeforeEach(sequence, text, () => ({ probabilities: true }));
    const probabilities = [...(first?.probabilities?.values() ?? [])];
    expect(probabilities).toHaveLength([...sequence.model.iterateAllTokens()].length);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
  });

  it('come from a cut-off distribution as soon as a temperature is set: 40 tokens at most', async () => {
    const [first] = await askBeforeEach(sequence, text, () => ({
      probabilities: true,
      options: { temperature: 1 },
    }));
    const positive = [...(first?.probabilities?.values() ?? [])].filter((p) => p > 0);
    expect(positive.length).toBeLessThanOrEqual(40);
  });

  it('are wrong with includeMax in node-llama-cpp 3.22.1, which leaves the maximum out; when this fails, it was mended', async () => {
    const full = await askBeforeEach(sequence, text, () => ({ logits: true }));
    const withMax = await askBeforeEach(sequence, text, (token) => ({
      logits: { filter: { tokens: [token], includeMax: true } },
      totalLogitWeight: true,
    }));
    const tooHigh = text.continuation.flatMap((token, index) => {
      const truth = Math.max(...(full[index]?.logits?.values() ?? []));
      const returned = Math.max(...(withMax[index]?.logits?.values() ?? []));
      return token === [...(full[index]?.logits?.keys() ?? [])][0] ? [] : [truth - returned];
    });
    expect(Math.min(...tooHigh)).toBeGreaterThan(0.1);
  });
});

it('a poisoned token makes NaN and not an error, so a scorer has to look', async () => {
  const poison = createVocabulary().id('~');
  const file = await keepModel('poisoned', poisonToken(createRandomModel(), poison));
  const sequence = await llama.openSequence(await llama.load(file));
  const continuation = [singleToken(sequence.model, 'A')];
  const ask = async (prompt: string) => {
    const [next] = await askBeforeEach(
      sequence,
      { prefix: promptTokens(sequence.model, prompt), continuation },
      (token) => ({ logits: { filter: { tokens: [token] } } }),
    );
    return next?.logits?.get(continuation[0] ?? (0 as Token));
  };
  expect(await ask('bad ~ text')).toBeNaN();
  expect(await ask('good text')).not.toBeNaN();
});

it.each(['random-f16', 'random-q8'] as const)('%s says nearly what the F32 model says', async (kind) => {
  const likeliest = async (modelKind: 'random' | typeof kind) => {
    const model = await llama.load(await testModelFile(modelKind));
    const [next] = await askBeforeEach(
      await llama.openSequence(model),
      { prefix: promptTokens(model, 'Once upon a time'), continuation: [singleToken(model, 'A')] },
      () => ({ probabilities: true }),
    );
    return next?.probabilities ?? new Map<Token, number>();
  };
  const [plain, stored] = [await likeliest('random'), await likeliest(kind)];
  const distance =
    [...plain].reduce((sum, [token, p]) => sum + Math.abs(p - (stored.get(token) ?? 0)), 0) / 2;
  expect(distance).toBeGreaterThan(0);
  expect(distance).toBeLessThan(kind === 'random-f16' ? 0.005 : 0.1);
});
