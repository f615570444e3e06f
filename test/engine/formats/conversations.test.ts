import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { quoteIdentifier, quoteLiteral } from '../../../native/duckdb/quoting.ts';
import { makeTemporaryDirectory, openScratchDatabase } from '../../support/database.ts';
import { openSource, readRecords } from '../../support/read-records.ts';

const fixture = (file: string) => path.resolve('test/fixtures/formats', file);

/** Writes the rows of a SELECT over fixtures as a Parquet file. */
async function writeParquet(file: string, select: string): Promise<void> {
  const database = await openScratchDatabase([path.dirname(file), fixture('')]);
  await database.write((session) => session.run(`COPY (${select}) TO ${quoteLiteral(file)}`));
}

describe('conversations', () => {
  it('takes the last assistant turn as the response and the system text as the first turn', async () => {
    const [row] = await readRecords(fixture('sharegpt.jsonl'));
    expect(row?.prompt_messages?.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(row?.responses).toEqual([{ text: '3', model: null, messages: null, media: null }]);
    expect(row?.example_id).toBe('s1');
  });

  it('does not lose turns after the last assistant turn, nor tool turns before it', async () => {
    const [, row] = await readRecords(fixture('sharegpt.jsonl'));
    expect(row?.prompt_messages?.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
    expect(row?.responses[0]).toMatchObject({
      text: 'It is sunny.',
      messages: [
        { role: 'assistant', content: 'It is sunny.' },
        { role: 'user', content: 'thanks' },
      ],
    });
  });

  it.each([
    ['sharegpt.jsonl', 2, 'conversations'],
    ['trl-language-modelling-chat.jsonl', 1, 'messages'],
  ])('refuses a conversation in which the assistant is silent: %s', async (file, place, column) => {
    const rows = await readRecords(fixture(file));
    expect(rows[place]).toMatchObject({
      problem: 'The assistant says nothing in this conversation.',
      problem_column: column,
    });
    expect(rows[0]?.problem).toBeNull();
  });

  it('reads Capybara exchanges, although its column is called source like a table alias', async () => {
    const [row] = await readRecords(fixture('capybara.jsonl'));
    expect(row?.prompt_messages?.map(({ content }) => content)).toEqual([
      'Name a colour.',
      'Red.',
      'Another.',
    ]);
    expect(row).toMatchObject({ responses: [{ text: 'Blue.' }], subset: 'Airoboros' });
  });

  it('pairs chosen and rejected turns after a conversation and refuses a row without one', async () => {
    const [row, broken] = await readRecords(fixture('llamafactory-pairs.jsonl'));
    expect(row?.prompt_messages?.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(row?.responses.map(({ text }) => text)).toEqual(['4', 'four']);
    expect(row?.votes?.map(({ label }) => label)).toEqual(['a']);
    expect(broken?.problem_column).toBe('rejected');
  });

  it('keeps WildFeedback’s own words in extra', async () => {
    const [row] = await readRecords(fixture('wildfeedback.jsonl'));
    expect(row?.responses.map(({ text }) => text)).toEqual(['Rain on quiet leaves', 'No.']);
    expect(JSON.parse(row?.extra ?? '{}')).toEqual({
      user_preference: 'Prefers nature.',
      sat_dsat_annotation: 'DSAT',
    });
  });

  it('reads an UltraInteract trajectory as the prompt', async () => {
    const [row] = await readRecords(fixture('ultrainteract-pair.jsonl'));
    expect(row?.prompt_messages?.map(({ content }) => content)).toEqual([
      'Solve 2x=4',
      'x=1',
      'Wrong, try again',
    ]);
    expect(row?.responses.map(({ text }) => text)).toEqual(['x=2', 'x=3']);
    expect(JSON.parse(row?.extra ?? '{}')).toMatchObject({ parent_id: 'n0' });
  });
});

describe('single responses', () => {
  it('keeps the blank that begins a completion', async () => {
    const [row] = await readRecords(fixture('trl-prompt-completion.jsonl'));
    expect(row).toMatchObject({ prompt_text: 'The sky is', responses: [{ text: ' blue.' }] });
  });

  it('reads conversational prompt and completion', async () => {
    const [row] = await readRecords(fixture('trl-prompt-completion-chat.jsonl'));
    expect(row).toMatchObject({ prompt_text: 'Colour of the sky?', responses: [{ text: 'Blue.' }] });
  });

  it('takes a bare text as a response to an empty prompt', async () => {
    const [row] = await readRecords(fixture('trl-language-modelling.jsonl'));
    expect(row).toMatchObject({ prompt_text: '', responses: [{ text: 'The sky is blue.' }], problem: null });
  });

  it('rates each step, and refuses a row with fewer labels than steps', async () => {
    const [row, broken] = await readRecords(fixture('trl-stepwise.jsonl'));
    expect(row?.responses[0]?.text).toBe('The fractional part of 9.8 is 0.8.\nSo 9.11 is larger.');
    expect(row?.ratings?.map(({ aspect, value }) => [aspect, value])).toEqual([
      ['step 1', 1],
      ['step 2', 0],
    ]);
    expect(broken).toMatchObject({
      problem: 'There are not as many labels as steps.',
      problem_column: 'labels',
    });
  });

  it('follows the chosen step, or the person’s own, and keeps the other ones in extra', async () => {
    const [row] = await readRecords(fixture('prm800k.jsonl'));
    expect(row?.responses[0]?.text).toBe('Add them.\nIt is 3.');
    expect(row?.ratings?.map(({ aspect, value, scale_min }) => [aspect, value, scale_min])).toEqual([
      ['step 1', 1, -1],
    ]);
    expect(row?.extra).toContain('Multiply.');
  });

  it('splits Math-Shepherd at its marks without leaving them in the text', async () => {
    const [row] = await readRecords(fixture('math-shepherd.jsonl'));
    expect(row).toMatchObject({
      prompt_text: 'Ann has 2 eggs and buys 3. How many?',
      responses: [{ text: 'Step 1: 2 + 3 = 5.\nStep 2: The answer is: 6' }],
    });
    expect(row?.ratings?.map(({ value }) => value)).toEqual([1, 0]);
  });
});

describe('images', () => {
  it('keeps path and size of an image but never writes its bytes into extra', async () => {
    const directory = await makeTemporaryDirectory();
    const file = path.join(directory, 'rlaif.parquet');
    await writeParquet(
      file,
      `SELECT {'bytes': 'abc'::BLOB, 'path': '0001.jpg'} AS image, 'What is shown?' AS question,
        'A bus.' AS chosen, 'A moon.' AS rejected, 7 AS idx`,
    );
    const [row] = await readRecords(file, { format: 'rlaif-v' });
    expect(row?.responses.map(({ text }) => text)).toEqual(['A bus.', 'A moon.']);
    expect(JSON.parse(row?.extra ?? '{}')).toEqual({ image: { path: '0001.jpg', byte_count: 3 } });
  });
});

describe('nested values as JSON text', () => {
  it.each([
    'multipref.jsonl',
    'prism-conversations.jsonl',
    'oasst-trees.jsonl',
    'oasst-flat.jsonl',
    'sharegpt.jsonl',
    'capybara.jsonl',
    'webgpt-comparisons.jsonl',
    'summarize-comparisons.jsonl',
    'ultrainteract-pair.jsonl',
    'trl-stepwise.jsonl',
    'prm800k.jsonl',
    'label-studio-pairwise.json',
  ])('reads %s the same when a table holds every cell as text', async (file) => {
    const typed = await openSource(fixture(file));
    const directory = await makeTemporaryDirectory();
    const asText = path.join(directory, 'text.parquet');
    const columns = typed.shape.columns.map(({ name, type }) => {
      const column = quoteIdentifier(name);
      return type === 'VARCHAR' ? column : `to_json(${column})::VARCHAR AS ${column}`;
    });
    await writeParquet(asText, `SELECT ${columns.join(', ')} FROM read_json(${quoteLiteral(fixture(file))})`);
    const [expected, found] = await Promise.all([readRecords(fixture(file)), readRecords(asText)]);
    const withoutExtra = (rows: typeof expected) => rows.map((row) => ({ ...row, extra: null }));
    expect(withoutExtra(found)).toEqual(withoutExtra(expected));
  });
});
