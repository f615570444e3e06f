import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecords, type RecordRow } from '../../support/read-records.ts';

const fixture = (file: string) => path.resolve('test/fixtures/formats', file);
const votesOf = (row: RecordRow | undefined) => row?.votes?.map(({ a, b, label }) => [a, b, label]);
const files = ['oasst-trees.jsonl', 'oasst-flat.jsonl'];

describe.each(files)('OASST %s', (file) => {
  it('takes rank 0 for the best, equal ranks for a tie, and no rank for no pair', async () => {
    const rows = await readRecords(fixture(file));
    expect(rows[0]?.responses.map(({ text }) => text)).toEqual([
      'Water from clouds.',
      'It is wet.',
      'Rain is rain.',
    ]);
    expect(votesOf(rows[0])).toEqual([
      [0, 1, 'a'],
      [0, 2, 'a'],
      [1, 2, 'tie'],
    ]);
    const unranked = rows.find(({ example_id }) => example_id === 'p2');
    expect(unranked?.responses.map(({ text }) => text)).toEqual(['Gravity.']);
    expect(unranked?.votes).toEqual([]);
  });

  it('gives a later prompt the path from the root, with roles the rest of the program knows', async () => {
    const rows = await readRecords(fixture(file));
    expect(rows.find(({ example_id }) => example_id === 'p2')?.prompt_messages).toEqual([
      { role: 'user', content: 'What is rain?' },
      { role: 'assistant', content: 'Water from clouds.' },
      { role: 'user', content: 'Why does it fall?' },
    ]);
  });

  it('keeps labels, emoji counts and ranks as ratings; an absent one is not 0', async () => {
    const [row] = await readRecords(fixture(file));
    expect(row?.ratings?.map(({ response, aspect, value }) => [response, aspect, value])).toEqual([
      [0, 'rank', 0],
      [0, 'quality', 0.75],
      [0, 'spam', 0],
      [0, 'emoji +1', 4],
      [1, 'rank', 1],
      [1, 'emoji -1', 2],
      [2, 'rank', 1],
    ]);
    expect(row?.language).toBe('en');
  });
});

describe('OASST trees', () => {
  it('counts a tree once however many records it makes, and tells of one without replies', async () => {
    const rows = await readRecords(fixture('oasst-trees.jsonl'));
    expect(rows.map(({ src_row, src_rows, problem }) => [src_row, src_rows, problem])).toEqual([
      [0, 1, null],
      [0, 0, null],
      [1, 1, 'Nobody replied to the root of this tree.'],
    ]);
  });

  it('keeps a last message that nobody answered with the record above it', async () => {
    const [row] = await readRecords(fixture('oasst-trees.jsonl'));
    expect(row?.extra).toContain('Thanks!');
    expect(row?.extra).not.toContain('Water from clouds.');
  });
});

describe('OASST messages', () => {
  it('accounts for every row: folded into its parent, or refused with a reason', async () => {
    const rows = await readRecords(fixture('oasst-flat.jsonl'));
    // The file has nine messages: p1 with three replies, p2 with one, p3 and p9 unanswered, a8 without its parent.
    expect(rows.map(({ example_id, src_rows, problem }) => [example_id, src_rows, problem])).toEqual([
      ['p1', 4, null],
      ['p2', 2, null],
      ['p3', 1, 'Nobody replied to this message.'],
      ['p9', 1, 'Nobody replied to this message.'],
      ['a8', 1, 'The messages above this one are not in the source.'],
    ]);
  });

  it('keeps what the record does not hold by message', async () => {
    const [row] = await readRecords(fixture('oasst-flat.jsonl'));
    expect(JSON.parse(row?.extra ?? '{}')).toMatchObject({
      message_tree_id: 'T1',
      user_id: { p1: 'u-p1', a1: 'u-a1', a2: 'u-a2', a3: 'u-a3' },
      labels: { a1: { count: [4, 3] } },
    });
  });
});
