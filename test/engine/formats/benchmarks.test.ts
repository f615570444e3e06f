import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { openSource, readRecords, type RecordRow } from '../../support/read-records.ts';

const fixture = (file: string) => path.resolve('test/fixtures', file);
const shared = (file: string) => path.resolve('../shared/data', file);
const hasShared = existsSync(shared('GOLDEN.json'));
const labels = (row: RecordRow | undefined) => row?.votes?.map(({ label }) => label);

async function golden<T>(key: string): Promise<T> {
  return (JSON.parse(await readFile(shared('GOLDEN.json'), 'utf8')) as Record<string, unknown>)[key] as T;
}

describe('PandaLM', () => {
  const testSet = fixture('WeOpenML__PandaLM/testset-v1.head.json');
  const verdicts = fixture('WeOpenML__PandaLM/gpt-3.5-turbo-testset-v1.head.json');

  it('reads three human votes, the models of cmp_key and both parts of the prompt', async () => {
    const [first] = await readRecords(testSet);
    // Item 0 of the released file: all three annotators say 2, cmp_key is bloom-7b_llama-7b.
    expect(labels(first)).toEqual(['b', 'b', 'b']);
    expect(first?.votes?.map(({ annotator }) => annotator)).toEqual([
      'annotator1',
      'annotator2',
      'annotator3',
    ]);
    expect(first?.responses.map(({ model }) => model)).toEqual(['bloom-7b', 'llama-7b']);
    expect(first?.prompt_text).toMatch(
      /^The sentence you are given[^]*unnecessary words\.\nIf you have any questions/,
    );
    expect(first?.annotators?.[0]).toMatchObject({ name: 'annotator1', kind: 'human' });
    expect(first?.topic).toBe('Grammarly');
  });

  it('keeps a response that is the JSON literal true, which six items have, as text', async () => {
    const rows = await readRecords(testSet);
    const texts = rows.filter(({ example_id }) => example_id === '157' || example_id === '161');
    expect(texts.map(({ responses }) => responses.map(({ text }) => text))).toEqual([
      ['true', 'True.'],
      ['True.', 'true'],
    ]);
    expect(rows.every(({ problem }) => problem === null)).toBe(true);
  });

  it('says that a file of verdicts alone needs the test set, instead of loading empty pairs', async () => {
    const rows = await readRecords(verdicts);
    expect(rows).toHaveLength(7);
    expect(rows.every(({ problem }) => problem?.includes('together with the test set'))).toBe(true);
  });

  it('joins verdicts to items by idx when both come as one source, reasons as rationale, garbage as skip', async () => {
    const directory = await makeTemporaryDirectory();
    const file = path.join(directory, 'both.jsonl');
    const rows = (await Promise.all([testSet, verdicts].map((name) => readFile(name, 'utf8')))).flatMap(
      (text) => JSON.parse(text) as unknown[],
    );
    await writeFile(file, rows.map((row) => JSON.stringify(row)).join('\n'));
    const records = await readRecords(file);
    expect(records.map(({ src_rows }) => src_rows)).toEqual([2, 2, 2, 2, 2, 2, 2]);
    const judged = records.find(({ example_id }) => example_id === '1')?.votes?.at(-1);
    expect(judged).toMatchObject({
      annotator: 'gpt',
      label: 'a',
      rationale: 'Response 1 is better because it is more concise and eliminates unnecessary words.',
    });
    expect(records.find(({ example_id }) => example_id === '161')?.votes?.at(-1)?.label).toBe('skip');
  });

  it.skipIf(!hasShared)('reproduces the published majority 422/472/105 (shared data needed)', async () => {
    const { majority } = await golden<{ majority: Record<string, number> }>('pandalm_testset');
    const source = await openSource(shared('WeOpenML__PandaLM/data/testset-v1.json'));
    const counts = await source.database.all<{ label: string; n: number }>(
      `WITH tally AS (SELECT src_row, vote.label AS label, count(*) AS n
          FROM (SELECT src_row, unnest(votes) AS vote FROM (${source.recordSelect()})) GROUP BY ALL)
        SELECT coalesce(label, 'tie') AS label, count(*) AS n
        FROM (SELECT src_row, any_value(label) FILTER (n >= 2) AS label FROM tally GROUP BY src_row) GROUP BY ALL`,
    );
    expect(Object.fromEntries(counts.map(({ label, n }) => [label, n]))).toEqual({
      a: majority['1'],
      b: majority['2'],
      tie: majority['tie'],
    });
  });
});

describe('LLMBar', () => {
  it('takes label 1 and 2 for the first and second output', async () => {
    const rows = await readRecords(fixture('princeton-nlp__LLMBar/dataset.head.json'));
    const source = JSON.parse(await readFile(fixture('princeton-nlp__LLMBar/dataset.head.json'), 'utf8')) as {
      label: number;
      output_2: string;
    }[];
    expect(rows.map((row) => labels(row)?.[0])).toEqual(source.map(({ label }) => (label === 1 ? 'a' : 'b')));
    expect(rows.map(({ responses }) => responses[1]?.text)).toEqual(source.map(({ output_2 }) => output_2));
  });

  it('does not flip the winner of the swapped run, which counts in the stored order', async () => {
    const rows = await readRecords(fixture('princeton-nlp__LLMBar/PaLM2-Vanilla-result.head.json'));
    const judged = rows.map(({ votes }) =>
      votes?.slice(1).map(({ label, shown_first }) => [label, shown_first]),
    );
    // The four items were picked from the released file: two consistent, one unparsed, one that follows the slot.
    expect(judged).toEqual([
      [
        ['a', 'a'],
        ['a', 'b'],
      ],
      [
        ['a', 'a'],
        ['a', 'b'],
      ],
      [
        ['skip', 'a'],
        ['skip', 'b'],
      ],
      [
        ['a', 'a'],
        ['b', 'b'],
      ],
    ]);
    expect(rows[0]?.votes?.[1]).toMatchObject({
      annotator: 'PaLM2-Vanilla-result.head',
      rationale: 'Output (a)',
    });
    expect(rows[0]?.annotators?.map(({ kind }) => kind)).toEqual(['human', 'model']);
  });

  it.skipIf(!hasShared)('reproduces the slot bias of every released judge (shared data needed)', async () => {
    type Counts = Record<
      'n' | 'unparsed' | 'consistent' | 'consistent_correct' | 'first_slot_bias' | 'second_slot_bias',
      number
    >;
    const expected = await golden<Record<string, Counts>>('llmbar_judge_position');
    for (const [name, counts] of Object.entries(expected)) {
      const source = await openSource(shared(`princeton-nlp__LLMBar/Dataset/LLMBar/${name}/result.json`));
      const found = await source.database.one(
        `WITH judged AS (SELECT votes[1].label AS gold, votes[2].label AS kept, votes[3].label AS swapped
            FROM (${source.recordSelect()}))
          SELECT count(*) AS n, count(*) FILTER (kept = 'skip' OR swapped = 'skip') AS unparsed,
            count(*) FILTER (kept = swapped AND kept <> 'skip') AS consistent,
            count(*) FILTER (kept = swapped AND kept = gold) AS consistent_correct,
            count(*) FILTER (kept = 'a' AND swapped = 'b') AS first_slot_bias,
            count(*) FILTER (kept = 'b' AND swapped = 'a') AS second_slot_bias FROM judged`,
      );
      expect({ name, ...found }).toEqual({ name, ...counts });
    }
  });
});

describe('EvalBiasBench and OffsetBias', () => {
  it('unnests items grouped by bias, counting the one source row once', async () => {
    const rows = await readRecords(fixture('ncsoft__offsetbias/biasbench.head.json'));
    // Six biases, two items each in the copied head; all labels are 1 in the release.
    expect(rows).toHaveLength(12);
    expect(rows.reduce((sum, { src_rows }) => sum + src_rows, 0)).toBe(1);
    expect(new Set(rows.map(({ subset }) => subset)).size).toBe(6);
    expect(rows.every((row) => labels(row)?.[0] === 'a' && row.problem === null)).toBe(true);
  });

  it.skipIf(!hasShared)('finds all 80 items of the released file (shared data needed)', async () => {
    const rows = await readRecords(shared('ncsoft__offsetbias/data/evalbiasbench/biasbench.json'));
    expect(rows).toHaveLength(80);
  });

  it('refuses a label outside 1 and 2 in words, instead of dropping the row', async () => {
    const [good, bad] = await readRecords(fixture('formats/offsetbias.jsonl'));
    expect(labels(good)).toEqual(['b']);
    expect(bad).toMatchObject({ problem: 'The label is neither 1 nor 2.', problem_column: 'label' });
  });
});

describe('DOVE', () => {
  it('keeps the second prompt where the two differ, and only there', async () => {
    const [joint] = await readRecords(fixture('formats/dove-joint.jsonl'));
    expect(joint).toMatchObject({ prompt_text: 'Name a fruit.', prompt_b_text: 'Name a stone.' });
    expect(labels(joint)).toEqual(['a']);
    const rows = await readRecords(fixture('Hritikbansal__dove/val_conditional_pref.head.jsonl'));
    expect(rows.map(({ prompt_b_text }) => prompt_b_text)).toEqual([null, null, null, null]);
  });
});

describe('MultiPref', () => {
  it('keeps four annotators and four aspects apart, with graded strength', async () => {
    const [row] = await readRecords(fixture('formats/multipref.jsonl'));
    const overall = row?.votes?.filter(({ aspect }) => aspect === null);
    expect(overall?.map(({ annotator, label, strength }) => [annotator, label, strength])).toEqual([
      ['w1', 'a', 1],
      ['w2', 'b', 0.5],
      ['x1', 'tie', 0],
      ['x2', 'b', 1],
    ]);
    expect(row?.votes).toHaveLength(16);
    const harmless = row?.votes?.find(({ annotator, aspect }) => annotator === 'x2' && aspect === 'harmless');
    expect(harmless).toMatchObject({ label: 'a', strength: 1 });
  });

  it('turns seconds into milliseconds once and keeps confidence and reasons', async () => {
    const [row] = await readRecords(fixture('formats/multipref.jsonl'));
    const first = row?.votes?.filter(({ annotator }) => annotator === 'w1');
    expect(first?.map(({ ms }) => ms)).toEqual([90_000, null, null, null]);
    expect(first?.[1]?.rationale).toBe('More concise\nShort.\nConfidence: absolutely-confident');
  });

  it('tells normal from expert workers', async () => {
    const [row, second] = await readRecords(fixture('formats/multipref.jsonl'));
    expect(row?.annotators?.map(({ name, attributes }) => [name, attributes?.['worker']])).toEqual([
      ['w1', 'normal'],
      ['w2', 'normal'],
      ['x1', 'expert'],
      ['x2', 'expert'],
    ]);
    expect(second?.votes?.filter(({ aspect }) => aspect === null)).toHaveLength(1);
  });
});

describe('OpenAI comparisons', () => {
  it('reads WebGPT scores: the higher wins, equal is a tie', async () => {
    const rows = await readRecords(fixture('formats/webgpt-comparisons.jsonl'));
    expect(rows.map(({ votes }) => [votes?.[0]?.label, votes?.[0]?.strength])).toEqual([
      ['b', 0.5],
      ['tie', 0],
    ]);
    expect(rows[0]?.prompt_text).toBe('Why is the sky blue?');
    expect(JSON.parse(rows[0]?.extra ?? '{}')).toMatchObject({ quotes_0: { title: ['Sky'] } });
  });

  it('reads choice 0 as the first summary, with the worker’s name', async () => {
    const [post, article] = await readRecords(fixture('formats/summarize-comparisons.jsonl'));
    expect(post?.votes?.[0]).toMatchObject({ label: 'a', annotator: 'wk1' });
    expect(post?.prompt_text).toBe('SUBREDDIT: pets\nTITLE: Cat trouble\nPOST: My cat eats my homework.');
    expect(post?.responses.map(({ model }) => model)).toEqual(['sup2', 'ref']);
    expect(JSON.parse(post?.extra ?? '{}')).toMatchObject({
      extra: { confidence: 8 },
      summaries: [{ note: 'ok' }, { note: '' }],
    });
    expect(article).toMatchObject({ prompt_text: 'It rained in Paris.' });
    expect(labels(article)).toEqual(['b']);
  });
});

describe('Label Studio', () => {
  it('makes one vote an annotation: left = a, cancelled = skip, none = an open comparison', async () => {
    const [task, open] = await readRecords(fixture('formats/label-studio-pairwise.json'));
    expect(task?.votes?.map(({ label, annotator, ms }) => [label, annotator, ms])).toEqual([
      ['a', '3', 4500],
      ['b', 'rater@example.org', 2000],
      ['skip', '5', 1000],
    ]);
    expect(labels(open)).toEqual([null]);
  });
});

describe('judge names', () => {
  it('names the judge by the file where the file has a name of its own', async () => {
    const directory = await makeTemporaryDirectory();
    const folder = path.join(directory, 'GPT-4');
    await mkdir(folder);
    const text = await readFile(fixture('princeton-nlp__LLMBar/PaLM2-Vanilla-result.head.json'));
    await writeFile(path.join(folder, 'result.json'), text);
    const [row] = await readRecords(path.join(folder, 'result.json'));
    expect(row?.votes?.[1]?.annotator).toBe('evaluator');
  });
});
