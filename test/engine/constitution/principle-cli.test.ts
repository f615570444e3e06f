import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConstitutionDocument } from '../../../electron/contract/constitution.contract.ts';
import { openCore } from '../../../electron/core/boot.ts';
import type { ConstitutionDiff } from '../../../electron/core/constitution/principles/diff-constitutions.ts';
import { makeFolder, readAssay, runAssay, startAssay } from '../../support/e2e/command.ts';
import { testModelFile } from '../../support/models/test-models.ts';

const pairs = 200;
const { folder, remove } = makeFolder('assay-principles');
const workspace = path.join(folder, 'w.assay');
const list = path.join(folder, 'principles.txt');
const place = ['--workspace', workspace];

/** The response with ★ is the chosen one, but on every tenth row; the marker judge prefers it whatever is asked. */
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
  writeFileSync(list, '1. gives a reason\n\n- has a star\n');
  await readAssay('import', file, ...place, '--dataset', 'pairs');
  await readAssay('models', 'add', await testModelFile('marker-judge'), '--name', 'marker', ...place);
});
afterAll(remove);

const words = (name: string, ...more: string[]) => [
  ...['constitution', ...place, '--dataset', 'pairs', '--model', 'marker', '--sample', String(pairs)],
  ...['--propose', `file:${list}`, '--executor', 'judge', '--out', path.join(folder, name), ...more],
];

interface Counts {
  readonly n: number;
  readonly distinct: number;
}
const count = async () =>
  (
    await readAssay<Counts[]>(
      'sql',
      `SELECT count(*)::INTEGER AS n, count(DISTINCT (principle_id, comparison_id))::INTEGER AS "distinct" FROM principle_votes`,
      ...place,
    )
  )[0];

/** Waits until the log has grown that often: a few times for the run itself, then once for each group of votes. */
async function waitForWrites(file: string, writes: number): Promise<void> {
  const sizes = new Set<number>();
  for (let tries = 0; tries < 4_000; tries++) {
    sizes.add(statSync(file, { throwIfNoEntry: false })?.size ?? 0);
    if (sizes.size > writes) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('waited for too long');
}

describe('assay constitution with a model', () => {
  it('goes on after SIGKILL with one vote for each pair and principle, and finishes with the judge', async () => {
    const first = startAssay(words('killed'));
    await waitForWrites(path.join(workspace, 'assay.duckdb.wal'), 25);
    first.child.kill('SIGKILL');
    await first.finished;
    const left = await count();
    expect(left?.n).toBeGreaterThan(0);
    expect(left?.n).toBeLessThan(2 * pairs);
    expect(left?.distinct).toBe(left?.n);
    const core = await openCore({
      workspace,
      version: '1.0.0',
      log: pino({ level: 'silent' }),
      extractEntry: path.resolve('out/node/extract-process.js'),
    });
    try {
      const { jobs } = core.services;
      const running = (await jobs.list(20)).find((job) => job.type === 'principle-constitution');
      expect(await jobs.wait(running?.jobId ?? '')).toMatchObject({ status: 'succeeded' });
    } finally {
      await core.close();
    }
    expect(await count()).toEqual({ n: 2 * pairs, distinct: 2 * pairs });
  });

  it('the same command again asks for no vote: they are kept by principle, pair, model and template', async () => {
    const document = await readAssay<ConstitutionDocument>(...words('again'));
    expect(await count()).toEqual({ n: 2 * pairs, distinct: 2 * pairs });
    expect(document.executor).toBe('judge');
    // The judge follows the marker: right on nine of ten rows, with and without a constitution.
    const judge = document.run?.executors.find((one) => one.executor === 'judge')?.accuracy;
    expect(judge?.ci?.[0]).toBeLessThan(0.9);
    expect(judge?.ci?.[1]).toBeGreaterThan(0.9);
    expect(
      document.principles.every((one) => one.strength !== null && Math.abs(one.strength - 0.8) < 1e-9),
    ).toBe(true);
  });

  it('compares two constitutions, and labels a dataset as a new annotator beside its labels', async () => {
    const file = path.join(folder, 'again', 'constitution.json');
    const diff = await readAssay<ConstitutionDiff>('constitution', 'diff', file, '1', ...place);
    expect(diff.shared.length).toBeGreaterThan(0);
    expect([...diff.opposite, ...diff.onlyLeft, ...diff.onlyRight]).toEqual([]);
    expect(diff.shared.every((one) => one.difference === 0)).toBe(true);
    const labels = () =>
      readAssay<unknown[]>(
        'sql',
        `SELECT label, count(*)::INTEGER AS n FROM pairs GROUP BY label ORDER BY label`,
        ...place,
      );
    const before = await labels();
    const annotate = ['annotate', ...place, '--dataset', 'pairs', '--constitution', '1', '--model', 'marker'];
    const done = await readAssay<{ labelled: number; invalid: number }>(
      ...annotate,
      '--name',
      'by constitution',
    );
    expect(done).toMatchObject({ labelled: pairs, invalid: 0 });
    expect(await labels()).toEqual(before);
    expect(await runAssay([...annotate, '--name', 'by constitution'])).toMatchObject({ code: 1 });
  });

  it('without a model only what code computes votes, and a wrong executor is told with exit status 2', async () => {
    const plain = ['constitution', ...place, '--dataset', 'pairs', '--out', path.join(folder, 'code')];
    const document = await readAssay<ConstitutionDocument>(
      ...plain,
      '--executor',
      'list',
      '--propose',
      'list',
    );
    expect(document.run).toMatchObject({ calls: 0, model: null, candidates: 10 });
    expect((await runAssay([...plain, '--executor', 'nonesuch'])).code).toBe(2);
    expect((await runAssay([...plain, '--executor', 'judge', '--propose', 'list'])).code).toBe(1);
  });
});
