import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EditOutcome } from '../../../electron/contract/editing.contract.ts';
import { openCore } from '../../../electron/core/boot.ts';
import { writeBigFiles } from '../../support/e2e/big-files.ts';
import { makeFolder, readAssay, runAssay, startAssay } from '../../support/e2e/command.ts';
import { openPageLink } from '../../support/e2e/page-link.ts';
import { serve } from '../../support/e2e/served.ts';
import { seeded } from '../../support/seeded.ts';

const { folder, remove } = makeFolder('assay-edit-kill');
const workspace = path.join(folder, 'w.assay');
const random = seeded(20_261_124);
let rows = 0;

const at = ['-w', workspace, '-d', 'big'];
const sql = <T>(statement: string) => readAssay<T[]>('sql', statement, '-w', workspace);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function countState() {
  const [state] = await sql<{ changed: number; n: number; operations: number; changes: number }>(
    `SELECT (SELECT count(*) FROM pairs WHERE topic = 'killed') AS changed, (SELECT count(*) FROM pairs) AS n,
       (SELECT count(*) FROM edits WHERE direction = 'edit' AND starts_with(title, 'topic = killed')) AS operations,
       (SELECT count(*) FROM change WHERE field = 'topic') AS changes`,
  );
  return state ?? { changed: -1, n: -1, operations: -1, changes: -1 };
}

/** Runs what the queue holds to its end. */
async function finishQueue(): Promise<void> {
  const core = await openCore({
    workspace,
    version: '1.0.0',
    log: pino({ level: 'silent' }),
    extractEntry: path.resolve('out/node/extract-process.js'),
  });
  for (const job of await core.services.jobs.list(50)) await core.services.jobs.wait(job.jobId);
  await core.close();
}

beforeAll(async () => {
  const { files, sound } = await writeBigFiles(folder, 1, 60_000);
  await readAssay('import', ...files, ...at);
  rows = sound;
}, 120_000);
afterAll(remove);

describe('a bulk edit that is killed', () => {
  const delays = Array.from({ length: 3 }, () => Math.round(700 + random() * 1_800));
  it.each(delays)(
    'after %i ms (seeded) is there whole or not at all, and is done once in the end',
    async (delay) => {
      const edit = ['edit', ...at, '--where', '[]', '--set', 'topic=killed'];
      const { child, finished } = startAssay(edit);
      await sleep(delay);
      child.kill('SIGKILL');
      await finished;
      const state = await countState();
      expect(state.n).toBe(rows);
      expect([0, rows]).toContain(state.changed);
      expect(state).toMatchObject(
        state.changed === 0 ? { operations: 0, changes: 0 } : { operations: 1, changes: rows },
      );
      await finishQueue();
      await runAssay([...edit, '--json']);
      expect(await countState()).toEqual({ changed: rows, n: rows, operations: 1, changes: rows });
      expect((await runAssay(['undo', ...at])).code).toBe(0);
      expect((await countState()).changed).toBe(0);
      const { code } = await runAssay(['sql', 'SELECT 1', '-w', workspace]);
      expect(code).toBe(0);
      await forgetEdits();
    },
  );

  it('leaves nothing of an undo that is killed, or all of it', async () => {
    await readAssay('edit', ...at, '--where', '[]', '--set', 'topic=killed');
    const { child, finished } = startAssay(['undo', ...at]);
    await sleep(900);
    child.kill('SIGKILL');
    await finished;
    const { changed } = await countState();
    expect([0, rows]).toContain(changed);
    const [events] = await sql<{ n: number }>("SELECT count(*) AS n FROM edits WHERE direction = 'undo'");
    expect(events?.n).toBe(changed === 0 ? 1 : 0);
  });
});

/** Takes the history of the former case away, so that the next one counts from nothing. */
async function forgetEdits(): Promise<void> {
  const core = await openCore({
    workspace,
    version: '1.0.0',
    log: pino({ level: 'silent' }),
    extractEntry: path.resolve('out/node/extract-process.js'),
    runsQueue: false,
  });
  await core.database.write(async (session) => {
    await session.run('DELETE FROM change');
    await session.run('DELETE FROM operation');
  });
  await core.close();
}

describe('an edit that was acknowledged', () => {
  it('is there after the process that made it is killed at once, and can be undone', async () => {
    const server = await serve(workspace);
    const link = await openPageLink(await server.address());
    const [dataset] = await link.call<{ datasetId: number }[]>('dataset.list');
    const datasetId = dataset?.datasetId ?? 0;
    const ids: number[] = [];
    for (const id of [3, 5, 8]) {
      const { outcome } = await link.call<{ outcome: EditOutcome }>('edit.apply', {
        datasetId,
        relation: 'pairs',
        target: { kind: 'rows', ids: [id] },
        change: { op: 'text', part: 'response_b', text: `repaired ${id}` },
      });
      if (outcome.operationId !== null) ids.push(id);
    }
    await server.crash();
    link.close();
    const again = await openPageLink(await server.address());
    for (const id of ids) {
      const row = await again.call<{ responses: { text: string }[] }>('row.get', { relation: 'pairs', id });
      expect(row.responses[1]?.text).toBe(`repaired ${id}`);
    }
    expect(ids).toEqual([3, 5, 8]);
    const { outcome } = await again.call<{ outcome: EditOutcome }>('edit.undo', { datasetId });
    expect(outcome.title).toBe('Edit response b (1 row)');
    again.close();
    expect((await server.stop()).code).toBe(0);
  });
});
