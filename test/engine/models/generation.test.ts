import { LlamaChatSession } from 'node-llama-cpp';
import type { LlamaGrammar, LlamaModel } from 'node-llama-cpp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestLlama } from '../../support/models/ask.ts';
import { testModelFile } from '../../support/models/test-models.ts';
import type { TestModelKind } from '../../support/models/test-models.ts';

let llama: TestLlama;
let judge: LlamaModel;
let random: LlamaModel;

beforeAll(async () => {
  llama = await TestLlama.open();
  const load = async (kind: TestModelKind) => llama.load(await testModelFile(kind));
  [judge, random] = [await load('marker-judge'), await load('random')];
});
afterAll(async () => {
  await llama.dispose();
});

const PAIR = 'Which is better?\n[Response A]\nplain\n[Response B]\nwith ★\n[End]\nAnswer:';
const VERDICT = {
  type: 'object',
  properties: {
    reason: { type: 'string', maxLength: 20 },
    verdict: { enum: ['A', 'B'] },
    score: { type: 'integer' },
  },
} as const;

interface Ask {
  text: string;
  seed?: number;
  grammar?: LlamaGrammar;
}

async function say(model: LlamaModel, { text, seed, grammar }: Ask) {
  const sequence = await llama.openSequence(model);
  const session = new LlamaChatSession({ contextSequence: sequence, systemPrompt: 'Be brief.' });
  expect(session.chatWrapper.wrapperName).toBe('ChatML');
  return session.promptWithMeta(text, {
    maxTokens: 120,
    temperature: seed === undefined ? 0 : 1,
    ...(seed === undefined ? {} : { seed }),
    ...(grammar === undefined ? {} : { grammar }),
  });
}

it('a judge without a pair says its sentence and ends its turn', async () => {
  const { responseText, stopReason } = await say(judge, { text: 'Tell me why.' });
  expect(responseText).toBe('Because it helps.');
  expect(stopReason).toBe('eogToken');
});

it('a judge with a pair says the letter and ends its turn', async () => {
  const { responseText, stopReason } = await say(judge, { text: PAIR });
  expect(responseText.trim()).toBe('B');
  expect(stopReason).toBe('eogToken');
});

it('a judge held to a JSON schema gives the verdict its probabilities give', async () => {
  const { responseText } = await say(judge, {
    text: PAIR,
    grammar: await llama.llama.createGrammarForJsonSchema(VERDICT),
  });
  expect(JSON.parse(responseText)).toMatchObject({ verdict: 'B' });
});

it('a judge held to a JSON schema scores a single response high with a marker, low without', async () => {
  const grammar = await llama.llama.createGrammarForJsonSchema({
    type: 'object',
    properties: { score: { type: 'integer' } },
  });
  const score = async (response: string) =>
    JSON.parse(
      (await say(judge, { text: `[Response]\n${response}\n[End]\nScore:`, grammar })).responseText,
    ) as unknown;
  expect(await score('with ★')).toEqual({ score: 5 });
  expect(await score('plain')).toEqual({ score: 1 });
});

it('random weights held to a JSON schema still give valid JSON', async () => {
  const grammar = await llama.llama.createGrammarForJsonSchema({
    type: 'object',
    properties: { reason: { type: 'string', maxLength: 20 }, verdict: { enum: ['A', 'B'] } },
  });
  for (const seed of [1, 2]) {
    const { responseText } = await say(random, { text: 'Judge this.', grammar, seed });
    const verdict = JSON.parse(responseText) as { reason: string; verdict: string };
    expect(['A', 'B']).toContain(verdict.verdict);
    expect(typeof verdict.reason).toBe('string');
  }
});

it('sampling repeats with its seed and changes with another', async () => {
  const sample = async (seed: number) => (await say(random, { text: 'Go on.', seed })).responseText;
  const first = await sample(7);
  expect(await sample(7)).toBe(first);
  expect(await sample(8)).not.toBe(first);
});
