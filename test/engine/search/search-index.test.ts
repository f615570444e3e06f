import { describe, expect, it } from 'vitest';
import { removeSearchIndex } from '../../../electron/core/corpus/search/search-index.job.ts';
import { isStale } from '../../../electron/core/corpus/search/search-tables.ts';
import { placeTerms } from '../../../electron/core/corpus/search/tokenise.ts';
import { tokeniseSql } from '../../../electron/core/corpus/search/tokenise-sql.ts';
import { openScratchDatabase } from '../../support/database.ts';
import { addPairs, listSearchTables, openPairs } from './search-corpus.ts';

const pairs = Array.from({ length: 30 }, (_, index) => ({
  prompt: `question ${index % 5}`,
  a: `first answer number${index}`,
  b: 'second answer',
}));
const finished = ['search_document_1', 'search_posting_1', 'search_term_1'].map((name) => `assay.${name}`);

describe('tokeniseSql', () => {
  const cases: [string, string[]][] = [
    ['Hello, World! 3.14 snake_case', ['hello', 'world', '3', '14', 'snake', 'case']],
    [
      "don't we'll Alice’s l'homme aujourd'hui 'quoted'",
      ['dont', 'we', 'alice', 'homme', 'aujourdhui', 'quoted'],
    ],
    ['CAFE\u0301 café', ['café', 'café']],
    ['東京都 猫 GPT4モデル', ['東京', '京都', '猫', 'gpt4', 'モデ', 'デル']],
    ['한국어를', ['한국', '국어', '어를']],
    ['كِتَابٌ كتـاب', ['كتاب', 'كتاب']],
    ['हिन्दी', ['हिन्दी']],
    ['❤️ 👩‍🚀 … —', []],
    ['', []],
    ['x'.repeat(100), ['x'.repeat(64)]],
  ];

  it.each(cases)(
    'gives the terms of %j, and so does the tokeniser that places marks',
    async (text, terms) => {
      const database = await openScratchDatabase();
      const row = await database.one<{ terms: string[] }>(
        `SELECT ${tokeniseSql('t')} AS terms FROM (SELECT ? AS t)`,
        [text],
      );
      expect(row.terms).toEqual(terms);
      expect(placeTerms(text).map((placed) => placed.term)).toEqual(terms);
    },
  );

  it('agrees with the tokeniser that places marks on every character of the first plane but those of newer Unicode', async () => {
    const database = await openScratchDatabase();
    const rows = await database.all<{ code: number; terms: string[] }>(
      `SELECT code, ${tokeniseSql(`('a' || chr(code) || 'B')`)} AS terms
       FROM (SELECT unnest(range(32, 65536))::INTEGER AS code) WHERE code NOT BETWEEN 55296 AND 57343`,
    );
    const differing = rows.filter(({ code, terms }) => {
      const placed = placeTerms(`a${String.fromCodePoint(code)}B`).map((item) => item.term);
      return JSON.stringify(placed) !== JSON.stringify(terms);
    });
    // Letters assigned after Unicode 15, which either side may not know yet.
    expect(rows).toHaveLength(63_456);
    expect(differing.filter(({ code }) => code < 0x80)).toEqual([]);
    expect(differing.length).toBeLessThan(60);
  });
});

describe('SearchIndexJob', () => {
  it('leaves the index alone in the workspace: no hidden and no scratch table', async () => {
    const corpus = await openPairs(pairs, 200);
    const summary = await corpus.build();
    // Terms: question, 0 to 4, first, answer, second and number0 to number29.
    expect(summary).toMatchObject({ documents: 30, terms: 39 });
    expect(await listSearchTables(corpus.workspace)).toEqual(finished);
  });

  it('reports progress that grows and ends below its total only while it works', async () => {
    const corpus = await openPairs(pairs, 200);
    const seen: number[] = [];
    await corpus.build(undefined, (_phase, done) => seen.push(done));
    expect(seen.length).toBeGreaterThan(4);
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
  });

  it('leaves nothing when cancelled in the middle (catches orphaned build tables)', async () => {
    const corpus = await openPairs(pairs, 200);
    const controller = new AbortController();
    const run = corpus.build(controller.signal, (_phase, done) => {
      if (done === 2) controller.abort(new Error('cancelled'));
    });
    await expect(run).rejects.toThrow('cancelled');
    await corpus.job.discard('job', { datasetId: 1 });
    expect(await listSearchTables(corpus.workspace)).toEqual([]);
    await expect(corpus.search.findHits(1, 'answer')).rejects.toMatchObject({ code: 'SEARCH_INDEX_MISSING' });
  });

  it('keeps the former index when a rebuild is cancelled', async () => {
    const corpus = await openPairs(pairs, 200);
    await corpus.build();
    const controller = new AbortController();
    const run = corpus.build(controller.signal, (_phase, done) => {
      if (done === 2) controller.abort(new Error('cancelled'));
    });
    await expect(run).rejects.toThrow('cancelled');
    await corpus.job.discard('job', { datasetId: 1 });
    expect(await listSearchTables(corpus.workspace)).toEqual(finished);
    expect(await corpus.ids('number7')).toEqual([8]);
  });

  it('is stale after a second import until it is built again, which finds the new rows', async () => {
    const corpus = await openPairs(pairs);
    const { database } = corpus.workspace;
    expect(await isStale(database, 1)).toBe(false);
    await corpus.build();
    expect(await isStale(database, 1)).toBe(false);
    expect((await corpus.search.findHits(1, 'answer')).total).toBe(30);
    await addPairs(corpus.workspace, [{ prompt: 'late', a: 'newcomer answer', b: 'x' }], 1000);
    expect(await isStale(database, 1)).toBe(true);
    expect(await corpus.ids('newcomer')).toEqual([]);
    await corpus.build();
    expect(await isStale(database, 1)).toBe(false);
    expect(await corpus.ids('newcomer')).toEqual([1000]);
    expect((await corpus.search.findHits(1, 'answer')).total).toBe(31);
  });

  it('says how to get an index where there is none, and that it is coming where it is', async () => {
    const corpus = await openPairs(pairs);
    await expect(corpus.search.findHits(1, 'answer')).rejects.toMatchObject({
      code: 'SEARCH_INDEX_MISSING',
      details: { building: false },
    });
    await corpus.workspace.database.write((session) =>
      session.run(
        `INSERT INTO job (job_id, type, title, spec, spec_hash, status) VALUES ('j', 'search-index', 't', '{"datasetId":1}', 'h', 'running')`,
      ),
    );
    await expect(corpus.search.findHits(1, 'answer')).rejects.toMatchObject({ details: { building: true } });
    await expect(corpus.search.findHits(2, 'answer')).rejects.toMatchObject({ code: 'DATASET_MISSING' });
  });

  it('indexes a dataset without rows and rows without words', async () => {
    const none = await openPairs([]);
    await none.build();
    expect((await none.search.findHits(1, 'answer')).total).toBe(0);
    const blank = await openPairs([{ prompt: '', a: '…', b: '' }]);
    await blank.build();
    expect((await blank.search.findHits(1, 'answer')).total).toBe(0);
    expect(await isStale(blank.workspace.database, 1)).toBe(false);
  });

  it('goes with the dataset', async () => {
    const corpus = await openPairs(pairs);
    await corpus.build();
    await corpus.workspace.database.write((session) => removeSearchIndex(session, 1));
    expect(await listSearchTables(corpus.workspace)).toEqual([]);
    await expect(corpus.search.findHits(1, 'answer')).rejects.toMatchObject({ code: 'SEARCH_INDEX_MISSING' });
  });
});
