import {
  type ControlledEvaluateInputItem,
  getLlama,
  LlamaLogLevel,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askLogits, readLogprobs } from '../../../native/llama/logits.ts';
import { testModelFile } from '../../support/models/test-models.ts';

let model: LlamaModel;
beforeAll(async () => {
  const llama = await getLlama({
    build: 'never',
    skipDownload: true,
    gpu: false,
    maxThreads: 1,
    logLevel: LlamaLogLevel.disabled,
  });
  model = await llama.loadModel({ modelPath: await testModelFile('random') });
});
afterAll(() => model.llama.dispose());

async function evaluate(text: string, ask: Extract<ControlledEvaluateInputItem, readonly unknown[]>[1]) {
  const sequence = (await model.createContext({ contextSize: 256, threads: 1 })).getSequence();
  const tokens = model.tokenize(text);
  const items = tokens.map((token, index): ControlledEvaluateInputItem =>
    index === tokens.length - 1 ? [token, ask] : token,
  );
  const outputs = await sequence.controlledEvaluate(items);
  await sequence.context.dispose();
  return outputs[tokens.length - 1];
}

describe('the filtered logits', () => {
  it('give the log-probabilities of the full softmax, likely and unlikely tokens alike', async () => {
    const full = await evaluate('the time of it', { generateNext: { probabilities: true } });
    const ranked = [...(full?.next.probabilities ?? [])];
    const places = [0, 1, 10, 100, ranked.length - 1];
    const chosen = places.flatMap((place) => ranked[place]?.[0] ?? []);
    const logprobs = readLogprobs(await evaluate('the time of it', askLogits(chosen)), chosen);
    expect(chosen).toHaveLength(places.length);
    for (const [index, token] of chosen.entries())
      expect(logprobs[index]).toBeCloseTo(Math.log(full?.next.probabilities?.get(token) ?? 0), 4);
  });

  it('cannot be had with includeMax, which leaves the maximum out: notice when the library changes', async () => {
    const full = await evaluate('the time of it', { generateNext: { probabilities: true } });
    const ranked = [...(full?.next.probabilities ?? [])];
    const [best, unlikely] = [ranked[0]?.[0], ranked.at(-1)?.[0]];
    const ask = (filter: { tokens: Token[]; includeMax?: boolean; includeSelected?: boolean }) =>
      evaluate('the time of it', { generateNext: { logits: { filter }, totalLogitWeight: true } });
    if (best === undefined || unlikely === undefined) return expect.fail('there are tokens');
    const withMax = await ask({ tokens: [unlikely], includeMax: true });
    const withSelected = await ask({ tokens: [unlikely], includeSelected: true });
    expect(withMax?.next.logits?.has(best)).toBe(false);
    expect(withSelected?.next.logits?.has(best)).toBe(true);
  });
});
