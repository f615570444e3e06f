import { describe, expect, it } from 'vitest';
import { numbered, openCuration } from './curation-bench.ts';

const only = <T>(rows: readonly T[], key: keyof T) => rows.map((row) => row[key]);

describe('removing steps', () => {
  it('filter: counts in, out and why; keeps by conditions of the grid, texts too (a filter on the stored label would miss a flip)', async () => {
    const { run } = await openCuration(
      numbered(10, (no) => ({ label: no < 6 ? 'a' : 'b', votes: ['b', 'b', 'b', 'b', 'b', 'b', 'b'] })),
    );
    const { outcome, pairs } = await run([
      { step: 'flip', params: { from: 'votes', least: 0.8 } },
      {
        step: 'filter',
        params: {
          clauses: [
            { op: 'in', field: 'label', values: ['b'] },
            { op: 'contains', field: 'prompt', text: 'number' },
          ],
        },
      },
      {
        step: 'filter',
        params: {
          clauses: [{ op: 'contains', field: 'response_a', text: 'answer 3' }],
          drop: true,
          reason: 'third',
        },
      },
    ]);
    expect(outcome.steps).toMatchObject([
      { step: 'flip', in: 10, out: 10, changed: 6, dropped: 0 },
      { step: 'filter', in: 10, out: 10, dropped: 0 },
      { step: 'filter', in: 10, out: 9, dropped: 1, droppedWhy: [{ reason: 'third', count: 1 }] },
    ]);
    expect(pairs.every((pair) => pair.label === 'b')).toBe(true);
  });

  it('score-cut: 1,000 rows, top .3 keeps 300 (audit specification C1), and says that a tie was cut by the order', async () => {
    const { run } = await openCuration(numbered(1000, (no) => ({ strength: Math.floor(no / 2) / 500 })));
    const { outcome, pairs } = await run([{ step: 'score-cut', params: { score: 'strength', top: 0.3 } }]);
    expect(outcome).toMatchObject({ source: 1000, pairs: 300 });
    expect(Math.min(...pairs.map((pair) => pair.strength ?? 0))).toBe(0.7);
    expect(outcome.steps[0]?.notes).toEqual([]);
    const odd = await run([{ step: 'score-cut', params: { score: 'strength', top: 0.301 } }]);
    expect(odd.outcome.steps[0]?.notes[0]).toContain('1 dropped pairs');
  });

  it('duplicates: the copy goes, the contradicting copies go, equal sides go; with majority two against one keep the first of the two', async () => {
    const pair = { prompt: 'Same question?', a: 'yes', b: 'no', label: 'a' as const };
    const rows = [
      pair,
      { ...pair, prompt: 'same  QUESTION' },
      { prompt: 'other', a: 'left', b: 'right', label: 'a' as const },
      { prompt: 'other', a: 'right', b: 'left', label: 'a' as const },
      { prompt: 'other', a: 'left', b: 'right', label: 'a' as const },
      { prompt: 'third', a: 'Same!', b: 'same', label: 'a' as const },
    ];
    const { run } = await openCuration(rows);
    const { outcome, pairs } = await run([{ step: 'duplicates' }]);
    expect(only(pairs, 'prompt')).toEqual(['Same question?']);
    expect(outcome.steps[0]?.droppedWhy).toEqual([
      { reason: 'copies with opposite labels', count: 3 },
      { reason: 'both sides are equal', count: 1 },
      { reason: 'copy of an earlier pair', count: 1 },
    ]);
    const majority = await run([{ step: 'duplicates', params: { conflicts: 'majority' } }]);
    expect(majority.pairs.map((left) => [left.prompt, left.chosen])).toEqual([
      ['Same question?', 'yes'],
      ['other', 'left'],
    ]);
  });

  it('near-duplicates: a prompt of 20 words with one more word has Jaccard 16/17 and goes; the best by strength stays where asked', async () => {
    const words = Array.from({ length: 20 }, (_, at) => `word${at}`).join(' ');
    const rows = [
      { prompt: words, a: 'x', b: 'y', label: 'a' as const, strength: 0.2 },
      { prompt: `${words} more`, a: 'x2', b: 'y2', label: 'a' as const, strength: 0.9 },
      {
        prompt: 'quite another question about something else',
        a: 'p',
        b: 'q',
        label: 'a' as const,
        strength: 0.5,
      },
    ];
    const { run } = await openCuration(rows);
    const first = await run([{ step: 'near-duplicates' }]);
    expect(only(first.pairs, 'chosen')).toEqual(['x', 'p']);
    const best = await run([{ step: 'near-duplicates', params: { by: 'strength' } }]);
    expect(only(best.pairs, 'chosen')).toEqual(['x2', 'p']);
    expect((await run([{ step: 'near-duplicates', params: { threshold: 0.95 } }])).outcome.pairs).toBe(3);
  });

  it('contamination: a prompt that shares 13 words in a row with a test set goes, 12 words stay; a missing test set is an error', async () => {
    const run13 = Array.from({ length: 13 }, (_, at) => `shared${at}`).join(' ');
    const fill = (mark: string) => Array.from({ length: 40 }, (_, at) => `${mark}${at}`).join(' ');
    const { run, workspace } = await openCuration([
      { prompt: `${fill('own')} ${run13} tail`, a: '1', b: '2', label: 'a' },
      { prompt: `${fill('other')} ${run13.split(' ').slice(1).join(' ')} end`, a: '3', b: '4', label: 'a' },
    ]);
    const test = await openCuration(
      [{ prompt: `${run13} ${fill('test')}`, a: '5', b: '6', label: 'a' }],
      {},
      workspace,
    );
    await workspace.database.write((session) =>
      session.run(`UPDATE dataset SET name = 'held out' WHERE dataset_id = ?`, [test.datasetId]),
    );
    const { outcome, pairs } = await run([{ step: 'contamination', params: { against: ['held out'] } }]);
    expect(only(pairs, 'chosen')).toEqual(['3']);
    expect(outcome.steps[0]).toMatchObject({ dropped: 1, figures: [{ value: 0.5, n: 2 }] });
    await expect(run([{ step: 'contamination', params: { against: ['nowhere'] } }])).rejects.toMatchObject({
      code: 'DATASET_MISSING',
    });
  });

  it('noise review: 0 of 3 votes for the label gives (0+1)/(3+2) = .2, so a limit of .25 drops it and .2 does not; people get it where asked', async () => {
    const { run } = await openCuration([
      { prompt: 'p0', a: 'a0', b: 'b0', label: 'a', votes: ['b', 'b', 'b'] },
      { prompt: 'p1', a: 'a1', b: 'b1', label: 'a', votes: ['a', 'a', 'b'] },
      { prompt: 'p2', a: 'a2', b: 'b2', label: 'a', votes: ['b'] },
    ]);
    const { outcome, pairs } = await run([{ step: 'noise-review', params: { below: 0.25 } }]);
    expect(only(pairs, 'prompt')).toEqual(['p1', 'p2']);
    expect(outcome.steps[0]?.notes).toEqual([
      '1 of the 2 pairs that stay have no evidence and were not reviewed.',
    ]);
    expect((await run([{ step: 'noise-review', params: { below: 0.2 } }])).outcome.pairs).toBe(3);
    const human = await run([{ step: 'noise-review', params: { below: 0.25, action: 'human' } }]);
    expect(only(human.pairs, 'route')).toEqual(['human', null, null]);
  });

  it('budget: the same seed draws the same pairs, another one others; a smallest group of 2 keeps 2 of each', async () => {
    const { run } = await openCuration(
      numbered(60, (no) => ({ modelA: no < 2 ? 'rare' : no < 20 ? 'mid' : 'often' })),
    );
    const draw = (seed: number) => run([{ step: 'budget', params: { size: 10 } }], seed);
    const [one, again, other] = [await draw(1), await draw(1), await draw(2)];
    expect(one.outcome.pairs).toBe(10);
    expect(again.outcome.manifest).toBe(one.outcome.manifest);
    expect(other.outcome.manifest).not.toBe(one.outcome.manifest);
    const equal = await run([{ step: 'budget', params: { method: 'equal-groups', group: 'model_a' } }]);
    expect(equal.outcome).toMatchObject({
      pairs: 6,
      steps: [{ droppedWhy: [{ reason: 'over the size of the smallest group', count: 54 }] }],
    });
    const sized = await run([
      { step: 'budget', params: { method: 'group-sizes', group: 'model_a', sizes: { rare: 1, mid: 3 } } },
    ]);
    expect(sized.outcome).toMatchObject({
      pairs: 4,
      steps: [
        {
          droppedWhy: [
            { reason: 'group has no budget', count: 40 },
            { reason: 'over the budget of its group', count: 16 },
          ],
        },
      ],
    });
    const subset = await run([{ step: 'budget', params: { method: 'subset', size: 5 } }]);
    expect(subset.outcome.pairs).toBe(5);
  });
});

describe('labelling and weighing steps', () => {
  it('flip: .8 for the other side turns the label and drops its strength; .7 does not (Laplace: 3 of 3 is .8)', async () => {
    const { run } = await openCuration([
      { prompt: 'p0', a: 'a0', b: 'b0', label: 'a', votes: ['b', 'b', 'b'], strength: 0.4 },
      { prompt: 'p1', a: 'a1', b: 'b1', label: 'a', votes: ['b', 'b', 'a'], strength: 0.4 },
    ]);
    const { outcome, pairs } = await run([{ step: 'flip' }]);
    expect(pairs).toMatchObject([
      { label: 'b', chosen: 'b0', strength: null },
      { label: 'a', chosen: 'a1', strength: 0.4 },
    ]);
    expect(outcome.steps[0]?.changedWhy).toEqual([
      { reason: 'the evidence is for the other side', count: 1 },
    ]);
  });

  it('soft labels: flip rate .1 gives .9 (audit specification B2); ratings 3 against 1 give σ(2) = .8808; never below one half', async () => {
    const { run } = await openCuration(
      [
        { prompt: 'p', a: 'x', b: 'y', label: 'a' },
        { prompt: 'q', a: 'y', b: 'x', label: 'a' },
      ],
      { x: 3, y: 1 },
    );
    expect(
      only(
        (await run([{ step: 'soft-labels', params: { from: 'constant', flipRate: 0.1 } }])).pairs,
        'soft_label',
      ),
    ).toEqual([0.9, 0.9]);
    const { pairs } = await run([{ step: 'soft-labels', params: { from: 'ratings', aspect: 'overall' } }]);
    expect(pairs[0]?.soft_label).toBeCloseTo(0.8808, 4);
    expect(pairs[1]?.soft_label).toBe(0.5);
  });

  it('margins: the rating gap times the scale, cut at 0 for pairs rated the wrong way', async () => {
    const { run } = await openCuration(
      [
        { prompt: 'p', a: 'x', b: 'y', label: 'a' },
        { prompt: 'q', a: 'y', b: 'x', label: 'a' },
      ],
      { x: 9, y: 4 },
    );
    const { pairs, outcome } = await run([{ step: 'margins', params: { score: 'gap.overall', scale: 0.5 } }]);
    expect(only(pairs, 'margin')).toEqual([2.5, 0]);
    expect(outcome.steps[0]?.notes[0]).toMatch(/^1 margins/);
  });

  it('weights: scores 0, 5, 10 with α = .5 weigh .0900, .2447, .6652 of the sum (audit specification C2, per episode)', async () => {
    const { run } = await openCuration(numbered(3, (no) => ({ strength: no / 2 })));
    const { pairs, outcome } = await run([{ step: 'weights', params: { by: 'score', temperature: 0.5 } }]);
    const shares = pairs.map((pair) => pair.weight / 3);
    for (const [at, share] of [0.09, 0.2447, 0.6652].entries()) expect(shares[at]).toBeCloseTo(share, 4);
    // ESS = 1 / (.0900² + .2447² + .6652²) = 1.958
    expect(outcome.effectiveSize).toBeCloseTo(1.958, 2);
  });

  it('weights: groups of 1 and 3 weigh the same in sum; certainty (1−B)^μ falls with doubt', async () => {
    const { run } = await openCuration(
      numbered(4, (no) => ({ modelA: no === 0 ? 'm' : 'n', strength: [1, 0.5, 0.5, 0][no] })),
    );
    const grouped = await run([{ step: 'weights', params: { by: 'group', group: 'model_a' } }]);
    expect(grouped.pairs.map((pair) => Number(pair.weight.toFixed(6)))).toEqual([
      2, 0.666667, 0.666667, 0.666667,
    ]);
    const certain = await run([
      { step: 'soft-labels', params: { from: 'strength' } },
      { step: 'weights', params: { by: 'certainty', mu: 2 } },
    ]);
    // |2p − 1| = strength: 1, .25, .25, 0 over their mean .375
    expect(certain.pairs.map((pair) => Number(pair.weight.toFixed(4)))).toEqual([2.6667, 0.6667, 0.6667, 0]);
  });

  it('route: coefficients (.3, −.2, 0) and tags (1,1,0), (0,1,0), (1,0,1) gain .1, −.2, .3; a budget of 1 takes the third (judging specification 6.2)', async () => {
    const { run, workspace, datasetId } = await openCuration(numbered(3));
    await workspace.database.write(async (session) => {
      for (const [row, tag] of [
        [0, 'x'],
        [0, 'y'],
        [1, 'y'],
        [2, 'x'],
        [2, 'z'],
      ] as const)
        await session.run(`INSERT INTO tag VALUES (?, 'pairs', ?, ?)`, [
          datasetId,
          datasetId * 10_000_000 + row,
          tag,
        ]);
    });
    const tags = { x: 0.3, y: -0.2, z: 0 };
    const budget = await run([{ step: 'route', params: { gain: 'tags', tags, budget: 1 } }]);
    expect(only(budget.pairs, 'route')).toEqual(['model', 'model', 'human']);
    expect(budget.outcome.steps[0]?.figures[0]?.value).toBeCloseTo(0.3, 12);
    const free = await run([{ step: 'route', params: { gain: 'tags', tags } }]);
    expect(only(free.pairs, 'route')).toEqual(['human', 'model', 'human']);
  });
});
