import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JudgeRun } from '../../../electron/contract/judging.contract.ts';
import { openCore } from '../../../electron/core/boot.ts';
import { makeFolder, readAssay, startAssay } from '../../support/e2e/command.ts';
import { testModelFile } from '../../support/models/test-models.ts';

/** `ASSAY_JUDGE_PAIRS=10000` runs it at full length. */
const pairs = Number(process.env.ASSAY_JUDGE_PAIRS ?? 600);
const { folder, remove } = makeFolder('assay-judge-kill');
const workspace = path.join(folder, 'w.assay');

/** The response with ★ is the chosen one, but on every tenth row; the marker judge prefers it whatever its place. */
beforeAll(async () => {
  const rows = Array.from({ length: pairs }, (_, index) => {
    const [chosen, rejected] = [`Because ★ of ${index}.`, `Never mind ${index}.`];
    const isMarked = index % 10 !== 0;
    return JSON.stringify({
      prompt: `Question ${index}?`,
      chosen: isMarked ? chosen : rejected,
      rejected: isMarked ? rejected : chosen,
    });
  });
  const file = path.join(folder, 'pairs.jsonl');
  writeFileSync(file, rows.join('\n'));
  await readAssay('import', file, '--workspace', workspace, '--dataset', 'pairs');
  await readAssay(
    'models',
    'add',
    await testModelFile('marker-judge'),
    '--name',
    'marker',
    '--workspace',
    workspace,
  );
});
afterAll(remove);

const judgeWords = ['judge', '--workspace', workspace, '--dataset', 'pairs', '--model', 'marker', '--json'];

async function readResults(): Promise<{ n: number; distinct: number; votes: number; right: number }> {
  const [row] = await readAssay<{ n: number; distinct: number; votes: number; right: number }[]>(
    'sql',
    `SELECT count(*)::INTEGER AS n, count(DISTINCT comparison_id)::INTEGER AS "distinct", (SELECT count(*)::INTEGER FROM votes WHERE annotator_kind = 'model') AS votes,
       count(*) FILTER (label = reference_label)::INTEGER AS "right" FROM judgements`,
    '--workspace',
    workspace,
  );
  if (!row) throw new Error('the query answers one row');
  return row;
}

const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Bytes of the log that the list of pairs (pos and id a row) and some dozens of results have written. */
const written = 160_000 + 24 * pairs;

async function waitFor(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('waited for too long');
}

describe('judging that is killed', () => {
  it('goes on after SIGKILL of the whole program, a cancelled job and the death of the engine, with one result for every pair', async () => {
    const first = startAssay(judgeWords);
    await waitFor(() => sizeOf(path.join(workspace, 'assay.duckdb.wal')) > written);
    first.child.kill('SIGKILL');
    await first.finished;
    const afterKill = await readResults();
    expect(afterKill.n).toBeGreaterThan(0);
    expect(afterKill.n).toBeLessThan(pairs);
    expect(afterKill.n).toBe(afterKill.distinct);
    expect(afterKill.n).toBe(afterKill.votes);

    const core = await openCore({
      workspace,
      version: '1.0.0',
      log: pino({ level: 'silent' }),
      extractEntry: path.resolve('out/node/extract-process.js'),
    });
    try {
      const { judging, jobs, models } = core.services;
      const count = async () => (await judging.get(1)).done;
      const runningJob = async () =>
        (await jobs.list(20)).find((job) => job.type === 'judge' && job.status === 'running')?.jobId ?? '';
      await waitFor(async () => (await count()) >= afterKill.n + 50);
      const cancelled = await runningJob();
      expect((await jobs.cancel(cancelled)).status).toMatch(/cancel/);
      expect((await jobs.wait(cancelled)).status).toBe('cancelled');
      const afterCancel = await count();
      expect(afterCancel).toBeLessThan(pairs);
      await jobs.again(cancelled);
      await waitFor(async () => (await count()) >= afterCancel + 50);
      const pid = (await models.status()).pid;
      expect(pid).not.toBeNull();
      process.kill(pid ?? 0, 'SIGKILL');
      const ended = await jobs.wait(await runningJob());
      expect(ended).toMatchObject({ status: 'succeeded', result: { done: pairs, invalid: 0 } });
      expect((await models.status()).generation).toBeGreaterThan(1);
    } finally {
      await core.close();
    }
    expect(await readResults()).toEqual({ n: pairs, distinct: pairs, votes: pairs, right: pairs * 0.9 });
  });

  it('is the same run again from its record: same seed, same labels', async () => {
    const [one, other] = [
      await readAssay<JudgeRun>(...judgeWords.slice(0, -1), '--limit', '40', '--seed', '5', '--name', 'one'),
      await readAssay<JudgeRun>(
        ...judgeWords.slice(0, -1),
        '--limit',
        '40',
        '--seed',
        '5',
        '--name',
        'other',
      ),
    ];
    expect(one.record.models[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(one.record.templates).toEqual(other.record.templates);
    const differing = await readAssay<unknown[]>(
      'sql',
      `SELECT a.comparison_id FROM judgements a FULL JOIN judgements b ON a.comparison_id = b.comparison_id AND b.judge = 'other'
       WHERE a.judge = 'one' AND (b.comparison_id IS NULL OR abs(a.p_a - b.p_a) > 1e-4)`,
      '--workspace',
      workspace,
    );
    expect(differing).toEqual([]);
    expect(one.accuracy.n).toBe(40);
  });
});
