import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ExportBench, openExportBench } from './export-bench.ts';
import { chatRows, plainRows } from './hard-rows.ts';
import { readPairs, readResponses } from './normalised.ts';

const hard = 'قال: "نعم"\n\tline two, \\n \u202Bעברית\u202C 👩‍👩‍👧';

async function importFile(bench: ExportBench, name: string, rows: readonly unknown[]): Promise<number> {
  const file = path.join(bench.folder, `${name}.jsonl`);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return (await bench.load({ files: [file], dataset: name })).datasetId;
}

async function goAround(bench: ExportBench, datasetId: number, format: string, options = {}) {
  const summary = await bench.write({
    format,
    datasetId,
    options,
    destination: { folder: bench.folder, name: 'out' },
  });
  const back = await bench.load({
    files: summary.files.map((file) => `${summary.file}/${file.path}`),
    dataset: 'back',
  });
  return { summary, back };
}

const rated = (response: string, model: string, ratings: readonly (string | null)[]) => ({
  response,
  model,
  annotations: Object.fromEntries(
    ['instruction_following', 'honesty', 'truthfulness', 'helpfulness'].map((aspect, at) => [
      aspect,
      at < 2
        ? { Rating: ratings[at], Rationale: `${aspect}: ${hard}` }
        : { Type: null, Rationale: null, Rating: ratings[at], 'Rationale For Rating': `${aspect}, because` },
    ]),
  ),
  critique: hard,
  overall_score: 7,
  'fine-grained_score': 4.25,
});

describe('formats that label by ratings come back with pairs, labels and ratings', () => {
  it('UltraFeedback with three completions a prompt, a tie and an N/A', async () => {
    const bench = await openExportBench();
    const datasetId = await importFile(bench, 'uf', [
      {
        source: 'flan',
        instruction: hard,
        models: ['m1', 'm2', 'm3'],
        completions: [
          rated(hard, 'm1', ['5', '4', '5', '4']),
          rated('two', 'm2', ['5', 'N/A', '5', '3']),
          rated('three', 'm3', ['4', '5', '4', '5']),
        ],
      },
      {
        source: 'evol',
        instruction: 'q',
        models: ['m1', 'm2'],
        completions: [rated('x', 'm1', ['1', '1', '1', '1']), rated('y', 'm2', ['2', '2', '2', '2'])],
      },
    ]);
    const { back } = await goAround(bench, datasetId, 'ultrafeedback');
    expect(back).toMatchObject({ format: 'ultrafeedback', rows: 2, pairs: 4, rejected: 0 });
    const strip = (pairs: Awaited<ReturnType<typeof readPairs>>) =>
      pairs.map(({ exampleId: _id, extra: _extra, ...pair }) => pair);
    expect(strip(await readPairs(bench, back.datasetId))).toEqual(strip(await readPairs(bench, datasetId)));
    expect((await readPairs(bench, datasetId)).map((pair) => pair.label)).toEqual(['a', 'tie', 'b', 'b']);
    const ratings = async (id: number) => (await readResponses(bench, id)).map((one) => one.ratings);
    expect(await ratings(back.datasetId)).toEqual(await ratings(datasetId));
  });

  it('HelpSteer2 attributes, also where two pairs share a prompt', async () => {
    const bench = await openExportBench();
    const row = (prompt: string, response: string, helpfulness: number) => ({
      prompt,
      response,
      helpfulness,
      correctness: 3,
      coherence: 4,
      complexity: 0,
      verbosity: 1,
    });
    const multi = 'first\n<extra_id_1>Assistant\nsecond\n<extra_id_1>User\nthird';
    const datasetId = await importFile(bench, 'hs2', [
      row(multi, hard, 4),
      row(multi, 'plain', 1),
      row('twice', 'r1', 0),
      row('twice', 'r2', 2),
      row('between', 's1', 3),
      row('between', 's2', 3),
      row('twice', 'r3', 4),
      row('twice', 'r4', 3),
    ]);
    const { back, summary } = await goAround(bench, datasetId, 'helpsteer2');
    expect([summary.rows, back.format, back.pairs]).toEqual([8, 'helpsteer2', 4]);
    const texts = async (id: number) =>
      (await readPairs(bench, id))
        .map(({ prompt, promptMessages, a, b, label }) => ({ prompt, promptMessages, a, b, label }))
        .sort((x, y) => (x.a < y.a ? -1 : 1));
    expect(await texts(back.datasetId)).toEqual(await texts(datasetId));
  });

  it('pairs without those ratings are left out and told, not written with made-up ones', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('plain', plainRows);
    const job = await bench.runExport({ format: 'helpsteer2', datasetId });
    expect(job).toMatchObject({ status: 'failed', error: { code: 'EXPORT_EMPTY' } });
    expect(job.error?.message).toContain('no rating “helpfulness”');
  });
});

/** Rows that KTO formats can say, by hand: two a decided pair, and both unwanted where both are bad. */
const wanted = (rows: typeof plainRows) =>
  rows.flatMap(({ prompt, response_a: a, response_b: b, label }) => {
    if (label === 'a' || label === 'b')
      return [
        [prompt, label === 'a' ? a : b, 1],
        [prompt, label === 'a' ? b : a, 0],
      ];
    return label === 'both_bad'
      ? [
          [prompt, a, 0],
          [prompt, b, 0],
        ]
      : [];
  });

describe('formats of single responses', () => {
  it.each([
    ['trl-unpaired', {}, 'trl-unpaired'],
    ['trl-unpaired', { style: 'conversational' }, 'trl-unpaired'],
    ['kto', { dialect: 'llama-factory' }, 'kto-tag'],
    ['kto', { dialect: 'halos' }, 'halos'],
  ])('%s %j has two rows a pair, chosen wanted and rejected not', async (format, options, reader) => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('plain', plainRows);
    const { back } = await goAround(bench, datasetId, format, options);
    expect([back.format, back.rejected, back.duplicates]).toEqual([reader, 0, 0]);
    const returned = await readResponses(bench, back.datasetId);
    expect(
      returned.map((one) => [
        one.prompt,
        one.text,
        one.ratings.find((rating) => rating.aspect === 'label')?.value,
      ]),
    ).toEqual(wanted(plainRows));
  });

  it('ShareGPT has the chosen response with its turns, model and id', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows(
      'chat',
      chatRows.filter((row) => row.example_id !== 'long-response'),
    );
    const { back } = await goAround(bench, datasetId, 'sharegpt');
    expect(back.format).toBe('sharegpt');
    const returned = await readResponses(bench, back.datasetId);
    expect(returned.map(({ exampleId, text, model }) => [exampleId, text, model])).toEqual([
      ['one-turn', 'Hello.', 'alpha-7b'],
      ['three-turns', 'لا', null],
      ['with-system', 'Masses attract.', null],
      ['system-and-turns', 'e', null],
      ['with-tool', 'Sunny', null],
    ]);
  });

  it('stepwise supervision comes back with its steps and labels; other responses are left out', async () => {
    const bench = await openExportBench();
    const rows = [
      { prompt: 'Add', completions: ['one "1"', 'قسم', 'three'], labels: [true, false, true] },
      { prompt: 'Sub', completions: ['only'], labels: [false] },
      { prompt: 'Broken', completions: ['two\nlines', 'and one'], labels: [true, true] },
    ];
    const datasetId = await importFile(bench, 'steps', rows);
    const plan = await bench.plan({ format: 'trl-stepwise', datasetId });
    expect(plan.warnings.filter((one) => one.kind === 'left-out')).toMatchObject([{ count: 1 }]);
    const { summary, back } = await goAround(bench, datasetId, 'trl-stepwise');
    const lines = readFileSync(`${summary.file}/data.jsonl`, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(rows.slice(0, 2));
    expect(back.format).toBe('trl-stepwise');
  });

  it('prompts are written once each, as text or as messages, and with whole words of an offline prefix', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('plain', plainRows);
    const write = async (options: Record<string, string | number>, name: string) => {
      const { file } = await bench.write({
        format: 'trl-prompts',
        datasetId,
        options,
        destination: { folder: bench.folder, name },
      });
      return readFileSync(`${file}/data.jsonl`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { prompt: unknown; prefix?: string });
    };
    const prompts = plainRows
      .map((row) => row.prompt)
      .filter((prompt, at, all) => all.indexOf(prompt) === at);
    expect((await write({}, 'text')).map((row) => row.prompt)).toEqual(prompts);
    const chat = await write({ style: 'conversational' }, 'chat');
    expect(chat[0]?.prompt).toEqual([{ role: 'user', content: 'What is 2 + 2?' }]);
    const half = await write({ prefix: 0.5 }, 'half');
    expect(half.find((row) => row.prompt === '')?.prefix).toBe('Once');
  });
});
