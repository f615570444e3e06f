import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type JobHandler, JobPaused } from '../../../electron/core/jobs/job-handler.ts';
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

async function openJobs(
  ...handlers: JobHandler<Spec>[]
): Promise<{ jobs: JobService; database: Database; reopen: () => JobService }> {
  const { workspace } = await openImportBench();
  const reopen = () => {
    const jobs = new JobService(workspace.database, log);
    for (const handler of handlers) jobs.register(handler);
    return jobs;
  };
  return { jobs: reopen(), database: workspace.database, reopen };
}

async function untilRunning(jobs: JobService, jobId: string): Promise<void> {
  await expect.poll(async () => (await jobs.get(jobId)).status, { timeout: 30_000 }).toBe('running');
}

/** Works in steps, remembers the last one like a handler that resumes, and waits at the third until it may go on. */
function makeStepper() {
  const done: number[] = [];
  const discarded: string[] = [];
  let mayFinish = false;
  const handler = makeHandler(
    async ({ progress }, signal) => {
      for (let step = done.length; step < 5; step++) {
        if (step === 3 && !mayFinish)
          await new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          );
        progress('stepping', step + 1, 5);
        done.push(step);
      }
      return { done: [...done] };
    },
    { discard: async (jobId) => void discarded.push(jobId) },
  );
  return { handler, done, discarded, allow: () => (mayFinish = true) };
}

describe('pausing', () => {
  it('keeps what a running job has made, and resuming goes on from there instead of from the start', async () => {
    const stepper = makeStepper();
    const { jobs } = await openJobs(stepper.handler);
    const id = await jobs.start('test', { name: 'steps' });
    await expect.poll(() => stepper.done, { timeout: 30_000 }).toEqual([0, 1, 2]);
    expect(await jobs.pause(id)).toMatchObject({
      status: 'paused',
      attempt: 0,
      done: 3,
      total: 5,
      error: null,
      finishedAt: null,
      canPause: true,
    });
    expect(stepper.discarded).toEqual([]);
    stepper.allow();
    expect(['queued', 'running', 'succeeded']).toContain((await jobs.resume(id)).status);
    expect(await jobs.wait(id)).toMatchObject({
      status: 'succeeded',
      attempt: 1,
      result: { done: [0, 1, 2, 3, 4] },
    });
  });

  it('a paused job lets the next one run, and stays paused over a restart', async () => {
    const stepper = makeStepper();
    const other = makeHandler(async () => 'done', { type: 'other' });
    const { jobs, reopen } = await openJobs(stepper.handler, other);
    const id = await jobs.start('test', { name: 'steps' });
    await untilRunning(jobs, id);
    await jobs.pause(id);
    expect((await jobs.wait(await jobs.start('other', { name: 'next' }))).status).toBe('succeeded');
    await jobs.close();
    const next = reopen();
    expect(await next.recover()).toEqual([]);
    next.run();
    expect((await next.wait(await next.start('other', { name: 'after' }))).status).toBe('succeeded');
    expect((await next.get(id)).status).toBe('paused');
  });

  it('a waiting job is paused without having run', async () => {
    const { jobs } = await openJobs(makeHandler(untilAborted));
    const first = await jobs.start('test', { name: 'first' });
    const second = await jobs.start('test', { name: 'second' });
    expect(await jobs.pause(second)).toMatchObject({ status: 'paused', startedAt: null });
    await jobs.cancel(first);
    expect((await jobs.get(second)).status).toBe('paused');
  });

  it('a handler pauses itself, and its reason can be read until the job goes on', async () => {
    let isDown = true;
    const { jobs } = await openJobs(
      makeHandler(async () => {
        if (isDown) throw new JobPaused('The model did not answer 5 times in a row.');
        return 'answered';
      }),
    );
    const id = await jobs.start('test', { name: 'judge' });
    expect(await jobs.wait(id)).toMatchObject({
      status: 'paused',
      error: { code: 'JOB_PAUSED', message: 'The model did not answer 5 times in a row.' },
    });
    isDown = false;
    await jobs.resume(id);
    expect(await jobs.wait(id)).toMatchObject({ status: 'succeeded', error: null, result: 'answered' });
  });

  it('cancelling a paused job removes what it has made', async () => {
    const stepper = makeStepper();
    const { jobs } = await openJobs(stepper.handler);
    const id = await jobs.start('test', { name: 'steps' });
    await expect.poll(() => stepper.done.length, { timeout: 30_000 }).toBe(3);
    await jobs.pause(id);
    const cancelled = await jobs.cancel(id);
    expect(cancelled.status).toBe('cancelled');
    expect(cancelled.finishedAt).not.toBeNull();
    expect(stepper.discarded).toEqual([id]);
  });

  it.each(['restart', 'abandon'] as const)('refuses work that would %s, and it goes on', async (recovery) => {
    const { jobs } = await openJobs(makeHandler(untilAborted, { recovery }));
    const id = await jobs.start('test', { name: 'no' });
    await untilRunning(jobs, id);
    await expect(jobs.pause(id)).rejects.toMatchObject({ code: 'JOB_NOT_PAUSABLE' });
    expect((await jobs.get(id)).status).toBe('running');
    await jobs.cancel(id);
  });

  it('refuses to pause or resume what has ended', async () => {
    const { jobs } = await openJobs(makeHandler(async () => 'done'));
    const { jobId } = await jobs.wait(await jobs.start('test', { name: 'done' }));
    await expect(jobs.pause(jobId)).rejects.toMatchObject({ code: 'JOB_NOT_PAUSABLE' });
    await expect(jobs.resume(jobId)).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
  });
});

describe('lanes', () => {
  it('a model that answers for hours keeps no import waiting, and of models one runs at a time', async () => {
    const { jobs } = await openJobs(
      makeHandler(async () => 'done'),
      makeHandler(untilAborted, { type: 'judge', lane: 'model' }),
    );
    const judge = await jobs.start('judge', { name: 'slow' });
    await untilRunning(jobs, judge);
    const waiting = await jobs.start('judge', { name: 'waits' });
    expect((await jobs.wait(await jobs.start('test', { name: 'import' }))).status).toBe('succeeded');
    expect((await jobs.get(judge)).status).toBe('running');
    expect((await jobs.get(waiting)).status).toBe('queued');
    await jobs.cancel(judge);
    await untilRunning(jobs, waiting);
    await jobs.cancel(waiting);
  });

  it('of data work one runs at a time', async () => {
    const { jobs } = await openJobs(makeHandler(untilAborted));
    const first = await jobs.start('test', { name: 'first' });
    const second = await jobs.start('test', { name: 'second' });
    await untilRunning(jobs, first);
    expect((await jobs.get(second)).status).toBe('queued');
    await jobs.cancel(first);
    await untilRunning(jobs, second);
    await jobs.cancel(second);
  });

  it('closing stops both lanes and puts both jobs back', async () => {
    const { jobs, database } = await openJobs(
      makeHandler(untilAborted),
      makeHandler(untilAborted, { type: 'judge', lane: 'model' }),
    );
    const ids = [await jobs.start('test', { name: 'a' }), await jobs.start('judge', { name: 'b' })];
    for (const id of ids) await untilRunning(jobs, id);
    await jobs.close();
    expect(await database.all('SELECT status, attempt FROM job')).toEqual([
      { status: 'queued', attempt: 0 },
      { status: 'queued', attempt: 0 },
    ]);
  });
});

describe('cancelled while closing', () => {
  it('a job ends with a time and without output, not half cancelled', async () => {
    const discarded: string[] = [];
    const slowToStop: JobHandler<Spec>['run'] = (_context, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => setTimeout(() => reject(signal.reason as Error), 300)),
      );
    const { jobs, reopen } = await openJobs(
      makeHandler(slowToStop, { discard: async (jobId) => void discarded.push(jobId) }),
    );
    const id = await jobs.start('test', { name: 'both' });
    await untilRunning(jobs, id);
    const closed = jobs.close();
    const cancelled = await jobs.cancel(id);
    await closed;
    expect(cancelled.status).toBe('cancelled');
    expect(cancelled.finishedAt).not.toBeNull();
    expect(discarded).toEqual([id]);
    expect(await reopen().recover()).toEqual([]);
  });
});
