import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImportSummary } from '../../../electron/contract/import.contract.ts';
import type { Job } from '../../../electron/contract/job.contract.ts';
import { type Core, openCore } from '../../../electron/core/boot.ts';
import { type BigFiles, writeBigFiles } from '../../support/e2e/big-files.ts';
import { makeFolder, readAssay, runAssay, startAssay } from '../../support/e2e/command.ts';
import { openPageLink } from '../../support/e2e/page-link.ts';
import { serve } from '../../support/e2e/served.ts';
import { seeded } from '../../support/seeded.ts';

const { folder, remove } = makeFolder('assay-kill');
const random = seeded(20_261_123);
let source: BigFiles;

beforeAll(async () => {
  source = await writeBigFiles(folder, 4, 50_000);
}, 120_000);
afterAll(remove);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Files the import has staged so far, by name. */
function listStaged(workspace: string): string[] {
  const staging = path.join(workspace, 'staging');
  if (!existsSync(staging)) return [];
  return readdirSync(staging).flatMap((job) => readdirSync(path.join(staging, job)));
}

const isStaged = (workspace: string, no: number) =>
  listStaged(workspace).includes(`${no}.parquet.rejections.json`);

/** Starts an import in a process of its own and kills it `delay` ms after `when` holds. Answers where it was. */
async function killImport(workspace: string, when: () => boolean, delay: number): Promise<void> {
  const { child, finished } = startAssay([
    'import',
    ...source.files,
    '--workspace',
    workspace,
    '--dataset',
    'big',
    '--json',
  ]);
  while (!when() && child.exitCode === null) await sleep(2);
  await sleep(delay);
  child.kill('SIGKILL');
  const { signal, stdout } = await finished;
  expect({ signal, stdout }).toEqual({ signal: 'SIGKILL', stdout: '' });
}

async function withQueue<T>(workspace: string, work: (core: Core) => Promise<T>): Promise<T> {
  const core = await openCore({
    workspace,
    version: '1.0.0',
    log: pino({ level: 'silent' }),
    extractEntry: path.resolve('out/node/extract-process.js'),
  });
  try {
    return await work(core);
  } finally {
    await core.close();
  }
}

async function checkWhole(core: Core, summary: ImportSummary): Promise<void> {
  const { sound, torn, repeated } = source;
  expect(summary).toMatchObject({ rows: sound, rejected: torn, duplicates: repeated, pairs: sound });
  const [counts] = await core.services.console.rows(
    `SELECT count(*) AS n, count(DISTINCT prompt) AS prompts, count(DISTINCT (source_file, source_row)) AS places,
       (SELECT count(*) FROM rejected_rows) AS rejected, (SELECT count(*) FROM responses) AS responses FROM pairs`,
  );
  expect(counts).toEqual({
    n: sound,
    prompts: sound,
    places: sound,
    rejected: torn,
    responses: 2 * sound,
  });
}

describe('an import that is killed goes on at the next opening', () => {
  const share = random();
  it.each([
    ['while the first file is read', (w: string) => listStaged(w).length > 0, 0],
    ['while the first file is loaded', (w: string) => isStaged(w, 0), Math.round(random() * 400)],
    ['when the second file is read', (w: string) => listStaged(w).some((n) => n.startsWith('1.')), 0],
    ['while the third file is loaded', (w: string) => isStaged(w, 2), Math.round(random() * 400)],
    [`after ${Math.round(share * 100)} % of 6 s (seeded)`, () => true, 400 + Math.round(share * 5_600)],
  ])('%s', async (name, when, delay) => {
    const workspace = path.join(folder, `${name.replaceAll(/\W+/g, '-')}.assay`);
    await killImport(workspace, () => when(workspace), delay);

    const { stdout, stderr } = await runAssay(['datasets', '--workspace', workspace, '--json']);
    expect(JSON.parse(stdout), 'no half dataset is shown').toEqual([]);
    expect(await readAssay('sql', 'SELECT count(*) AS n FROM pairs', '-w', workspace)).toEqual([{ n: 0 }]);
    expect(await readAssay('sql', 'SELECT count(*) AS n FROM responses', '-w', workspace)).toEqual([
      { n: 0 },
    ]);
    expect(stderr).toContain('was interrupted when Assay stopped; it goes on where it was');
    const jobs = await readAssay<{ type: string; status: string; attempt: number }[]>(
      'sql',
      'SELECT type, status, attempt FROM job',
      '-w',
      workspace,
    );
    expect(jobs).toEqual([{ type: 'import', status: 'queued', attempt: 1 }]);

    await withQueue(workspace, async (core) => {
      const job = (await core.services.jobs.list(10)).find((candidate) => candidate.type === 'import');
      const ended = await core.services.jobs.wait(job?.jobId ?? '');
      expect(ended).toMatchObject({ status: 'succeeded', attempt: 2, error: null });
      await checkWhole(core, ended.result as ImportSummary);
    });
    expect(readdirSync(path.join(workspace, 'staging')), 'nothing is left behind').toEqual([]);
    expect(
      (await readAssay<{ name: string; pairs: number }[]>('datasets', '-w', workspace))[0],
    ).toMatchObject({ name: 'big', pairs: source.sound });
  });

  it('an import into a dataset that exists shows the rows that were there, and no file of its own before all are in', async () => {
    const workspace = path.join(folder, 'added.assay');
    const [file = '', ...more] = source.files;
    const first = await readAssay<ImportSummary>('import', file, '-w', workspace, '-d', 'big');
    const { child, finished } = startAssay(['import', ...more, '-w', workspace, '-d', 'big']);
    while (!isStaged(workspace, 1)) await sleep(2);
    child.kill('SIGKILL');
    expect((await finished).signal).toBe('SIGKILL');
    const counts = () =>
      readAssay<{ n: number; files: number }[]>(
        'sql',
        'SELECT count(*) AS n, count(DISTINCT source_file) AS files FROM pairs',
        '-w',
        workspace,
      );
    const before = await counts();
    expect(before, 'no file of the killed import').toEqual([{ n: first.pairs, files: 1 }]);
    expect(
      (await readAssay<{ pairs: number }[]>('datasets', '-w', workspace))[0]?.pairs,
      'the list counts what is shown',
    ).toBe(first.pairs);
    const loaded = await readAssay<{ n: number }[]>(
      'sql',
      'SELECT count(*) AS n FROM import_file',
      '-w',
      workspace,
    );
    expect(loaded[0]?.n, 'the kill came between files').toBeGreaterThan(1);
    await withQueue(workspace, async (core) => {
      const job = (await core.services.jobs.list(10)).find(({ status }) => status !== 'succeeded');
      expect((await core.services.jobs.wait(job?.jobId ?? '')).status).toBe('succeeded');
    });
    expect(await counts()).toEqual([{ n: source.sound, files: 4 }]);
  });

  it('is ended, not tried for ever, when it takes the process down three times', async () => {
    const workspace = path.join(folder, 'thrice.assay');
    await killImport(workspace, () => listStaged(workspace).length > 0, 0);
    const server = await serve(workspace);
    for (const attempt of [2, 3]) {
      const link = await openPageLink(await server.address());
      const attempts = async () =>
        (await link.call<Job[]>('job.list', { limit: 10 })).map((job) => `${job.status} ${job.attempt}`);
      await expect.poll(attempts).toEqual([`running ${attempt}`]);
      link.close();
      await server.crash();
    }
    const link = await openPageLink(await server.address());
    const hello = await link.call<{ notices: string[] }>('system.hello');
    expect(hello.notices).toEqual([expect.stringMatching(/was ended: Assay stopped 3 times while it ran/)]);
    expect(await link.call<Job[]>('job.list', { limit: 10 })).toMatchObject([
      { status: 'failed', attempt: 3, error: { code: 'JOB_INTERRUPTED' } },
    ]);
    link.close();
    expect((await server.stop()).code).toBe(0);
    expect(readdirSync(path.join(workspace, 'staging'))).toEqual([]);
    expect(await readAssay('datasets', '-w', workspace)).toEqual([]);
  });
});
