import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecords } from '../../support/read-records.ts';

const fixture = (name: string) => path.join('test/fixtures/formats', name);

describe('Chatbot Arena', () => {
  it('keeps “tie (bothbad)” and “both_bad” apart from “tie”, and refuses an unknown winner', async () => {
    const early = await readRecords(fixture('chatbot-arena.33k.jsonl'));
    expect(early.map((row) => row.votes?.[0]?.label)).toEqual(['a', 'both_bad', 'tie', null]);
    expect(early.map((row) => row.problem_column)).toEqual([null, null, null, 'winner']);
    const [late] = await readRecords(fixture('chatbot-arena.140k.jsonl'));
    expect(late?.votes?.[0]?.label).toBe('both_bad');
  });

  it('keeps the later turns of each side and a prompt that differs between the sides', async () => {
    const rows = await readRecords(fixture('chatbot-arena.33k.jsonl'));
    expect(rows[1]?.responses[1]?.messages?.map((message) => message.content)).toEqual(['c', 'And?', 'd']);
    expect([rows[2]?.prompt_text, rows[2]?.prompt_b_text]).toEqual(['Hi', 'Ho']);
    expect([rows[0]?.prompt_b_text, rows[0]?.language]).toEqual([null, 'English']);
  });

  it('joins content given as a list of parts', async () => {
    const [row] = await readRecords(fixture('chatbot-arena.140k.jsonl'));
    expect([row?.prompt_text, row?.responses[0]?.text]).toEqual(['Hi\n[image]', 'Hello']);
  });

  it('reads JSON lists inside CSV cells, with nulls, and says which cell does not parse', async () => {
    const [turns, tie, broken, silent] = await readRecords(fixture('chatbot-arena-55k.csv'));
    expect(turns?.prompt_text).toBe('Is it "so"?');
    expect(turns?.responses[1]?.messages?.map((message) => message.content)).toEqual(['no', 'And?', '']);
    expect([turns?.votes?.[0]?.label, tie?.votes?.[0]?.label]).toEqual(['a', 'tie']);
    expect(broken?.problem_column).toBe('response_a');
    expect([silent?.problem, silent?.responses[0]?.text]).toEqual([null, '']);
  });

  it('makes the judges of one MT-bench pair the votes of one record, cut at the judged turn', async () => {
    const [first, second] = await readRecords(fixture('mt-bench-judgments.jsonl'));
    expect(first?.src_rows).toBe(2);
    expect(first?.votes?.map((vote) => [vote.annotator, vote.label])).toEqual([
      ['expert_1', 'a'],
      ['author_2', 'b'],
    ]);
    expect(first?.responses.map((response) => response.text)).toEqual(['a1', 'b1']);
    expect(second?.responses[0]?.messages).toHaveLength(3);
    expect(second?.annotators?.[0]).toMatchObject({ name: 'gpt-4', kind: 'model' });
  });
});
