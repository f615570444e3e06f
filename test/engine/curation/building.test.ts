import { describe, expect, it } from 'vitest';
import { numbered, openCuration } from './curation-bench.ts';

/** Four responses of one prompt with the scores of audit specification C4. */
const four = [
  { prompt: 'p', a: 'nine', b: 'seven', label: 'b' as const },
  { prompt: 'p', a: 'four', b: 'two', label: 'a' as const },
];
const scores = { nine: 9, seven: 7, four: 4, two: 2 };

describe('building steps', () => {
  it.each([
    ['best-worst', [['nine', 'two', 7]]],
    [
      'adjacent',
      [
        ['seven', 'four', 3],
        ['nine', 'seven', 2],
        ['four', 'two', 2],
      ],
    ],
    [
      'best-each',
      [
        ['nine', 'two', 7],
        ['nine', 'four', 5],
        ['nine', 'seven', 2],
      ],
    ],
  ])(
    '%s of 9, 7, 4, 2: these pairs and gaps, none of equal scores (hand counts)',
    async (strategy, expected) => {
      const { run } = await openCuration(four, scores);
      const { pairs, outcome } = await run([{ step: 'pairs-from-ratings', params: { strategy } }]);
      expect(pairs.map((pair) => [pair.chosen, pair.rejected, pair.margin])).toEqual(expected);
      expect(outcome.steps[0]).toMatchObject({
        in: 2,
        dropped: 2,
        added: expected.length,
        out: expected.length,
      });
    },
  );

  it('all of 9, 7, 4, 4 makes 5 pairs, ranks (lower is better) turn them round, and a least gap of 5 leaves two', async () => {
    const { run } = await openCuration(four, { ...scores, two: 4 });
    expect((await run([{ step: 'pairs-from-ratings', params: { strategy: 'all' } }])).outcome.pairs).toBe(5);
    const ranked = await run([
      { step: 'pairs-from-ratings', params: { strategy: 'best-worst', better: 'lower' } },
    ]);
    expect(ranked.pairs[0]).toMatchObject({ rejected: 'nine', margin: 5 });
    const wide = await run([
      { step: 'pairs-from-ratings', params: { strategy: 'all', minGap: 5, replace: false } },
    ]);
    expect(wide.outcome).toMatchObject({ pairs: 4, steps: [{ added: 2, dropped: 0 }] });
  });

  it('the side of the chosen response is drawn by its texts, not always a (a trainer or judge could read it off)', async () => {
    const rows = numbered(80);
    const ratings = Object.fromEntries(
      rows.flatMap((row) => [
        [row.a, 2],
        [row.b, 1],
      ]),
    );
    const { run } = await openCuration(rows, ratings);
    const { pairs } = await run([{ step: 'pairs-from-ratings' }]);
    const first = pairs.filter((pair) => pair.label === 'a').length;
    expect(pairs.every((pair) => pair.chosen.startsWith('good'))).toBe(true);
    expect(first).toBeGreaterThan(20);
    expect(first).toBeLessThan(60);
  });

  it('curriculum of 9, 7, 4, 2: rejected 2 (gap 7) in stage 1, 4 (5) in 2, 7 (2) in 3 (audit specification C4)', async () => {
    const { run } = await openCuration(four, scores);
    const { pairs } = await run([
      { step: 'pairs-from-ratings', params: { strategy: 'best-each' } },
      { step: 'curriculum' },
    ]);
    expect(pairs.map((pair) => [pair.rejected, pair.margin, pair.stage, pair.place])).toEqual([
      ['two', 7, 1, 1],
      ['four', 5, 2, 2],
      ['seven', 2, 3, 3],
    ]);
    const hard = await run([
      { step: 'pairs-from-ratings', params: { strategy: 'best-each' } },
      { step: 'curriculum', params: { order: 'hard-first' } },
    ]);
    expect(hard.pairs.map((pair) => pair.rejected)).toEqual(['seven', 'four', 'two']);
  });

  it('best of k: with all four drawn 9 is chosen and 2 rejected; k of 2 draws the same two under one seed', async () => {
    const { run } = await openCuration(four, scores);
    const { pairs } = await run([{ step: 'best-of-k' }]);
    expect(pairs.map((pair) => [pair.chosen, pair.rejected])).toEqual([['nine', 'two']]);
    const two = async () =>
      (await run([{ step: 'best-of-k', params: { k: 2 } }], 5)).pairs.map((pair) => [
        pair.chosen,
        pair.rejected,
      ]);
    expect(await two()).toEqual(await two());
    const [chosen = '', rejected = ''] = (await two())[0] ?? [];
    expect(scores[chosen as keyof typeof scores]).toBeGreaterThan(scores[rejected as keyof typeof scores]);
  });

  it('rejection sampling: k over the candidates accepts all of them, β = 0 the best two; the higher reward is chosen (judging specification 5.4)', async () => {
    const { run } = await openCuration(four, scores);
    const all = await run([{ step: 'rejection-sampling', params: { size: 8 } }]);
    expect(all.outcome).toMatchObject({ pairs: 2, steps: [{ figures: [{ value: 4, n: 4 }] }] });
    expect(all.pairs.flatMap((pair) => [pair.chosen, pair.rejected]).sort()).toEqual([
      'four',
      'nine',
      'seven',
      'two',
    ]);
    expect(all.pairs.every((pair) => (pair.margin ?? 0) > 0)).toBe(true);
    const best = await run([{ step: 'rejection-sampling', params: { size: 2, beta: 0 } }]);
    expect(best.pairs.map((pair) => [pair.chosen, pair.rejected])).toEqual([['nine', 'seven']]);
    const unlabelled = await run([
      { step: 'rejection-sampling', params: { size: 2, beta: 0, label: 'none' } },
    ]);
    expect(unlabelled.pairs[0]).toMatchObject({ label: null, margin: null });
  });

  it('goal relabelling of (9, 4): two rows, prompts contain 9 and 4, second chosen = old rejected; equal and wrong scores are dropped (judging specification 5.9)', async () => {
    const { run } = await openCuration(
      [
        { prompt: 'ask', a: 'good', b: 'poor', label: 'a' },
        { prompt: 'wrong', a: 'poor', b: 'good', label: 'a' },
        { prompt: 'equal', a: 'good', b: 'also good', label: 'a' },
      ],
      { good: 9, poor: 4, 'also good': 9 },
    );
    const { pairs, outcome } = await run([
      { step: 'goal-relabel' },
      { step: 'split', params: { train: 0, validation: 0, test: 1 } },
    ]);
    expect(outcome.steps[0]).toMatchObject({
      in: 3,
      out: 2,
      added: 1,
      changed: 1,
      droppedWhy: [
        { reason: 'chosen is rated below rejected', count: 1 },
        { reason: 'equal scores', count: 1 },
      ],
    });
    // Relabelled pairs never stand in evaluation splits, so the test split of all takes none of them.
    expect(pairs).toEqual([]);
    const { pairs: rows } = await run([{ step: 'goal-relabel' }]);
    expect(rows).toMatchObject([
      {
        chosen: 'good',
        rejected: 'poor',
        goal_score: 9,
        is_relabelled: true,
        messages: [
          {
            role: 'system',
            content: 'You are an assistant that answers with a quality score of 9 on a scale of 1 to 10.',
          },
          { role: 'user', content: 'ask' },
        ],
      },
      {
        chosen: 'poor',
        rejected: 'good',
        goal_score: 4,
        is_relabelled: true,
        messages: [
          {
            role: 'system',
            content: 'You are an assistant that answers with a quality score of 4 on a scale of 1 to 10.',
          },
          { role: 'user', content: 'ask' },
        ],
      },
    ]);
  });

  it('splits: no prompt cluster stands in two splits, spellings and near-duplicates of a prompt neither; shares are met to within a cluster', async () => {
    const long = Array.from({ length: 30 }, (_, at) => `term${at}`).join(' ');
    const rows = [
      ...numbered(100, (no) => ({
        prompt: `entirely separate question ${no % 50} about subject ${no % 50}`,
      })),
      { prompt: long, a: 'l1', b: 'm1', label: 'a' as const },
      { prompt: `${long} indeed`, a: 'l2', b: 'm2', label: 'a' as const },
      { prompt: long.toUpperCase(), a: 'l3', b: 'm3', label: 'a' as const },
    ];
    const { run } = await openCuration(rows);
    const { pairs, outcome } = await run([
      { step: 'split', params: { train: 0.8, validation: 0.1, test: 0.1, threshold: 0.8 } },
    ]);
    const splitsOf = new Map<string, Set<string | null>>();
    for (const { prompt, split } of pairs) {
      const key = prompt.toLowerCase().startsWith('term0') ? 'long' : prompt;
      splitsOf.set(key, (splitsOf.get(key) ?? new Set()).add(split));
    }
    expect([...splitsOf.values()].every((splits) => splits.size === 1)).toBe(true);
    expect(splitsOf.size).toBe(51);
    expect(outcome.steps[0]?.figures).toMatchObject([
      { value: 51 },
      { name: 'clusters in two splits', value: 0 },
    ]);
    const count = (name: string) => outcome.splits.find((one) => one.split === name)?.pairs ?? 0;
    expect(Math.abs(count('train') - 82.4)).toBeLessThanOrEqual(3);
  });

  it('a step that is switched off does nothing, and a mistyped parameter is refused before anything is run', async () => {
    const { run } = await openCuration(numbered(3));
    expect((await run([{ step: 'budget', enabled: false, params: { size: 1 } }])).outcome).toMatchObject({
      pairs: 3,
      steps: [],
    });
    await expect(run([{ step: 'budget', params: { sise: 1 } }])).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
    });
    await expect(run([{ step: 'nothing' }])).rejects.toMatchObject({ code: 'RECIPE_INVALID' });
  });
});
