import { describe, expect, it } from 'vitest';
import { fingerprint, openEditing } from './editing-bench.ts';

describe('editing fields', () => {
  it('sets a label and logs before, after, who and why; the same again changes nothing', async () => {
    const { apply, ids, database, pairs } = await openEditing();
    const [first = 0] = ids;
    const outcome = await apply({ op: 'set', values: { label: 'b' } }, [first], {
      reason: 'wrong',
      who: 'Ada',
    });
    expect(outcome).toMatchObject({ rows: 1, changes: 1, title: 'label = b (1 row)' });
    expect((await pairs())[0]?.label).toBe('b');
    expect(
      await database.all(
        'SELECT entity, field, before::VARCHAR AS before, after::VARCHAR AS after, who, reason FROM change',
      ),
    ).toEqual([
      { entity: 'pairs', field: 'label', before: '"a"', after: '"b"', who: 'Ada', reason: 'wrong' },
    ]);
    expect(await apply({ op: 'set', values: { label: 'b' } }, [first])).toMatchObject({
      operationId: null,
      rows: 0,
    });
  });

  it('swaps sides so that the same response stays chosen, with votes, models and lengths', async () => {
    const { apply, ids, database, pairs, undo } = await openEditing();
    const before = await fingerprint({ database });
    const [first = 0] = ids;
    await apply({ op: 'swap_sides' }, [first]);
    expect((await pairs())[0]).toMatchObject({
      response_a: 'A colour.',
      response_b: 'A leaf drink.',
      label: 'b',
      model_a: 'y',
      model_b: 'x',
    });
    expect(
      await database.one('SELECT chars_a, chars_b FROM comparison ORDER BY comparison_id LIMIT 1'),
    ).toEqual({ chars_a: 9, chars_b: 13 });
    expect(await database.one(`SELECT label FROM vote WHERE comparison_id = ${first}`)).toEqual({
      label: 'b',
    });
    await undo();
    expect(await fingerprint({ database })).toBe(before);
  });

  it('changes a shared prompt for the chosen row only; everywhere on demand', async () => {
    const { apply, ids, pairs, undo, database } = await openEditing();
    const before = await fingerprint({ database });
    const [first = 0] = ids;
    await apply({ op: 'text', part: 'prompt', text: 'What is green tea?' }, [first]);
    expect((await pairs()).map((row) => row.prompt)).toEqual([
      'What is green tea?',
      'What is tea?',
      'Name a river.',
      'Say hello.',
    ]);
    await undo();
    expect(await fingerprint({ database })).toBe(before);
    await apply({ op: 'text', part: 'prompt', text: 'What is black tea?' }, [first], {
      sharing: 'everywhere',
    });
    expect((await pairs()).slice(0, 2).map((row) => row.prompt)).toEqual([
      'What is black tea?',
      'What is black tea?',
    ]);
  });

  it('changes a shared prompt in place where every row that uses it is chosen', async () => {
    const { apply, ids, database } = await openEditing();
    await apply(
      { op: 'replace', parts: ['prompt'], find: 'tea', with: 'coffee', isRegex: false, ignoreCase: false },
      ids,
    );
    expect(await database.one('SELECT count(*) AS n FROM prompt')).toEqual({ n: 3 });
    expect(await database.one("SELECT count(*) AS n FROM pairs WHERE prompt = 'What is coffee?'")).toEqual({
      n: 2,
    });
  });

  it('hides with a reason: out of pairs, views and counts, and back by undo', async () => {
    const { apply, ids, pairs, undo, database, views, datasetId } = await openEditing();
    const before = await fingerprint({ database });
    const [first = 0] = ids;
    await expect(apply({ op: 'hide' }, [first])).rejects.toMatchObject({ code: 'EDIT_REASON_MISSING' });
    await apply({ op: 'hide' }, [first], { reason: 'spam' });
    expect(await pairs()).toHaveLength(3);
    const open = () => views.open({ datasetId, relation: 'pairs', filter: { clauses: [] }, sort: [] });
    expect(await open()).toMatchObject({ count: 3, total: 3 });
    expect(await database.all('SELECT row_id, reason FROM hidden_row')).toEqual([
      { row_id: first, reason: 'spam' },
    ]);
    await undo();
    expect(await open()).toMatchObject({ count: 4 });
    expect(await fingerprint({ database })).toBe(before);
  });

  it('takes rows by SQL, only those of the dataset, and refuses what is no SELECT', async () => {
    const { apply } = await openEditing();
    const sql = (text: string) => apply({ op: 'set', values: { label: null } }, { kind: 'sql', sql: text });
    expect(
      await sql("SELECT comparison_id FROM pairs WHERE label = 'a' UNION ALL SELECT 999999"),
    ).toMatchObject({ rows: 2 });
    await expect(sql('DELETE FROM comparison')).rejects.toMatchObject({ code: 'EDIT_INVALID' });
    await expect(sql('SELECT 1 AS one')).rejects.toThrow(/no column comparison_id/);
    await expect(sql('SELECT comparison_id FROM nowhere')).rejects.toMatchObject({ code: 'EDIT_INVALID' });
  });

  it('previews without changing anything and counts what apply then does', async () => {
    const { preview, apply, database, ids } = await openEditing();
    const before = await fingerprint({ database });
    const change = { op: 'set', values: { label: 'a' } } as const;
    const shown = await preview(change);
    // labels a, b, a, tie: two rows change
    expect(shown).toMatchObject({ selected: 4, rows: 2, changes: 2, isBulk: false, sharedTexts: 0 });
    expect(shown.transitions).toEqual([
      { field: 'label', before: 'b', after: 'a', rows: 1 },
      { field: 'label', before: 'tie', after: 'a', rows: 1 },
    ]);
    expect(shown.samples.map((sample) => sample.rowId)).toEqual([ids[1], ids[3]]);
    expect(await fingerprint({ database })).toBe(before);
    expect(await apply(change)).toMatchObject({ rows: 2, changes: 2 });
  });

  it('previews a text edit with before and after, and says how many texts are shared', async () => {
    const { preview, ids } = await openEditing();
    const shown = await preview(
      {
        op: 'replace',
        parts: ['prompt', 'response_a'],
        find: '(?i)hot|tea',
        with: 'X',
        isRegex: true,
        ignoreCase: false,
      },
      [ids[1] ?? 0],
    );
    expect(shown).toMatchObject({ rows: 1, changes: 2, sharedTexts: 1 });
    expect(shown.samples).toMatchObject([
      { field: 'prompt', before: 'What is tea?', after: 'What is X?' },
      { field: 'response_a', before: 'Hot water.', after: 'X water.' },
    ]);
  });

  it('replaces plain text literally, also with characters that mean something in a pattern', async () => {
    const { apply, pairs } = await openEditing([
      { prompt: 'p', left: 'costs $1.50 (net)', right: 'COSTS $1x50', verdict: 'tie' },
    ]);
    const change = {
      op: 'replace',
      parts: ['response_a', 'response_b'],
      isRegex: false,
      ignoreCase: true,
    } as const;
    await apply({ ...change, parts: [...change.parts], find: 'costs $1.50', with: String.raw`\1 a\b` });
    expect((await pairs())[0]).toMatchObject({
      response_a: String.raw`\1 a\b (net)`,
      response_b: 'COSTS $1x50',
    });
    await expect(
      apply({ op: 'replace', parts: ['prompt'], find: '(', with: '', isRegex: true, ignoreCase: false }),
    ).rejects.toMatchObject({ code: 'EDIT_INVALID' });
  });

  it('sets a model for one side and leaves a shared response of another pair alone', async () => {
    const { apply, ids, pairs } = await openEditing();
    await apply({ op: 'set', values: { model_a: 'z', topic: 'drinks' } }, [ids[0] ?? 0]);
    expect((await pairs()).map((row) => row.model_a)).toEqual(['z', 'x', 'x', 'x']);
  });

  it('writes, changes and removes a note', async () => {
    const { apply, ids, database, undo } = await openEditing();
    const target = [ids[0] ?? 0];
    await apply({ op: 'note', text: 'look again' }, target);
    await apply({ op: 'note', text: 'fine' }, target);
    expect(await database.all('SELECT note FROM notes')).toEqual([{ note: 'fine' }]);
    await apply({ op: 'note', text: null }, target);
    expect(await database.all('SELECT note FROM notes')).toEqual([]);
    await undo();
    await undo();
    expect(await database.all('SELECT note FROM notes')).toEqual([{ note: 'look again' }]);
  });
});
