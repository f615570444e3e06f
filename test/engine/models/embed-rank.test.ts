import type { LlamaEmbeddingContext } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestLlama } from '../../support/models/ask.ts';
import { testModelFile } from '../../support/models/test-models.ts';

let llama: TestLlama;
beforeAll(async () => {
  llama = await TestLlama.open();
});
afterAll(async () => {
  await llama.dispose();
});

describe('the embedder', () => {
  let context: LlamaEmbeddingContext;
  beforeAll(async () => {
    const model = await llama.load(await testModelFile('embedder'));
    context = llama.keep(await model.createEmbeddingContext({ contextSize: 2048, threads: 1 }));
  });

  const cosine = async (one: string, other: string) =>
    (await context.getEmbeddingFor(one)).calculateCosineSimilarity(await context.getEmbeddingFor(other));

  it('puts a text nearer to its rewording than to another text', async () => {
    const texts = [
      ['Large numbers are factored by quantum computers.', 'Quantum computers factor large numbers.'],
      ['Please bake a chocolate cake for the party.', 'For the party, bake a cake with chocolate please.'],
      ['My bicycle has a flat tyre again.', 'Again a flat tyre on my bicycle!'],
    ] as const;
    for (const [index, [text, rewording]] of texts.entries()) {
      const near = await cosine(text, rewording);
      for (const [otherIndex, other] of texts.entries())
        if (otherIndex !== index) expect(near).toBeGreaterThan((await cosine(text, other[0])) + 0.2);
    }
  });

  it('does not see capitals, and sees the order of letters', async () => {
    expect(await cosine('Some Words Here', 'some words here')).toBeCloseTo(1, 3);
    expect(await cosine('listen to the radio', 'the radio listen to')).toBeGreaterThan(
      (await cosine('listen to the radio', 'oidar eht ot netsil')) + 0.3,
    );
  });

  it('gives the same vector twice, also after a longer text', async () => {
    const first = await context.getEmbeddingFor('the same');
    await context.getEmbeddingFor('something else. '.repeat(100));
    expect((await context.getEmbeddingFor('the same')).vector).toEqual(first.vector);
    expect(first.vector).toHaveLength(128);
  });
});

it('the reranker scores a document by its marker, not by one in the query, at any length', async () => {
  const model = await llama.load(await testModelFile('reranker'));
  expect(model.fileInsights.supportsRanking).toBe(true);
  const context = llama.keep(await model.createRankingContext({ contextSize: 3072, threads: 1 }));
  const scores = await context.rankAll('Where is ★?', [
    'Here: ★',
    'Not here.',
    `${'x '.repeat(1000)}★`,
    'y '.repeat(1000),
  ]);
  // s(2) = 0.880797
  const expected = [0.880797, 0.119203, 0.880797, 0.119203];
  expected.forEach((score, index) => expect(scores[index]).toBeCloseTo(score, 4));
});
