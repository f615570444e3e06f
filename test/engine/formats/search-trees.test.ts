import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource, readRecords, type RecordRow } from '../../support/read-records.ts';

const file = path.resolve('test/fixtures/formats/search-trees.jsonl');
const find = (rows: readonly RecordRow[], id: string) => rows.find(({ example_id }) => example_id === id);
const rated = (row: RecordRow | undefined, aspect: string) =>
  row?.ratings
    ?.filter((one) => one.aspect === aspect)
    .map((one) => [one.response, one.value_text ?? one.value]);

describe('search trees', () => {
  it('is told from message trees and plain rows', async () => {
    expect((await openSource(file)).guesses[0]?.format).toBe('search-trees');
  });

  it('makes a record of every node with children; a tree counts once, and one with a lost node is refused with the reason', async () => {
    const rows = await readRecords(file);
    expect(rows.filter((row) => row.problem === null).map((row) => [row.example_id, row.src_rows])).toEqual(
      expect.arrayContaining([
        ['t1/r', 1],
        ['t1/a', 0],
        ['t2/1', 1],
        ['t2/3', 0],
        ['t4/r', 1],
      ]),
    );
    expect(rows.reduce((sum, row) => sum + row.src_rows, 0)).toBe(4);
    expect(
      rows.filter((row) => row.problem !== null).map((row) => [row.src_row, row.problem_column]),
    ).toEqual([[2, 'nodes']]);
  });

  it('gives a deeper prompt the steps before it as one assistant turn, a tree with roles a turn each', async () => {
    const rows = await readRecords(file);
    expect(find(rows, 't1/r')?.prompt_text).toBe('What is 2+3*4?');
    expect(find(rows, 't1/a')?.prompt_messages).toEqual([
      { role: 'user', content: 'What is 2+3*4?' },
      { role: 'assistant', content: '3*4=12' },
    ]);
    expect(find(rows, 't4/b')?.prompt_messages).toEqual([
      { role: 'user', content: 'Call a tool' },
      { role: 'assistant', content: 'weather(city=Rome)' },
      { role: 'tool', content: 'timeout' },
    ]);
  });

  it('keeps ids, Q, visits and errors, and says which children lead to success', async () => {
    const rows = await readRecords(file);
    const root = find(rows, 't1/r');
    expect(rated(root, 'node')).toEqual([
      [0, 't1/a'],
      [1, 't1/b'],
    ]);
    expect(rated(root, 'q')).toEqual([
      [0, 0.9],
      [1, -0.2],
    ]);
    expect(rated(root, 'leads to success')).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(rated(root, 'error')).toEqual([[1, 'precedence']]);
    expect(rated(find(rows, 't2/1'), 'leads to success')).toEqual([]);
  });

  it('backs Q up where it is not given: children (N 3, r 1.0) and (N 0, r −0.2) give V 0.7 (judging specification 5.6), the prior is exp(−2 / 16^1.25)', async () => {
    const rows = await readRecords(file);
    const q = rated(find(rows, 't2/1'), 'q');
    expect(q?.[0]).toEqual([0, 0.3]);
    expect(q?.[1]?.[1]).toBeCloseTo(0.7, 12);
    expect(rated(find(rows, 't2/1'), 'prior')?.[0]?.[1]).toBeCloseTo(Math.exp(-2 / 32), 12);
  });

  it('takes values from confidences: 0 is the parent’s value, an end without success −1, depth beyond 3 divides (hand counts)', async () => {
    const rows = await readRecords(file);
    // Values .5, .5 (0 becomes the parent's), .6 − 1 = −.4; r .5, 0, −.9; Q of the first step .5 + 0 − .9.
    expect(rated(find(rows, 't4/a'), 'state value')).toEqual([[0, 0.5]]);
    expect(rated(find(rows, 't4/b'), 'q')?.[0]?.[1]).toBeCloseTo(-0.9, 12);
    expect(rated(find(rows, 't4/r'), 'q')?.[0]?.[1]).toBeCloseTo(-0.4, 12);
  });
});
