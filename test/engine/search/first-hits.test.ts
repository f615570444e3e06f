import { describe, expect, it } from 'vitest';
import { SearchService } from '../../../electron/core/corpus/search/search.service.ts';
import { ViewService } from '../../../electron/core/corpus/views/view.service.ts';
import { openPairs } from './search-corpus.ts';

/** Pairs with both words; in every third they stand next to each other. Shorter ones score higher. */
async function openCommon(count: number) {
  const corpus = await openPairs([]);
  await corpus.workspace.database.write(async (session) => {
    await session.run(
      `INSERT INTO prompt SELECT n, 1, 'question ' || n, NULL, n, 10, 1, 1 FROM range(1, ${count + 1}) t(n)`,
    );
    await session.run(
      `INSERT INTO response (response_id, dataset_id, prompt_id, text, position, chars, import_id, source_file, source_row)
       SELECT n * 2 + side, 1, n,
         CASE WHEN side = 1 THEN repeat('word ', 1 + n % 7) WHEN n % 3 = 0 THEN 'one of the best' ELSE 'the best of all' END,
         side, 20, 1, 'f', n FROM range(1, ${count + 1}) t(n), range(2) s(side)`,
    );
    await session.run(
      `INSERT INTO comparison (comparison_id, dataset_id, example_id, prompt_id, response_a_id, response_b_id, label, n_votes,
         prompt_chars, chars_a, chars_b, turns, import_id, source_file, source_row)
       SELECT n, 1, 'x' || n, n, n * 2, n * 2 + 1, 'a', 1, 10, 20, 20, 1, 1, 'f', n FROM range(1, ${count + 1}) t(n)`,
    );
  });
  await corpus.build();
  const search = new SearchService(corpus.workspace.database);
  const views = new ViewService(corpus.workspace.database, search);
  const open = (words: string, mayBePartial: boolean) =>
    views.open({ datasetId: 1, relation: 'pairs', filter: { clauses: [], words }, sort: [], mayBePartial });
  const read = async (viewId: string, limit: number) =>
    (await views.page({ viewId, offset: 0, limit, fields: ['prompt'] })).rows.map((row) => row.id);
  return { corpus, search, open, read };
}

describe('the first rows of a phrase', () => {
  it('are the beginning of all its rows, in the same order, and no row without the phrase is among them', async () => {
    const { search, open, read } = await openCommon(2_100);
    const first = await open('"of the"', true);
    expect(first.isComplete).toBe(false);
    expect(first.count).toBeGreaterThanOrEqual(50);
    const all = await open('"of the"', false);
    expect(all).toMatchObject({ isComplete: true, count: 700 });
    expect(await read(first.viewId, first.count)).toEqual(await read(all.viewId, first.count));
    expect(await open('"of the"', true), 'once all are known, nothing less is shown').toMatchObject({
      isComplete: true,
    });
    expect((await search.query({ datasetId: 1, words: '"of the"', limit: 5 })).total).toBe(700);
  });

  it('are all rows where there are few candidates, and never a part too small to fill a screen', async () => {
    const { open } = await openCommon(600);
    expect(await open('"question 7"', true)).toMatchObject({ isComplete: true, count: 1 });
    // 2 100 candidates hold the words and none the phrase: looking through the best of them must not end the search
    const { open: openMany } = await openCommon(2_100);
    expect(await openMany('"the of"', true)).toMatchObject({ isComplete: true, count: 0 });
  });

  it('keep the rules of OR and of excluded phrases (catches a check that looks at one phrase only)', async () => {
    const { search } = await openCommon(30);
    const ids = async (words: string) => {
      const first = await search.findFirst(1, words);
      expect(first.isComplete).toBe(true);
      return first.total;
    };
    expect(await ids('"of the" OR "best of"')).toBe(30);
    expect(await ids('best -"of the"')).toBe(20);
    expect(await ids('"the best" -"of the"')).toBe(20);
    expect(await ids('"OF, the best" "question"')).toBe(10);
  });

  it('are asked for once by two at a time, and one who gives up does not take the answer from the other', async () => {
    const { search } = await openCommon(300);
    const abort = new AbortController();
    const given = search.findHits(1, '"of the"', { signal: abort.signal });
    const kept = search.findHits(1, '"of the"');
    abort.abort(new Error('gave up'));
    await given.catch(() => undefined);
    expect((await kept).total).toBe(100);
  });
});
