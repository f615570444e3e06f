import pino from 'pino';
import { AppError, type ErrorCode } from '../contract/app-error.ts';
import { type Core, openCore } from '../core/boot.ts';
import { makeProgressLine, tell } from './output.ts';
import { places } from './places.ts';
import { version } from './version.ts';

/** Opens the workspace for one command and closes it whatever happens; Ctrl+C stops the work in order. */
export async function withCore<T>(workspace: string, work: (core: Core) => Promise<T>): Promise<T> {
  const core = await openCore({
    workspace,
    version,
    log: pino({ level: 'error' }, pino.destination({ dest: 2, sync: true })),
    extractEntry: places.extractEntry,
    runsQueue: false,
  });
  const onInterrupt = () => {
    tell('Stopping; what is done is kept, and the rest goes on at the next opening.');
    void core.close().then(() => process.exit(130));
  };
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  try {
    for (const notice of core.notices) tell(notice);
    return await work(core);
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
    await core.close();
  }
}

/** Runs a job to its end with a progress line; throws what it failed with. */
export async function runJob<Result>(core: Core, type: string, spec: unknown): Promise<Result> {
  return waitForJob(core, () => core.services.jobs.start(type, spec));
}

/** As `runJob`, for a job that `start` puts into the queue. */
export async function waitForJob<Result>(core: Core, start: () => Promise<string>): Promise<Result> {
  const { jobs } = core.services;
  const line = makeProgressLine();
  const stop = jobs.onChange((job) => job.status === 'running' && line.show(job));
  try {
    const job = await jobs.wait(await start());
    if (job.status === 'succeeded') return job.result as Result;
    throw new AppError(
      (job.error?.code ?? 'INTERNAL') as ErrorCode,
      job.error?.message ?? 'It was cancelled.',
    );
  } finally {
    stop();
    line.clear();
  }
}
