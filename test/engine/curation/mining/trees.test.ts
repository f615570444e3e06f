import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSteps } from '../../../../electron/core/curation/run-steps.ts';
import { liveOf, promptsOf, responsesOf } from '../../../../electron/core/curation/work.ts';
import { openImportBench } from '../../../support/import-corpus.ts';

interface Node {
  readonly id: string;
  readonly parent: string | null;
  readonly text?: string;
  readonly [member: string]: unknown;
}

interface Pair {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  readonly margin: number | null;
  readonly soft_label: number | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

const child = (id: string, parent: string, more: Readonly<Record<string, unknown>> = {}): Node => ({
  id,
  parent,
  text: id,
  ...more,
});

/** Imports trees and runs one step; the pairs in order. */
async function mine(trees: readonly (readonly Node[])[], step: string, params: Record<string, unknown> = {}) {
  const bench = await openImportBench();
  const file = path.join(path.dirname(bench.workspace.path), 'trees.jsonl');
  const lines = trees.map((nodes, at) => JSON.stringify({ tree_id: `t${at}`, prompt: `task ${at}`, nodes }));
  writeFileSync(file, lines.join('\n'));
  const { datasetId } = await bench.load({ files: [file], dataset: 'trees' });
  return bench.workspace.database.withReader((session) =>
    runSteps(
      session,
      { spec: { datasetId, seed: 1, steps: [{ step, enabled: true, params }] } },
      async (work, outcome) => {
        const rows = await session.all<Omit<Pair, 'detail'> & { detail: string }>(
          `SELECT p.text AS prompt, CASE k.label WHEN 'b' THEN b.text ELSE a.text END AS chosen, CASE k.label WHEN 'b' THEN a.text ELSE b.text END AS rejected,
           k.margin, k.soft_label, k.detail::VARCHAR AS detail FROM ${liveOf(work)} k JOIN ${promptsOf(work)} p USING (prompt_id)
         JOIN ${responsesOf(work)} a ON a.response_id = k.response_a_id JOIN ${responsesOf(work)} b ON b.response_id = k.response_b_id ORDER BY k.candidate_id`,
        );
        const pairs = rows.map((row): Pair => ({ ...row, detail: JSON.parse(row.detail) as Pair['detail'] }));
        return { outcome, pairs, names: pairs.map((pair) => [pair.chosen, pair.rejected]) };
      },
    ),
  );
}

const root: Node = { id: 'root', parent: null };
const tool = [
  root,
  child('a', 'root'),
  child('b', 'root', { error: 'no such tool' }),
  child('c', 'a', { success: true }),
  child('d', 'a', { success: false, error: 'wrong key' }),
  child('e', 'a', { success: false }),
];

describe('near-duplicate steps', () => {
  const long = (end: string) =>
    `Now we add both sides of the equation and divide by the number of apples in the first basket, so the answer is ${end}`;
  const said = (id: string, text: string, more: Readonly<Record<string, unknown>>) => ({
    ...child(id, 'root', more),
    text,
  });
  const tree = [
    root,
    said('best', long('7'), { q: 1, visits: 9 }),
    said('same', long('7.'), { q: -1, visits: 2 }),
    said('other', long('8'), { q: 0, visits: 3 }),
  ];

  it('are no pair with the step they repeat; one that differs in a number is (would catch the useful pair dropped)', async () => {
    const { pairs, outcome } = await mine([tree], 'tree-step-pairs', { nearDuplicate: 0.8 });
    expect(pairs.map(({ chosen, rejected }) => [chosen, rejected])).toEqual([[long('7'), long('8')]]);
    expect(JSON.stringify(outcome)).toContain('1 steps nearly repeat a sibling');
    const { pairs: all } = await mine([tree], 'tree-step-pairs', { nearDuplicate: 1 });
    expect(all.map(({ rejected }) => rejected)).toEqual([long('7.')]);
  });
});

describe('pairs from decision trees', () => {
  it('root → {a*, b}, a → {c*, d, e}: pairs (a, b), (c, d), (c, e) with the history as prompt and the error as reason (judging specification 5.7)', async () => {
    const { names, pairs } = await mine([tool], 'tree-success-pairs');
    expect(names.sort()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'e'],
    ]);
    const deep = pairs.find((pair) => pair.rejected === 'd');
    expect(deep?.prompt).toBe('User: task 0\n\nAssistant: a');
    expect(deep?.detail).toEqual({ depth: 2, reject_reason: 'wrong key' });
    expect(pairs.find((pair) => pair.rejected === 'b')?.detail).toEqual({
      depth: 1,
      reject_reason: 'no such tool',
    });
  });

  it('makes no pair of a tree without success, none of two successful children, and takes three rejected children of five', async () => {
    const lost = [root, child('x', 'root', { success: false }), child('y', 'root', { success: false })];
    const both = [root, child('x', 'root', { success: true }), child('y', 'root', { success: true })];
    const many = [
      root,
      child('w', 'root', { success: true }),
      ...['l1', 'l2', 'l3', 'l4', 'l5'].map((id) => child(id, 'root')),
    ];
    const { names, outcome } = await mine([lost, both, many], 'tree-success-pairs');
    expect(names).toEqual([
      ['w', 'l1'],
      ['w', 'l2'],
      ['w', 'l3'],
    ]);
    expect(outcome.steps[0]?.figures).toMatchObject([{ n: 3, value: 2 / 3 }]);
  });

  it('path-wise: the way to success against each way that fails, whole', async () => {
    const { names, pairs } = await mine([tool], 'tree-success-pairs', { level: 'path' });
    expect(names).toEqual([
      ['a\nc', 'a\nd'],
      ['a\nc', 'a\ne'],
      ['a\nc', 'b'],
    ]);
    expect(pairs.every((pair) => pair.prompt === 'task 0')).toBe(true);
  });

  it('trees without success and datasets without trees are told, not silently empty', async () => {
    const { outcome } = await mine(
      [[root, child('x', 'root', { q: 1 }), child('y', 'root', { q: 0 })]],
      'tree-success-pairs',
    );
    expect(outcome.steps[0]?.notes[0]).toContain('success');
  });
});

describe('step pairs from search trees', () => {
  it.each([
    [6, 2, 0.25],
    [2, 6, 0.5],
  ])(
    'visits of best and worst %i and %i make a label smoothing of %d (judging specification 5.6)',
    async (best, worst, smoothing) => {
      const { pairs } = await mine(
        [
          [
            root,
            child('good', 'root', { q: 0.9, visits: best }),
            child('poor', 'root', { q: -0.1, visits: worst }),
          ],
        ],
        'tree-step-pairs',
      );
      expect(pairs).toHaveLength(1);
      expect(pairs[0]).toMatchObject({ chosen: 'good', rejected: 'poor', margin: 1 });
      expect(pairs[0]?.detail['label_smoothing']).toBeCloseTo(smoothing, 12);
      expect(pairs[0]?.soft_label).toBeCloseTo(1 - smoothing, 12);
    },
  );

  it('a pair a level on the path of highest Q, highest against lowest; equal Q makes none, unknown visits no soft label, other branches only “everywhere”', async () => {
    const tree = [
      root,
      child('a', 'root', { q: 0.9 }),
      child('b', 'root', { q: 0.5 }),
      child('c', 'root', { q: -0.5 }),
      child('a1', 'a', { q: 0.4 }),
      child('a2', 'a', { q: 0.4 }),
      child('b1', 'b', { q: 0.7 }),
      child('b2', 'b', { q: 0.1 }),
    ];
    const onPath = await mine([tree], 'tree-step-pairs');
    expect(onPath.names).toEqual([['a', 'c']]);
    expect(onPath.pairs[0]?.soft_label).toBeNull();
    const everywhere = await mine([tree], 'tree-step-pairs', { path: 'everywhere' });
    expect(everywhere.names.sort()).toEqual([
      ['a', 'c'],
      ['b1', 'b2'],
    ]);
  });

  it.each([
    [0.89, 'via good'],
    [0.91, 'via other'],
  ])(
    'the selection rule is Q + p √N(parent) / (1 + N): Q .5, p .4, 9 visits above and 2 here make .9, so a rival of %d leads %s (judging specification 5.6)',
    async (rival, way) => {
      const below = (parent: string, name: string) => [
        child(`${name} up`, parent, { q: 1, visits: 1 }),
        child(`${name} down`, parent, { q: 0, visits: 1 }),
      ];
      const tree = [
        root,
        child('good', 'root', { q: 0.5, prior: 0.4, visits: 2 }),
        child('other', 'root', { q: rival, prior: 0, visits: 7 }),
        ...below('good', 'via good'),
        ...below('other', 'via other'),
      ];
      const { names } = await mine([tree], 'tree-step-pairs', { path: 'selection' });
      expect(names.map(([chosen]) => chosen)).toContain(`${way} up`);
      expect(names).toHaveLength(2);
    },
  );
});
