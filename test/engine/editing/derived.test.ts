import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureTraits, hasCurrentTraits } from '../../../electron/core/constitution/trait-columns.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { fingerprint, openEditing } from './editing-bench.ts';

async function openIndexed() {
  const bench = await openEditing();
  const { jobs } = bench.bench;
  await jobs.wait(await jobs.start('search-index', { datasetId: bench.datasetId }));
  const find = async (words: string) =>
    (await bench.search.query({ datasetId: bench.datasetId, words, limit: 10 })).hits
      .map((hit) => hit.id)
      .sort();
  return { ...bench, find };
}

describe('what is computed from texts follows an edit', () => {
  it('finds the new words and no longer the old ones, for every row that shows the text', async () => {
    const { apply, ids, find, undo } = await openIndexed();
    expect(await find('tea')).toEqual(ids.slice(0, 2));
    await apply({ op: 'text', part: 'prompt', text: 'What is quinoa?' }, ids.slice(0, 2));
    expect(await find('tea')).toEqual([]);
    expect(await find('quinoa')).toEqual(ids.slice(0, 2));
    await undo();
    expect(await find('quinoa')).toEqual([]);
    expect(await find('tea')).toEqual(ids.slice(0, 2));
  });

  it('does not find hidden rows, and finds them again when they are shown', async () => {
    const { apply, ids, find, undo } = await openIndexed();
    await apply({ op: 'hide' }, [ids[0] ?? 0], { reason: 'r' });
    expect(await find('tea')).toEqual([ids[1]]);
    await undo();
    expect(await find('tea')).toEqual(ids.slice(0, 2));
  });

  it('leaves the mended index as one built anew would be: terms, frequencies, lengths', async () => {
    const { apply, ids, database, datasetId, bench } = await openIndexed();
    await apply(
      {
        op: 'replace',
        parts: ['prompt', 'response_a'],
        find: 'a',
        with: 'oo',
        isRegex: false,
        ignoreCase: true,
      },
      ids,
    );
    await apply({ op: 'hide' }, [ids[3] ?? 0], { reason: 'r' });
    const read = async () => ({
      postings: await database.all(
        `SELECT term, row_id, tf FROM search_posting_${datasetId} JOIN search_term_${datasetId} USING (term_id) ORDER BY ALL`,
      ),
      terms: await database.all(`SELECT term, df FROM search_term_${datasetId} WHERE df > 0 ORDER BY term`),
      documents: await database.all(`SELECT * FROM search_document_${datasetId} ORDER BY row_id`),
      index: await database.all('SELECT documents, mean_length FROM search_index'),
    });
    const mended = await read();
    await bench.jobs.wait(await bench.jobs.start('search-index', { datasetId }));
    expect(mended).toEqual(await read());
  });

  it('computes traits again for the edited responses only', async () => {
    const { apply, ids, database, datasetId } = await openEditing();
    await ensureTraits(database, datasetId);
    expect(await hasCurrentTraits(database, datasetId)).toBe(true);
    await apply({ op: 'text', part: 'response_a', text: 'One two three.' }, [ids[2] ?? 0]);
    expect(await hasCurrentTraits(database, datasetId)).toBe(false);
    expect(await database.one(`SELECT count(*) AS n FROM response_trait_${datasetId}`)).toEqual({ n: 7 });
    await ensureTraits(database, datasetId);
    expect(await hasCurrentTraits(database, datasetId)).toBe(true);
  });
});

const dialogue = [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Hello, how can I help?' },
  { role: 'user', content: 'Name a tree' },
];

async function openDialogues() {
  const bench = await openEditing();
  const file = path.join(await makeTemporaryDirectory(), 'chat.jsonl');
  const answer = (content: string) => [{ role: 'assistant', content }];
  writeFileSync(
    file,
    [
      { prompt: dialogue.slice(0, 1), chosen: answer('Hello!'), rejected: answer('What?') },
      { prompt: dialogue, chosen: answer('Oak'), rejected: answer('Car') },
    ]
      .map((row) => `${JSON.stringify(row)}\n`)
      .join(''),
  );
  const { datasetId } = await bench.bench.load({ files: [file], dataset: 'chat' });
  const rows = () =>
    bench.database.all<{ id: number; prompt: string; chosen: string; turns: number }>(
      "SELECT comparison_id AS id, prompt, chosen, turns FROM pairs WHERE dataset = 'chat' ORDER BY comparison_id",
    );
  const ids = (await rows()).map((row) => row.id);
  const apply = (...[change, target, more]: Parameters<typeof bench.request>) =>
    bench.editing.applyNow({ ...bench.request(change, target, more), datasetId });
  const undo = () => bench.editing.reverseNow('undo', { datasetId });
  return { ...bench, datasetId, rows, ids, apply, undo };
}

describe('conversations', () => {
  it('are split at a turn: the row keeps the end, the beginning becomes a single response', async () => {
    const bench = await openDialogues();
    const before = await fingerprint(bench);
    await bench.apply({ op: 'split', turn: 2 }, [bench.ids[1] ?? 0]);
    expect((await bench.rows())[1]).toMatchObject({ prompt: 'Name a tree', chosen: 'Oak', turns: 1 });
    expect(
      await bench.database.all(
        "SELECT prompt, response FROM responses WHERE dataset = 'chat' AND ends_with(example_id, ':before')",
      ),
    ).toEqual([{ prompt: 'Hi', response: 'Hello, how can I help?' }]);
    await bench.undo();
    expect(await fingerprint(bench)).toBe(before);
    await expect(bench.apply({ op: 'split', turn: 1 }, [bench.ids[1] ?? 0])).rejects.toMatchObject({
      code: 'EDIT_INVALID',
    });
  });

  it('are merged: the earlier row with its chosen response opens the later prompt and is hidden', async () => {
    const bench = await openDialogues();
    const before = await fingerprint(bench);
    await bench.apply({ op: 'merge' }, bench.ids);
    const [merged, ...others] = await bench.rows();
    expect(others).toEqual([]);
    // Hi / Hello! (chosen) / the three turns of the later row
    expect(merged?.prompt).toBe(
      'User: Hi\n\nAssistant: Hello!\n\nUser: Hi\n\nAssistant: Hello, how can I help?\n\nUser: Name a tree',
    );
    await bench.undo();
    expect(await fingerprint(bench)).toBe(before);
  });

  it('are replaced in turn by turn, and the text is written anew from the turns', async () => {
    const { apply, ids, database } = await openDialogues();
    const target = [ids[1] ?? 0];
    await apply(
      { op: 'replace', parts: ['prompt'], find: 'tree', with: 'bush', isRegex: false, ignoreCase: false },
      target,
    );
    const [row] = await database.all<{ prompt: string; messages: { content: string }[] }>(
      `SELECT prompt, prompt_messages AS messages FROM pairs WHERE comparison_id = ${target[0]}`,
    );
    expect(row?.prompt).toMatch(/User: Name a bush$/);
    expect(row?.messages.at(-1)?.content).toBe('Name a bush');
    await expect(apply({ op: 'text', part: 'prompt', text: 'flat' }, target)).rejects.toThrow(
      /several turns/,
    );
    const turns = [...dialogue.slice(0, 2), { role: 'user', content: 'Name a city' }];
    await apply({ op: 'text', part: 'prompt', messages: turns }, target);
    expect(await database.one(`SELECT prompt FROM pairs WHERE comparison_id = ${target[0]}`)).toMatchObject({
      prompt: expect.stringMatching(/Name a city$/) as string,
    });
  });
});

describe('minimal revisions', () => {
  it('are saved as pairs of another dataset with their parent, and never into the source', async () => {
    const { revisions, ids, database, datasetId, apply } = await openEditing();
    const comparisonId = ids[2] ?? 0;
    const request = { comparisonId, revised: 'The Elbe.', dataset: 'revised' };
    const { check, ...saved } = await revisions.save({ ...request, revised: 'The Rhine.' });
    // rejected “The Moon.” against “The Rhine.”: one of two words
    expect(check).toMatchObject({
      original: 'The Moon.',
      editRatio: 0.5,
      distance: 1,
      tokens: 2,
      problems: [],
    });
    expect(
      await database.all("SELECT prompt, chosen, rejected FROM pairs WHERE dataset = 'revised'"),
    ).toEqual([{ prompt: 'Name a river.', chosen: 'The Rhine.', rejected: 'The Moon.' }]);
    expect(
      await database.all('SELECT row_id, parent_dataset_id, parent_row_id, edit_ratio FROM lineage'),
    ).toEqual([
      {
        row_id: saved.comparisonId,
        parent_dataset_id: datasetId,
        parent_row_id: comparisonId,
        edit_ratio: 0.5,
      },
    ]);
    expect(
      await database.one(
        'SELECT chars_a, chars_b FROM comparison WHERE comparison_id = ' + saved.comparisonId,
      ),
    ).toEqual({
      chars_a: 10,
      chars_b: 9,
    });
    await expect(revisions.save({ ...request, maxEditRatio: 0.2 })).rejects.toMatchObject({
      code: 'EDIT_INVALID',
    });
    await expect(revisions.save({ ...request, revised: 'The Moon.' })).rejects.toThrow(/response itself/);
    const [source] = await database.all<{ name: string }>(
      'SELECT name FROM dataset ORDER BY dataset_id LIMIT 1',
    );
    await expect(revisions.save({ ...request, dataset: source?.name ?? '' })).rejects.toThrow(
      /never go to the dataset/,
    );
    await apply({ op: 'set', values: { label: 'tie' } }, [comparisonId]);
    await expect(revisions.check({ comparisonId, revised: 'x' })).rejects.toThrow(/say which side/);
  });
});

describe('labels another domain proposes', () => {
  it('are set as one operation that can be undone, without pairs of other datasets', async () => {
    const { editing, database, ids, pairs, datasetId, undo } = await openEditing();
    await database.withReader((session) =>
      session.run(
        `CREATE TABLE scratch.proposed AS SELECT * FROM (VALUES (${ids[0]}, 'b'), (${ids[1]}, 'b'), (77777, 'a')) v(comparison_id, label)`,
      ),
    );
    const outcome = await editing.applyLabels(
      { datasetId, source: 'scratch.proposed', title: 'Accept proposals of the noise audit' },
      { who: 'audit', reason: 'confident learning' },
    );
    expect(outcome).toMatchObject({
      rows: 1,
      changes: 1,
      title: 'Accept proposals of the noise audit (1 row)',
    });
    expect((await pairs()).map((row) => row.label)).toEqual(['b', 'b', 'a', 'tie']);
    await undo();
    expect((await pairs()).map((row) => row.label)).toEqual(['a', 'b', 'a', 'tie']);
  });
});
