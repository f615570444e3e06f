import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource, readRecords, type RecordRow } from '../../support/read-records.ts';

const fixture = (name: string) => path.join('test/fixtures/formats', name);
const texts = (row: RecordRow | undefined) => row?.responses.map((response) => response.text);
const labels = (row: RecordRow | undefined) => row?.votes?.map((vote) => vote.label);

describe('TRL preference', () => {
  it('keeps an empty response, refuses a missing one and names its column', async () => {
    const [plain, empty, missing, noPrompt] = await readRecords(fixture('trl-preference.plain.jsonl'));
    expect(texts(plain)).toEqual(['Blue.', 'Green.']);
    expect(labels(plain)).toEqual(['a']);
    expect(plain?.extra).toBe('{"margin":0.5}');
    expect([empty?.problem, texts(empty)]).toEqual([null, ['', 'Nothing.']]);
    expect([missing?.problem_column, missing?.problem]).toEqual([
      'chosen',
      'There is no response in “chosen”.',
    ]);
    expect([noPrompt?.problem, noPrompt?.prompt_text]).toEqual([null, '']);
  });

  it('spends no JSON work on plain text columns', async () => {
    const source = await openSource(fixture('trl-preference.plain.jsonl'));
    const select = source.recordSelect().replace(/json_object\([^)]*\)/, '');
    expect(select).not.toMatch(/json/i);
  });

  it('keeps a system message apart from the prompt and leaves a single user turn without messages', async () => {
    const [withSystem, single] = await readRecords(fixture('trl-preference.conversational.jsonl'));
    expect(withSystem?.prompt_messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ]);
    expect(withSystem?.prompt_text).toBe('System: Be brief.\n\nUser: Hi');
    expect([single?.prompt_text, single?.prompt_messages]).toEqual(['2+2?', null]);
    expect(texts(single)).toEqual(['4', '5']);
  });

  it('does not double a prompt text that the conversational sides repeat, nor swallow equal responses', async () => {
    const [different, equal] = await readRecords(fixture('trl-preference.repeated-prompt.jsonl'));
    expect([different?.prompt_text, texts(different)]).toEqual(['2+2?', ['4', '5']]);
    expect([equal?.prompt_text, texts(equal)]).toEqual(['Same answer?', ['yes', 'yes']]);
  });

  it('splits a prompt with Human and Assistant markers into turns and drops the open last one', async () => {
    const [row] = await readRecords(fixture('trl-preference.transcript-prompt.jsonl'));
    expect(row?.prompt_messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'Bye' },
    ]);
    expect(texts(row)).toEqual([' See you', ' No']);
  });

  it('reads texts and messages side by side where rows disagree', async () => {
    const rows = await readRecords(fixture('trl-preference.mixed.jsonl'));
    expect(rows.map((row) => [row.prompt_text, ...(texts(row) ?? [])])).toEqual([
      ['2+2?', '4', '5'],
      ['3+3?', '6', '7'],
    ]);
  });
});

describe('TRL implicit prompt', () => {
  it('splits dialogues at whole turns, also where one side goes on longer', async () => {
    const [late, early] = await readRecords(fixture('trl-implicit-prompt.conversational.jsonl'));
    expect(late?.prompt_messages?.map((message) => message.content)).toEqual(['Hi', 'Hello', 'Bye']);
    expect(texts(late)).toEqual(['See you', 'No']);
    expect(early?.prompt_text).toBe('Hi');
    expect(early?.responses[0]?.messages?.map((message) => message.role)).toEqual([
      'assistant',
      'user',
      'assistant',
    ]);
    expect(texts(early)?.[1]).toBe('Go away');
  });

  it('cuts plain texts at a line or a blank, never inside a word, and copes with one being a prefix', async () => {
    const rows = await readRecords(fixture('trl-implicit-prompt.plain.jsonl'));
    expect(rows.map((row) => [row.prompt_text, ...(texts(row) ?? [])])).toEqual([
      ['Q: What is it?', 'A: Interesting', 'A: Internal'],
      ['The sky is', 'blue.', 'blank.'],
      ['', 'Yes', 'Yes, sure'],
    ]);
  });
});

describe('single labelled responses', () => {
  it.each(['trl-unpaired.plain.jsonl', 'trl-unpaired.csv'])(
    'turns the label of %s into a 0/1 rating and refuses one that is neither',
    async (name) => {
      const rows = await readRecords(fixture(name));
      expect(rows.map((row) => row.ratings?.[0]?.value)).toEqual([1, 0, null]);
      expect(rows.map((row) => row.problem_column)).toEqual([null, null, 'label']);
      expect(rows[0]?.ratings?.[0]).toMatchObject({
        response: 0,
        aspect: 'label',
        scale_min: 0,
        scale_max: 1,
      });
    },
  );

  it('takes the last turn of a kto_tag chat as the response and refuses a chat that ends with the user', async () => {
    const rows = await readRecords(fixture('kto-tag.jsonl'));
    expect(rows.map((row) => texts(row)?.[0])).toEqual(['Hello', 'Go', null]);
    expect(rows[1]?.prompt_messages).toHaveLength(3);
    expect(rows[2]?.problem_column).toBe('messages');
  });

  it('reads HALOs rows by their type: label 1 = A, 0 = B, and binary rows as one response', async () => {
    const rows = await readRecords(fixture('halos.jsonl'));
    expect(rows.map((row) => [row.responses.length, ...(labels(row) ?? [])])).toEqual([
      [1],
      [2, 'a'],
      [2, 'b'],
    ]);
    expect(rows[0]?.ratings?.map((rating) => [rating.aspect, rating.value])).toEqual([
      ['label', 1],
      ['reward', 0.7],
    ]);
  });

  it('keeps the red-team member’s rating apart from the preference model’s score', async () => {
    const [row] = await readRecords(fixture('red-team-attempts.jsonl'));
    expect(texts(row)).toEqual(['I cannot.']);
    expect(row?.ratings?.map((rating) => [rating.annotator, rating.aspect, rating.value])).toEqual([
      ['7', 'attack_success', 4],
      ['preference model', 'min_harmlessness', -1.5],
    ]);
    expect(row?.annotators?.[0]).toEqual({ name: '7', kind: 'human', attributes: { is_upworker: 'true' } });
  });
});

describe('pairs with other column names', () => {
  it('reads hyphenated names and keeps “N/A” from becoming 0', async () => {
    const [argilla] = await readRecords(fixture('ultrafeedback-binarized.argilla.jsonl'));
    expect(argilla?.responses.map((response) => response.model)).toEqual(['m1', 'm2']);
    expect(argilla?.ratings?.map((rating) => rating.value)).toEqual([5, 2]);
    const [distilabel] = await readRecords(fixture('ultrafeedback-binarized.distilabel.jsonl'));
    expect(distilabel?.ratings?.map((rating) => [rating.response, rating.value])).toEqual([[1, 2]]);
  });

  it('does not repeat the prompt of ultrafeedback_binarized inside its responses', async () => {
    const [row] = await readRecords(fixture('ultrafeedback-binarized.h4.jsonl'));
    expect([row?.prompt_text, row?.example_id, texts(row), row?.extra]).toEqual([
      'Why?',
      'abc',
      ['Because', 'No'],
      null,
    ]);
  });

  it('keeps models and subset of RewardBench, and compares every right with every wrong response of version 2', async () => {
    const [one] = await readRecords(fixture('rewardbench.jsonl'));
    expect([one?.subset, one?.responses.map((response) => response.model)]).toEqual([
      'alpacaeval-easy',
      ['m1', 'm2'],
    ]);
    const [two] = await readRecords(fixture('rewardbench-2.jsonl'));
    expect(two?.votes?.map((vote) => [vote.a, vote.b, vote.label])).toEqual([
      [0, 2, 'a'],
      [1, 2, 'a'],
    ]);
  });

  it('puts Orca’s system prompt before the question, unless it is empty', async () => {
    const [full, empty] = await readRecords(fixture('named-pairs.orca.jsonl'));
    expect(full?.prompt_messages?.map((message) => message.role)).toEqual(['system', 'user']);
    expect([empty?.prompt_text, empty?.prompt_messages]).toEqual(['How?', null]);
  });

  it('joins instruction and input of an Alpaca row', async () => {
    const rows = await readRecords(fixture('named-pairs.llama-factory.jsonl'));
    expect(rows.map((row) => row.prompt_text)).toEqual(['Translate\nHallo', 'Hi']);
  });
});
