import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EditChange } from '../../../electron/contract/editing.contract.ts';
import { applyChanges } from '../../../electron/core/editing/apply-changes.ts';
import { refreshDerived } from '../../../electron/core/editing/refresh-derived.ts';
import { openWorkspace } from '../../../electron/core/workspace/workspace.ts';
import { listOperations } from '../../../electron/core/editing/operation.repository.ts';
import { seeded } from '../../support/seeded.ts';
import { type EditingBench, fingerprint, openEditing, type SourceRow } from './editing-bench.ts';

describe('undo and redo', () => {
  it('go back and forth through several operations to exactly the same data', async () => {
    const bench = await openEditing();
    const { apply, undo, redo, ids } = bench;
    const [one = 0, two = 0, three = 0] = ids;
    const steps: [EditChange, number[]][] = [
      [{ op: 'set', values: { label: 'tie', strength: 0.5 } }, [one, two]],
      [{ op: 'text', part: 'prompt', text: 'Changed' }, [one]],
      [{ op: 'swap_sides' }, [one, three]],
      [{ op: 'set', values: { model_b: 'm' } }, [one]],
      [{ op: 'tag', tag: 'seen', isOn: true }, ids],
    ];
    const states = [await fingerprint(bench)];
    for (const [change, target] of steps) {
      await apply(change, target);
      states.push(await fingerprint(bench));
    }
    for (let at = steps.length - 1; at >= 0; at--) {
      await undo();
      expect(await fingerprint(bench), `after undoing step ${at}`).toBe(states[at]);
    }
    await expect(undo()).rejects.toMatchObject({ code: 'EDIT_NOTHING' });
    for (let at = 1; at <= steps.length; at++) {
      await redo();
      expect(await fingerprint(bench), `after redoing step ${at}`).toBe(states[at]);
    }
    await expect(redo()).rejects.toMatchObject({ code: 'EDIT_NOTHING' });
  });

  it('refuses to undo an edit that a later one overlaps, naming it, and allows it when that one is undone', async () => {
    const { apply, undo, ids, pairs } = await openEditing();
    const first = await apply({ op: 'set', values: { label: 'tie' } }, ids);
    await apply({ op: 'tag', tag: 'x', isOn: true }, ids);
    const later = await apply({ op: 'set', values: { label: 'b' } }, [ids[0] ?? 0]);
    await expect(undo(first.operationId ?? '')).rejects.toMatchObject({
      code: 'EDIT_CONFLICT',
      details: { operationId: later.operationId },
      message: expect.stringContaining('label = b (1 row)') as string,
    });
    await undo(later.operationId ?? '');
    await undo(first.operationId ?? '');
    expect((await pairs()).map((row) => row.label)).toEqual(['a', 'b', 'a', 'tie']);
  });

  it('refuses to undo a text change of a text another edit has led a row away from', async () => {
    const { apply, undo, ids } = await openEditing();
    const everywhere = await apply({ op: 'text', part: 'prompt', text: 'New' }, ids.slice(0, 2));
    await apply({ op: 'text', part: 'prompt', text: 'Own' }, [ids[0] ?? 0]);
    await expect(undo(everywhere.operationId ?? '')).rejects.toMatchObject({ code: 'EDIT_CONFLICT' });
  });

  it('refuses to redo over a later edit of the same values', async () => {
    const { apply, undo, redo, ids } = await openEditing();
    const first = await apply({ op: 'set', values: { topic: 'a' } }, ids);
    await undo();
    await apply({ op: 'set', values: { topic: 'b' } }, ids);
    await expect(redo(first.operationId ?? '')).rejects.toMatchObject({ code: 'EDIT_CONFLICT' });
  });

  it('undoes edits of hidden rows, which then come back as they were before', async () => {
    const bench = await openEditing();
    const { apply, undo, ids, pairs } = bench;
    const label = await apply({ op: 'set', values: { label: 'tie' } }, ids);
    const hide = await apply({ op: 'hide' }, ids, { reason: 'r' });
    await undo(label.operationId ?? '');
    await undo(hide.operationId ?? '');
    expect((await pairs()).map((row) => row.label)).toEqual(['a', 'b', 'a', 'tie']);
  });

  it('does tags set in the grid too: they are operations of the same history', async () => {
    const { rows, undo, ids, database, datasetId } = await openEditing();
    await rows.tag('pairs', ids, 'keep', true);
    expect((await listOperations(database, { datasetId, offset: 0, limit: 9 })).operations).toMatchObject([
      { title: 'Add tag “keep” (4 rows)', isInForce: true, rows: 4 },
    ]);
    await undo();
    expect(await database.all('SELECT * FROM tag')).toEqual([]);
  });

  it('never gives an id twice: rows imported while a copy is undone do not stand in its place', async () => {
    const { apply, undo, redo, ids, bench, file, mapping, pairs, database } = await openEditing();
    await apply({ op: 'text', part: 'prompt', text: 'Copy' }, [ids[0] ?? 0]);
    const last = ids.at(-1) ?? 0;
    await apply({ op: 'hide' }, [last], { reason: 'r' });
    await undo();
    await undo();
    await apply({ op: 'hide' }, [last], { reason: 'r' });
    await bench.load({ files: [file], format: 'mapped', mapping, dataset: 'second', keepDuplicates: true });
    const overlap = await database.one(
      'SELECT count(*) AS n FROM comparison WHERE comparison_id IN (SELECT comparison_id FROM hidden_comparison)',
    );
    expect(overlap).toEqual({ n: 0 });
    await undo();
    await redo();
    await undo();
    expect(await pairs()).toHaveLength(8);
  });
});

const words = ['tea', 'water', 'leaf', 'moon', 'river', 'hot'];

/** A random edit of random rows; what it is depends on `random` alone. */
function drawEdit(random: () => number, ids: readonly number[]): { change: EditChange; target: number[] } {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const target = ids.filter(() => random() < 0.5);
  const changes: (() => EditChange)[] = [
    () => ({ op: 'set', values: { label: pick(['a', 'b', 'tie', 'both_bad', null] as const) } }),
    () => ({ op: 'set', values: { strength: pick([0.1, 0.9, null]), topic: pick(words) } }),
    () => ({ op: 'set', values: { [pick(['model_a', 'model_b'] as const)]: pick(words) } }),
    () => ({ op: 'swap_sides' }),
    () => ({ op: 'flip_label' }),
    () => ({ op: 'tag', tag: pick(words), isOn: random() < 0.6 }),
    () => ({ op: 'note', text: random() < 0.7 ? pick(words) : null }),
    () => ({ op: 'hide' }),
    () => ({ op: 'unhide' }),
    () => ({
      op: 'text',
      part: pick(['prompt', 'response_a', 'response_b'] as const),
      text: `${pick(words)} ${pick(words)}`,
    }),
    () => ({
      op: 'replace',
      parts: pick([['prompt'], ['response_a'], ['prompt', 'response_a', 'response_b']] as const).slice(),
      find: pick(words),
      with: pick(words),
      isRegex: false,
      ignoreCase: true,
    }),
  ];
  return { change: pick(changes)(), target: target.length > 0 ? target : [...ids] };
}

const expected = new Set(['EDIT_CONFLICT', 'EDIT_NOTHING']);

/** Edits, undoes and redoes at random, also out of order; refusals of overlaps are part of the game. */
async function playAtRandom(bench: EditingBench, random: () => number, steps: number): Promise<void> {
  const known: string[] = [];
  for (let step = 0; step < steps; step++) {
    const dice = random();
    try {
      if (dice < 0.55) {
        const { change, target } = drawEdit(random, bench.ids);
        const sharing = random() < 0.3 ? 'everywhere' : 'rows';
        const { operationId } = await bench.apply(change, target, { sharing, reason: 'r' });
        if (operationId !== null) known.push(operationId);
      } else {
        const named = random() < 0.5 ? known[Math.floor(random() * known.length)] : undefined;
        await (dice < 0.8 ? bench.undo : bench.redo)(named);
      }
    } catch (error) {
      if (!expected.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
}

const randomRows = (random: () => number): SourceRow[] =>
  Array.from({ length: 10 }, () => ({
    prompt: `About ${words[Math.floor(random() * 3)]}`,
    left: `${words[Math.floor(random() * 6)]} ${words[Math.floor(random() * 6)]}`,
    right: `${words[Math.floor(random() * 6)]}`,
    verdict: random() < 0.5 ? 'model_a' : 'model_b',
  }));

describe('the change log', () => {
  it.each([1, 2, 3])('replayed over a fresh import gives the data of now (seed %i)', async (seed) => {
    const random = seeded(seed);
    const rows = randomRows(random);
    const bench = await openEditing(rows);
    const fresh = await openEditing(rows);
    expect(await fingerprint(fresh)).toBe(await fingerprint(bench));
    await playAtRandom(bench, random, 45);
    const operations = await bench.database.all<Record<string, string | number | null>>(
      'SELECT * EXCLUDE (spec) FROM operation ORDER BY sequence',
    );
    const changes = await bench.database.all<Record<string, string | number | null>>(
      'SELECT * REPLACE (before::VARCHAR AS before, after::VARCHAR AS after) FROM change ORDER BY change_id',
    );
    expect(operations.length, `seed ${seed}`).toBeGreaterThan(20);
    await fresh.database.write(async (session) => {
      for (const [table, list] of [
        ['operation', operations],
        ['change', changes],
      ] as const)
        for (const row of list)
          await session.run(
            `INSERT INTO ${table} (${Object.keys(row)
              .map((name) => `"${name}"`)
              .join(', ')}) VALUES (${Object.keys(row)
              .map(() => '?')
              .join(', ')})`,
            Object.values(row),
          );
      for (const event of operations) {
        const logged = {
          rootId: String(event.root_id),
          first: Number(event.first_change_id),
          last: Number(event.last_change_id),
          value: event.direction === 'undo' ? ('before' as const) : ('after' as const),
        };
        await applyChanges(session, logged);
        await refreshDerived(session, logged, { datasetId: fresh.datasetId, relation: 'pairs' });
      }
    });
    expect(await fingerprint(fresh), `seed ${seed}`).toBe(await fingerprint(bench));
  });

  it('says before each change what was really there, through undo and redo (seed 7)', async () => {
    const random = seeded(7);
    const bench = await openEditing(randomRows(random));
    await playAtRandom(bench, random, 40);
    // each effect on a cell starts from where the former effect on it ended
    const torn = await bench.database.all(
      `SELECT * FROM (SELECT entity, entity_id, field, before, lag(after) OVER cell AS former, lag(sequence) OVER cell AS has_former
         FROM change_effect WHERE field NOT IN ('votes', 'tag')
         WINDOW cell AS (PARTITION BY entity, entity_id, field ORDER BY sequence))
       WHERE has_former IS NOT NULL AND before::VARCHAR IS DISTINCT FROM former::VARCHAR`,
    );
    expect(torn).toEqual([]);
  });

  it('is there after closing and opening again: undo goes on', async () => {
    const bench = await openEditing();
    const before = await fingerprint(bench);
    await bench.apply({ op: 'set', values: { label: 'tie' } }, bench.ids);
    const folder = bench.bench.workspace.path;
    await bench.bench.jobs.close();
    await bench.bench.workspace.close();
    const again = await openWorkspace(folder);
    try {
      const { makeEditingServices } = await import('../../../electron/core/editing/editing-services.ts');
      const services = makeEditingServices({
        database: again.database,
        search: bench.search,
        jobs: bench.bench.jobs,
        datasets: bench.bench.datasets,
        onChanged: async () => undefined,
      });
      await services.editing.reverseNow('undo', { datasetId: bench.datasetId });
      expect(await fingerprint({ database: again.database })).toBe(before);
      expect(path.basename(folder)).toBe('w.assay');
    } finally {
      await again.close();
    }
  });
});
