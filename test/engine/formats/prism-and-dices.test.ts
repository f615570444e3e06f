import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecords, type RecordRow } from '../../support/read-records.ts';

const fixture = (file: string) => path.resolve('test/fixtures/formats', file);
const extraOf = (row: RecordRow | undefined) => JSON.parse(row?.extra ?? '{}') as Record<string, unknown>;

describe('PRISM utterances', () => {
  it('puts the responses of a turn together and counts every source row', async () => {
    const rows = await readRecords(fixture('prism-utterances.jsonl'));
    expect(rows.map(({ src_row, src_rows, responses }) => [src_row, src_rows, responses.length])).toEqual([
      [0, 4, 4],
      [4, 2, 2],
      [6, 2, 2],
    ]);
    expect(rows[0]?.responses.map(({ model }) => model)).toEqual(['m1', 'm2', 'm3', 'm4']);
    expect(rows[0]?.ratings?.map(({ value }) => value)).toEqual([90, 20, 1, 90]);
    expect(rows[0]?.ratings?.[0]).toMatchObject({ scale_min: 1, scale_max: 100, annotator: 'user1' });
  });

  it('makes no pair of equal scores, where if_chosen is random', async () => {
    const [first, tied] = await readRecords(fixture('prism-utterances.jsonl'));
    // Turn 0: m1 is chosen at 90; m2 has 20, m3 has 1, m4 has 90 too.
    expect(first?.votes?.map(({ a, b, label }) => [a, b, label])).toEqual([
      [0, 1, 'a'],
      [0, 2, 'a'],
    ]);
    expect(first?.votes?.[0]?.strength).toBeCloseTo(70 / 99, 12);
    expect(tied?.votes).toEqual([]);
  });

  it('reads EMPTY STRING as an empty response, not as those words', async () => {
    const [first] = await readRecords(fixture('prism-utterances.jsonl'));
    expect(first?.responses[2]?.text).toBe('');
  });

  it('gives a later turn the earlier prompt and the chosen response, and no other conversation’s', async () => {
    const [, second, third] = await readRecords(fixture('prism-utterances.jsonl'));
    expect(second?.prompt_messages).toEqual([
      { role: 'user', content: 'Is tea healthy?' },
      { role: 'assistant', content: 'Mostly yes.' },
      { role: 'user', content: 'And coffee?' },
    ]);
    expect(third).toMatchObject({ prompt_text: 'Hello', prompt_messages: null });
  });

  it('keeps what differs inside a turn by utterance', async () => {
    const [, , third] = await readRecords(fixture('prism-utterances.jsonl'));
    expect(extraOf(third)).toMatchObject({
      conversation_id: 'c2',
      within_turn_id: { ut6: 0, ut7: 1 },
      model_provider: { ut6: 'acme', ut7: 'acme' },
    });
  });
});

describe('PRISM conversations', () => {
  it('makes a record of every turn, follows the chosen response and counts the row once', async () => {
    const rows = await readRecords(fixture('prism-conversations.jsonl'));
    expect(rows.map(({ src_rows, responses }) => [src_rows, responses.length])).toEqual([
      [1, 3],
      [0, 2],
      [1, 0],
    ]);
    expect(rows[1]?.prompt_messages?.map(({ content }) => content)).toEqual([
      'Is tea healthy?',
      'Mostly yes.',
      'And coffee?',
    ]);
    expect(rows[0]?.votes?.map(({ a, b, label }) => [a, b, label])).toEqual([[0, 1, 'a']]);
    expect(rows[1]?.votes?.map(({ a, b, label }) => [a, b, label])).toEqual([[0, 1, 'b']]);
  });

  it('says why a conversation without a response is not loaded', async () => {
    const rows = await readRecords(fixture('prism-conversations.jsonl'));
    expect(rows.map(({ problem }) => problem)).toEqual([
      null,
      null,
      'The conversation holds no model response.',
    ]);
    expect(rows[2]?.problem_column).toBe('conversation_history');
  });

  it('keeps open feedback and attributes', async () => {
    const [first] = await readRecords(fixture('prism-conversations.jsonl'));
    expect(extraOf(first)).toMatchObject({ open_feedback: 'Good.', performance_attributes: { fluency: 80 } });
  });
});

describe('PRISM side files', () => {
  it('takes the survey as annotators with demographics and nothing else', async () => {
    const [person] = await readRecords(fixture('prism-survey.jsonl'));
    expect(person).toMatchObject({ prompt_text: null, responses: [], problem: null });
    expect(person?.annotators).toHaveLength(1);
    expect(person?.annotators?.[0]).toMatchObject({
      name: 'user1',
      kind: 'human',
      attributes: {
        age: '25-34 years old',
        gender: 'Female',
        religion: 'No Affiliation',
        ethnicity: 'White',
        reside_country: 'United Kingdom',
      },
    });
    expect(extraOf(person)).toMatchObject({ self_description: 'I like tea.', stated_prefs: { values: 80 } });
  });

  it.each(['prism-metadata.jsonl', 'prism-models.jsonl'])(
    'refuses %s in words that name the file to take',
    async (file) => {
      const rows = await readRecords(fixture(file));
      expect(rows).toHaveLength(1);
      expect(rows[0]?.problem).toMatch(/Import utterances\.jsonl or conversations\.jsonl instead/);
    },
  );
});

describe('DICES', () => {
  const answer = (row: RecordRow | undefined, rater: string, aspect: string) =>
    row?.ratings?.find((rating) => rating.annotator === rater && rating.aspect === aspect);

  it('groups the rows of an item that others interrupt, and counts them', async () => {
    const rows = await readRecords(fixture('dices-350.csv'));
    expect(rows.map(({ example_id, src_row, src_rows }) => [example_id, src_row, src_rows])).toEqual([
      ['7', 0, 2],
      ['9', 1, 1],
    ]);
    expect(rows[0]?.prompt_text).toBe(
      'USER: Am I stupid?\nLAMDA: Why do you ask?\nUSER: Just tell me, "yes" or "no".',
    );
    expect(rows[0]?.responses.map(({ text }) => text)).toEqual(['No, you are not.']);
    expect(rows[0]?.topic).toBe('Self-worth');
  });

  it('does not take Unsure or a missing answer for No', async () => {
    const [item, other] = await readRecords(fixture('dices-350.csv'));
    expect(answer(item, '102', 'Q_overall')).toMatchObject({ value: null, value_text: 'Unsure' });
    expect(answer(item, '102', 'Q4_misinformation')).toBeUndefined();
    expect(answer(item, '101', 'Q_overall')).toMatchObject({
      value: 0,
      value_text: 'No',
      scale_min: 0,
      scale_max: 1,
    });
    expect(answer(other, '101', 'Q2_harmful_content_regulated_goods')).toMatchObject({
      value: 1,
      value_text: 'Yes',
    });
    // 24 questions: the second rater left one open; the gold label is one more rating.
    expect(item?.ratings).toHaveLength(24 + 23 + 1);
  });

  it('describes raters, keeps times by rater and the gold label apart from people', async () => {
    const [item] = await readRecords(fixture('dices-350.csv'));
    const raters = item?.annotators?.filter(({ name }) => name !== 'safety_gold');
    expect(
      raters?.map(({ name, attributes }) => [name, attributes?.['gender'], attributes?.['age']]).toSorted(),
    ).toEqual([
      ['101', 'Woman', 'gen z'],
      ['102', 'Man', 'millenial'],
    ]);
    expect(answer(item, 'safety_gold', 'safety_gold')).toMatchObject({ value: 0, value_text: 'No' });
    expect(extraOf(item)).toMatchObject({
      answer_time_ms: { 101: '33000', 102: '12000' },
      degree_of_harm: 'Benign',
    });
  });

  it('reads the 990 layout with its own questions and the rater’s locale', async () => {
    const [item] = await readRecords(fixture('dices-990.csv'));
    expect(item?.src_rows).toBe(2);
    // 43 columns: 29 questions (Q1, 11 + 8 + 5 parts, 3 overall parts and Q_overall) = 29.
    expect(item?.ratings).toHaveLength(2 * 29);
    expect(answer(item, '2', 'Q4_misinformation_political')).toMatchObject({ value: 1 });
    expect(item?.annotators?.map(({ attributes }) => attributes?.['locale']).toSorted()).toEqual([
      'IN',
      'US',
    ]);
  });
});
