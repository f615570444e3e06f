import { describe, expect, it } from 'vitest';
import {
  ensureTraits,
  hasCurrentTraits,
  removeTraits,
  traitTable,
  traitVersion,
} from '../../../electron/core/constitution/trait-columns.ts';
import { openTestWorkspace, storePairs } from './pair-workspace.ts';

const pair = (index: number) => ({
  prompt: `prompt ${index}`,
  a: `- item ${index}`,
  b: 'plain',
  label: 'a' as const,
});

describe('trait columns', () => {
  it('are computed for every response, with the text’s own values', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [pair(1), pair(2)]);
    expect(await hasCurrentTraits(workspace.database, datasetId)).toBe(false);
    const seen: [number, number][] = [];
    await ensureTraits(workspace.database, datasetId, {
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(seen).toEqual([
      [0, 4],
      [4, 4],
    ]);
    expect(await hasCurrentTraits(workspace.database, datasetId)).toBe(true);
    expect(
      await workspace.database.all(
        `SELECT text, char_count, bullet_item_count FROM ${traitTable(datasetId)} JOIN response USING (response_id) ORDER BY response_id LIMIT 2`,
      ),
    ).toEqual([
      { text: '- item 1', char_count: 8, bullet_item_count: 1 },
      { text: 'plain', char_count: 5, bullet_item_count: 0 },
    ]);
  });

  it('are computed again only where they are missing (would catch doing done batches again)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [pair(1), pair(2)]);
    await ensureTraits(workspace.database, datasetId);
    const table = traitTable(datasetId);
    await workspace.database.write(async (session) => {
      await session.run(`UPDATE ${table} SET char_count = -1`);
      await session.run(`DELETE FROM ${table} WHERE response_id = (SELECT max(response_id) FROM ${table})`);
      await session.run(`INSERT INTO ${table} (response_id, char_count) VALUES (1, -2)`);
    });
    await ensureTraits(workspace.database, datasetId);
    expect(await workspace.database.all(`SELECT char_count AS n FROM ${table} ORDER BY response_id`)).toEqual(
      [{ n: -1 }, { n: -1 }, { n: -1 }, { n: 5 }],
    );
    await workspace.database.write((session) => session.run(`UPDATE trait_run SET trait_version = 'older'`));
    expect(await hasCurrentTraits(workspace.database, datasetId)).toBe(false);
    await ensureTraits(workspace.database, datasetId);
    expect(await workspace.database.one(`SELECT min(char_count) AS n FROM ${table}`)).toEqual({ n: 5 });
    expect(await workspace.database.one('SELECT trait_version AS v, responses AS n FROM trait_run')).toEqual({
      v: traitVersion,
      n: 4,
    });
  });

  it('stop when the signal aborts, and go with their dataset', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [pair(1)]);
    const controller = new AbortController();
    controller.abort(new Error('changed my mind'));
    const ensuring = ensureTraits(workspace.database, datasetId, { signal: controller.signal });
    await expect(ensuring).rejects.toThrow('changed my mind');
    await ensureTraits(workspace.database, datasetId);
    await workspace.database.write((session) => removeTraits(session, datasetId));
    expect(await workspace.database.all('SELECT * FROM trait_run')).toEqual([]);
    expect(await hasCurrentTraits(workspace.database, datasetId)).toBe(false);
  });
});
