import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../../electron/contract/app-error.ts';
import type { Job } from '../../../electron/contract/job.contract.ts';
import type { JobHandler } from '../../../electron/core/jobs/job-handler.ts';
import { followJobs } from '../../../electron/core/jobs/job.handlers.ts';
import { JobService } from '../../../electron/core/jobs/job.service.ts';
import type { Database } from '../../../native/duckdb/database.ts';
import { openImportBench } from '../../support/import-corpus.ts';

const log = pino({ level: 'silent' });
const spec = z.object({ name: z.string() });
type Spec = z.infer<typeof spec>;

function makeHandler(run: JobHandler<Spec>['run'], more: Partial<JobHandler<Spec>> = {}): JobHandler<Spec> {
  return { type: 'test', spec, recovery: 'resume', title: ({ name }) => name, run, ...more };
}

const untilAborted: JobHandler<Spec>['run'] = (_context, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

async function openJobs(handler: JobHandler<Spec>): Promise<{ jobs: JobService; database: Database }> {
  const { workspace } = await openImportBench();
  const jobs = new JobService(workspace.database, log);
  jobs.register(handler);
  return { jobs, database: workspace.database };
}

/** What a process that died in the middle leaves: a running row of another boot. */
async function leaveRunning(
  database: Database,
  row: { attempt: number; cancel?: boolean; type?: string },
): Promise<void> {
  await database.write((session) =>
    session.run(
      `INSERT INTO job (job_id, type, title, spec, spec_hash, status, attempt, cancel_requested, owner_boot_id)
       VALUES ('dead', ?, 'left over', '{"name": "left over"}', 'h', 'running', ?, ?, 'another boot')`,
      [row.type ?? 'test', row.attempt, row.cancel ?? false],
    ),
  );
}

describe('jobs', () => {
  it('run one after another, oldest first, and keep their results', async () => {
    const order: string[] = [];
    const { jobs } = await openJobs(makeHandler(async ({ spec: { name } }) => (order.push(name), { name })));
    const ids = [await jobs.start('test', { name: 'one' }), await jobs.start('test', { name: 'two' })];
    const ended = await Promise.all(ids.map((id) => jobs.wait(id)));
    expect(order).toEqual(['one', 'two']);
    expect(ended.map((job) => [job.status, job.result])).toEqual([
      ['succeeded', { name: 'one' }],
      ['succeeded', { name: 'two' }],
    ]);
  });

  it('tell an expected failure with its code and a bug with a report id, and discard what they left', async () => {
    const discarded: string[] = [];
    const run: JobHandler<Spec>['run'] = async ({ spec: { name } }) => {
      throw name === 'known' ? new AppError('DATASET_EMPTY', 'There are no rows.') : new TypeError('a bug');
    };
    const { jobs } = await openJobs(
      makeHandler(run, { discard: async (jobId) => void discarded.push(jobId) }),
    );
    const known = await jobs.wait(await jobs.start('test', { name: 'known' }));
    expect(known).toMatchObject({
      status: 'failed',
      error: { code: 'DATASET_EMPTY', message: 'There are no rows.' },
    });
    const bug = await jobs.wait(await jobs.start('test', { name: 'bug' }));
    expect(bug).toMatchObject({
      status: 'failed',
      error: { code: 'INTERNAL', message: expect.stringMatching(/report [0-9a-f]{8}/) as string },
    });
    expect(discarded).toEqual([known.jobId, bug.jobId]);
  });

  it('stop when cancelled, whether running or still queued', async () => {
    const { jobs } = await openJobs(makeHandler(untilAborted));
    const [first, second] = [
      await jobs.start('test', { name: 'running' }),
      await jobs.start('test', { name: 'queued' }),
    ];
    expect((await jobs.cancel(second)).status).toBe('cancelled');
    expect((await jobs.cancel(first)).status).toBe('cancelled');
  });

  it('a closing core leaves its running job to the next opening, which finishes it', async () => {
    const { jobs, database } = await openJobs(makeHandler(untilAborted));
    const id = await jobs.start('test', { name: 'long' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await jobs.close();
    expect(await database.one('SELECT status, attempt FROM job')).toEqual({ status: 'queued', attempt: 0 });
    const next = new JobService(database, log);
    next.register(makeHandler(async ({ attempt }) => ({ attempt })));
    expect(await next.recover()).toEqual([]);
    next.run();
    expect(await next.wait(id)).toMatchObject({ status: 'succeeded', result: { attempt: 1 } });
  });

  it.each([
    ['resume', { attempt: 1 }, 'succeeded', 0],
    ['restart', { attempt: 1 }, 'succeeded', 1],
    ['abandon', { attempt: 1 }, 'cancelled', 1],
    ['resume', { attempt: 3 }, 'failed', 1],
    ['resume', { attempt: 1, cancel: true }, 'cancelled', 1],
  ] as const)('recovery by rule %s with %o ends %s', async (recovery, row, status, discards) => {
    let count = 0;
    const { jobs, database } = await openJobs(
      makeHandler(async () => 'done', { recovery, discard: async () => void count++ }),
    );
    await leaveRunning(database, row);
    expect(await jobs.recover()).toHaveLength(1);
    jobs.run();
    expect((await jobs.wait('dead')).status).toBe(status);
    expect(count).toBe(discards);
  });

  it('work of a kind this version does not know is ended, not lost in the queue', async () => {
    const { jobs, database } = await openJobs(makeHandler(async () => 'done'));
    await leaveRunning(database, { attempt: 1, type: 'from-the-future' });
    await jobs.recover();
    expect(await jobs.get('dead')).toMatchObject({
      status: 'failed',
      error: { code: 'JOB_HANDLER_MISSING' },
    });
  });

  it('refuse a spec that does not fit before anything is queued', async () => {
    const { jobs, database } = await openJobs(makeHandler(async () => 'done'));
    await expect(jobs.start('test', { name: 5 })).rejects.toThrow();
    await expect(jobs.start('unknown', {})).rejects.toMatchObject({ code: 'JOB_HANDLER_MISSING' });
    expect(await database.one('SELECT count(*) AS n FROM job')).toEqual({ n: 0 });
  });

  it('a follower hears the end of a job even when it reads slowly, and stops with its signal', async () => {
    const { jobs } = await openJobs(
      makeHandler(async ({ progress }) => {
        for (let step = 0; step < 50; step++) progress(`step ${step}`, step, 50);
        return 'done';
      }),
    );
    const controller = new AbortController();
    const heard: Job[] = [];
    const follower = (async () => {
      for await (const job of followJobs(jobs, controller.signal)) {
        heard.push(job);
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (job.status === 'succeeded') controller.abort();
      }
    })();
    await jobs.wait(await jobs.start('test', { name: 'noisy' }));
    await follower;
    expect(heard.at(-1)?.status).toBe('succeeded');
    expect(heard.length).toBeLessThan(20);
  });
});
