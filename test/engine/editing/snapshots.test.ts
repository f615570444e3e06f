import { describe, expect, it } from 'vitest';
import { diffDatasets } from '../../../electron/core/editing/dataset-diff.ts';
import { listHiddenRows, listOperationRows, readRowHistory } from '../../../electron/core/editing/history.ts';
import { fingerprint, fourRows, openEditing } from './editing-bench.ts';

const openSnapshots = async () => {
  const bench = await openEditing();
  const { snapshots, datasetId } = bench;
  const diff = (
    from: { snapshotId: number } | 'now',
    to: { snapshotId: number } | 'now' = 'now',
    verify = false,
  ) => snapshots.diff({ datasetId, from, to, verify, limit: 100 });
  return { ...bench, diff, take: (name: string) => snapshots.createNow({ datasetId, name }) };
};

describe('snapshots', () => {
  it('tell what changed since, by row, with texts; and nothing that was changed back', async () => {
    const { take, apply, ids, diff } = await openSnapshots();
    const start = await take('start');
    await apply({ op: 'text', part: 'prompt', text: 'What is mate?' }, [ids[0] ?? 0]);
    await apply({ op: 'set', values: { label: 'tie' } }, [ids[2] ?? 0]);
    await apply({ op: 'set', values: { label: 'a' } }, [ids[2] ?? 0]);
    await apply({ op: 'text', part: 'response_b', text: 'A moon river.' }, [ids[2] ?? 0]);
    const { entries, fields, changes } = await diff(start);
    expect(changes).toBe(2);
    expect(fields).toEqual([
      { field: 'prompt', changes: 1 },
      { field: 'response', changes: 1 },
    ]);
    expect(entries).toEqual([
      {
        rowId: ids[0],
        exampleId: 'pairs.jsonl#1',
        field: 'prompt',
        before: 'What is tea?',
        after: 'What is mate?',
      },
      {
        rowId: ids[2],
        exampleId: 'pairs.jsonl#3',
        field: 'response_b',
        before: 'The Moon.',
        after: 'A moon river.',
      },
    ]);
  });

  it('compare with each other in both directions, with the texts of their own time', async () => {
    const { take, apply, ids, diff } = await openSnapshots();
    const target = [ids[3] ?? 0];
    const first = await take('first');
    await apply({ op: 'text', part: 'prompt', text: 'Second' }, target);
    const second = await take('second');
    await apply({ op: 'text', part: 'prompt', text: 'Third' }, target);
    expect((await diff(first, second)).entries).toMatchObject([{ before: 'Say hello.', after: 'Second' }]);
    expect((await diff(second, first)).entries).toMatchObject([{ before: 'Second', after: 'Say hello.' }]);
    expect((await diff(second)).entries).toMatchObject([{ before: 'Second', after: 'Third' }]);
    expect(await diff('now', 'now')).toMatchObject({ changes: 0, entries: [] });
  });

  it('are restored to exactly the same data, and the restore is undone to exactly the data before it', async () => {
    const bench = await openSnapshots();
    const { take, apply, ids, snapshots, datasetId, undo, redo } = bench;
    await apply({ op: 'tag', tag: 'early', isOn: true }, ids);
    await apply({ op: 'text', part: 'prompt', text: 'Copied before' }, [ids[1] ?? 0]);
    const { snapshotId } = await take('point');
    const then = await fingerprint(bench);
    await apply({ op: 'text', part: 'prompt', text: 'Copied again' }, [ids[0] ?? 0, ids[1] ?? 0]);
    await apply({ op: 'swap_sides' }, ids);
    await apply({ op: 'swap_sides' }, [ids[2] ?? 0]);
    await apply({ op: 'hide' }, [ids[3] ?? 0], { reason: 'r' });
    await apply({ op: 'tag', tag: 'early', isOn: false }, [ids[0] ?? 0]);
    await apply({ op: 'note', text: 'n' }, ids.slice(0, 2));
    await undo();
    const now = await fingerprint(bench);
    // swapped twice, the third row is as it was
    const restored = await snapshots.restoreNow({ datasetId, snapshotId });
    expect(await fingerprint(bench)).toBe(then);
    expect(restored).toMatchObject({ rows: 3, title: 'Restore snapshot “point” (3 rows)' });
    await undo();
    expect(await fingerprint(bench)).toBe(now);
    await redo();
    expect(await fingerprint(bench)).toBe(then);
  });

  it('notice what was changed past the log, and count rows hidden since', async () => {
    const { take, apply, ids, diff, database } = await openSnapshots();
    const start = await take('start');
    await apply({ op: 'hide' }, [ids[3] ?? 0], { reason: 'r' });
    await apply({ op: 'set', values: { label: 'tie' } }, [ids[0] ?? 0]);
    expect(await diff(start, 'now', true)).toMatchObject({ rowsAdded: 0, rowsRemoved: 1, changedPastLog: 0 });
    await database.write((session) =>
      session.run(`UPDATE response SET text = 'forged' WHERE text = 'The Elbe.'`),
    );
    expect((await diff(start, 'now', true)).changedPastLog).toBe(1);
    expect((await diff(start)).changedPastLog).toBeNull();
  });

  it('have names of their own and are removed without touching the data', async () => {
    const bench = await openSnapshots();
    const before = await fingerprint(bench);
    const { snapshotId } = await bench.take('one');
    await expect(bench.take('one')).rejects.toMatchObject({ code: 'DATASET_NAME_TAKEN' });
    expect(await bench.snapshots.list(bench.datasetId)).toMatchObject([
      { name: 'one', rows: 4, operationsSince: 0 },
    ]);
    expect(await bench.snapshots.remove(snapshotId)).toBe(true);
    await expect(bench.snapshots.restore({ datasetId: bench.datasetId, snapshotId })).rejects.toMatchObject({
      code: 'SNAPSHOT_MISSING',
    });
    expect(await fingerprint(bench)).toBe(before);
  });
});

describe('two datasets', () => {
  it('are compared by texts whatever the sides, and by example id with the texts', async () => {
    const bench = await openEditing();
    const { database, datasetId, apply, ids } = bench;
    const other = await bench.bench.load({
      files: [bench.file],
      format: 'mapped',
      mapping: bench.mapping,
      dataset: 'other',
      keepDuplicates: true,
    });
    const request = { left: other.datasetId, right: datasetId, limit: 50 };
    await apply({ op: 'swap_sides' }, [ids[0] ?? 0]);
    expect(await diffDatasets(database, { ...request, by: 'texts' })).toMatchObject({
      both: 4,
      onlyLeft: 0,
      fields: [],
    });
    await apply({ op: 'flip_label' }, [ids[1] ?? 0]);
    await apply({ op: 'text', part: 'prompt', text: 'Another' }, [ids[2] ?? 0]);
    const byTexts = await diffDatasets(database, { ...request, by: 'texts' });
    expect(byTexts).toMatchObject({
      both: 3,
      onlyLeft: 1,
      onlyRight: 1,
      fields: [{ field: 'label', changes: 1 }],
    });
    // a pair without a partner is told by its prompt
    const alone = byTexts.entries.filter(({ field }) => field !== 'label');
    expect(alone).toHaveLength(2);
    expect(alone).toContainEqual(expect.objectContaining({ field: 'removed', rightId: null, after: null }));
    expect(alone).toContainEqual(
      expect.objectContaining({ field: 'added', leftId: null, before: null, after: 'Another' }),
    );
    const byId = await diffDatasets(database, { ...request, by: 'example_id' });
    expect(byId).toMatchObject({ both: 4, onlyLeft: 0, onlyRight: 0 });
    expect(byId.fields).toContainEqual({ field: 'prompt', changes: 1 });
  });
});

describe('the history of a row', () => {
  it('shows its own fields and the texts it showed at the time, with undo as an event', async () => {
    const { apply, undo, ids, database } = await openEditing();
    const [one = 0, two = 0] = ids;
    await apply({ op: 'text', part: 'prompt', text: 'Both' }, [one, two], { who: 'Ada', reason: 'typo' });
    await apply({ op: 'text', part: 'prompt', text: 'Mine' }, [one]);
    await apply({ op: 'text', part: 'prompt', text: 'Theirs' }, [two]);
    await apply({ op: 'set', values: { label: 'tie' } }, [one]);
    await undo();
    const history = await readRowHistory(database, 'pairs', one);
    expect(history.map(({ direction, changes }) => [direction, changes])).toEqual([
      ['undo', [{ field: 'label', before: 'tie', after: 'a' }]],
      ['edit', [{ field: 'label', before: 'a', after: 'tie' }]],
      ['edit', [{ field: 'prompt', before: 'Both', after: 'Mine' }]],
      ['edit', [{ field: 'prompt', before: 'What is tea?', after: 'Both' }]],
    ]);
    expect(history.at(-1)).toMatchObject({ who: 'Ada', reason: 'typo' });
  });

  it('links an operation to the rows that show it', async () => {
    const { apply, ids, database } = await openEditing();
    const { operationId } = await apply({ op: 'text', part: 'prompt', text: 'X' }, [ids[0] ?? 0], {
      sharing: 'everywhere',
    });
    expect(await listOperationRows(database, operationId ?? '', 10)).toEqual(ids.slice(0, 2));
  });

  it('lists hidden rows with their reasons', async () => {
    const { apply, ids, database, datasetId } = await openEditing();
    await apply({ op: 'hide' }, [ids[2] ?? 0], { reason: 'off topic' });
    expect(await listHiddenRows(database, { datasetId, offset: 0, limit: 10 })).toEqual({
      count: 1,
      rows: [
        {
          id: ids[2],
          exampleId: 'pairs.jsonl#3',
          reason: 'off topic',
          prompt: fourRows[2]?.prompt,
          label: 'a',
        },
      ],
    });
    await apply({ op: 'unhide' }, { kind: 'hidden' });
    expect((await listHiddenRows(database, { datasetId, offset: 0, limit: 10 })).count).toBe(0);
  });
});
