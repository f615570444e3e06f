import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecords, type RecordRow } from '../../support/read-records.ts';

const fixture = (name: string) => path.join('test/fixtures/formats', name);
const triples = (row: RecordRow | undefined) => row?.votes?.map((vote) => [vote.a, vote.b, vote.label]);

describe('HelpSteer2', () => {
  it('joins two rows in a row with one prompt, leaves a lone row single, does not join a later repetition', async () => {
    const rows = await readRecords(fixture('helpsteer2.jsonl'));
    expect(rows.map((row) => [row.src_row, row.src_rows, row.responses.map(({ text }) => text)])).toEqual([
      [0, 2, ['good', 'bad']],
      [2, 2, ['x', 'y']],
      [4, 1, ['z']],
      [5, 1, ['again']],
    ]);
    expect(rows.map(triples)).toEqual([[[0, 1, 'a']], [[0, 1, 'tie']], [], []]);
  });

  it('keeps every attribute on its 0–4 scale beside the right response', async () => {
    const [first] = await readRecords(fixture('helpsteer2.jsonl'));
    const correctness = first?.ratings?.filter((rating) => rating.aspect === 'correctness');
    expect(correctness?.map((rating) => [rating.response, rating.value, rating.scale_max])).toEqual([
      [0, 4, 4],
      [1, 0, 4],
    ]);
  });

  it('splits a prompt with <extra_id_1> markers into turns', async () => {
    const rows = await readRecords(fixture('helpsteer2.jsonl'));
    expect(rows[1]?.prompt_messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'Bye' },
    ]);
  });

  it('keeps each rater of the disagreements, also where one is missing', async () => {
    const [row] = await readRecords(fixture('helpsteer2-disagreements.jsonl'));
    const helpful = row?.ratings?.filter((rating) => rating.aspect === 'helpfulness');
    expect(helpful?.map((rating) => [rating.response, rating.annotator, rating.value])).toEqual([
      [0, 'rater 1', 4],
      [0, 'rater 2', 4],
      [0, 'rater 3', 3],
      [1, 'rater 1', 4],
      [1, 'rater 2', 1],
    ]);
    expect(triples(row)).toEqual([[0, 1, 'a']]);
  });

  it('reads a negative strength as the first response, keeps raters and reasons, refuses −100', async () => {
    const [strong, weak, invalid] = await readRecords(fixture('helpsteer2-preference.jsonl'));
    expect(strong?.votes?.map((vote) => [vote.annotator, vote.label, vote.strength])).toEqual([
      [null, 'a', 1],
      ['rater 1', 'a', 1],
      ['rater 2', 'b', 1 / 3],
      ['rater 3', 'tie', 0],
    ]);
    expect(strong?.votes?.[0]?.rationale).toBe('@Response 1 is better.\n\nIt is right.');
    expect([weak?.votes?.[0]?.label, weak?.subset]).toEqual(['b', 'validation']);
    expect(invalid?.problem_column).toBe('preference_strength');
  });
});

describe('HelpSteer3', () => {
  it('reads the sign like HelpSteer2 and keeps a zero as a tie', async () => {
    const [first, second] = await readRecords(fixture('helpsteer3.preference.jsonl'));
    expect(first?.votes?.map((vote) => [vote.annotator, vote.label, vote.strength])).toEqual([
      [null, 'a', 2 / 3],
      ['rater 1', 'a', 2 / 3],
      ['rater 2', 'b', 2 / 3],
    ]);
    expect([first?.topic, first?.language]).toEqual(['code', 'python']);
    expect(second?.votes?.map((vote) => vote.label)).toEqual(['tie']);
    expect(second?.prompt_messages).toHaveLength(3);
  });

  it('keeps feedback, which nobody voted on, as a comparison without a label', async () => {
    const [row] = await readRecords(fixture('helpsteer3.feedback.jsonl'));
    expect(triples(row)).toEqual([[0, 1, null]]);
    expect(row?.extra).toContain('"feedback1":["good"]');
  });

  it('prefers the good edit to the bad one and keeps the original they were made from', async () => {
    const [row, broken] = await readRecords(fixture('helpsteer3-edit.quality.jsonl'));
    expect(row?.responses?.map((response) => response.text)).toEqual(['7', '8']);
    expect(triples(row)).toEqual([[0, 1, 'a']]);
    expect(row?.extra).toContain('"original_response":"9"');
    expect(broken?.problem_column).toBe('bad_edited_response');
  });

  it('gives an edit beside its original no label, for nobody voted', async () => {
    const [row] = await readRecords(fixture('helpsteer3-edit.jsonl'));
    expect(row?.responses?.map((response) => response.text)).toEqual(['7', '9']);
    expect(triples(row)).toEqual([[0, 1, null]]);
    expect(row?.extra).toContain('"change_summary":"9 is no prime."');
  });
});

describe('PKU-SafeRLHF', () => {
  it('keeps better and safer as two votes, which may point to different sides', async () => {
    const [row, invalid] = await readRecords(fixture('pku-saferlhf.jsonl'));
    expect(row?.votes?.map((vote) => [vote.aspect, vote.label])).toEqual([
      [null, 'a'],
      ['safety', 'b'],
    ]);
    expect(row?.ratings?.filter((rating) => rating.response === 0)).toMatchObject([
      { aspect: 'safe', value: 0 },
      { aspect: 'severity', value: 2, scale_max: 3 },
      { aspect: 'harm: Violence', value: 1 },
      { aspect: 'harm: Privacy Violation', value: 0 },
    ]);
    expect(invalid?.problem_column).toBe('better_response_id');
  });

  it('reads the variant with one preference without inventing a safety vote', async () => {
    const [row] = await readRecords(fixture('pku-saferlhf.single.jsonl'));
    expect(row?.votes?.map((vote) => [vote.aspect, vote.label])).toEqual([[null, 'b']]);
  });
});

describe('SHP', () => {
  it('reads 1 as A and 0 as B, with strength 1 − 1/ratio', async () => {
    const [a, b, invalid] = await readRecords(fixture('shp.jsonl'));
    expect(a?.votes?.[0]).toMatchObject({ label: 'a', strength: 0.75 });
    expect(b?.votes?.[0]).toMatchObject({ label: 'b', strength: 0 });
    expect(a?.ratings?.map((rating) => rating.value)).toEqual([8, 2]);
    expect(invalid?.problem_column).toBe('labels');
  });
});

describe('ranked lists', () => {
  it('takes rank 1 as best and equal ranks as ties, over all pairs', async () => {
    const [nectar] = await readRecords(fixture('ranked-list.nectar.jsonl'));
    expect(nectar?.prompt_text).toBe('Why?');
    expect(triples(nectar)).toEqual([
      [0, 1, 'b'],
      [0, 2, 'tie'],
      [1, 2, 'a'],
    ]);
    const [plain] = await readRecords(fixture('ranked-list.ranks.jsonl'));
    expect(triples(plain)).toEqual([[0, 1, 'b']]);
  });

  it('takes a higher score as better, a missing one as no label, and refuses lists of different lengths', async () => {
    const [row, short] = await readRecords(fixture('ranked-list.scores.jsonl'));
    expect(triples(row)).toEqual([
      [0, 1, null],
      [0, 2, 'b'],
      [1, 2, null],
    ]);
    expect(row?.ratings?.map((rating) => rating.response)).toEqual([0, 2]);
    expect(short?.problem_column).toBe('ratings');
  });
});

describe('UltraFeedback', () => {
  it('labels by the mean of the ratings that exist, not by overall_score; “N/A” is not 0', async () => {
    const [row] = await readRecords(fixture('ultrafeedback.jsonl'));
    // Means by hand: (5+4+4)/3 = 4.33, 1, (4+4+5)/3 = 4.33; overall_score would have put the second first.
    expect(triples(row)).toEqual([
      [0, 1, 'a'],
      [0, 2, 'tie'],
      [1, 2, 'b'],
    ]);
    const first = row?.ratings?.filter((rating) => rating.response === 0);
    expect(first?.map((rating) => [rating.aspect, rating.value])).toEqual([
      ['instruction_following', 5],
      ['honesty', 4],
      ['helpfulness', 4],
      ['overall_score', 8],
      ['fine-grained_score', 4.25],
    ]);
    expect(first?.map((rating) => rating.rationale)).toEqual([
      'why instruction_following',
      'why honesty',
      'why helpfulness',
      'fine',
      null,
    ]);
    expect(row?.extra).toContain('"custom_system_prompt":"Be good."');
  });

  it('leaves a pair without a label where one side has no rating, and refuses a row without completions', async () => {
    const [, missing, empty] = await readRecords(fixture('ultrafeedback.jsonl'));
    expect(triples(missing)).toEqual([[0, 1, null]]);
    expect(empty?.problem_column).toBe('completions');
  });
});
