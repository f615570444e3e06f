import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Job } from '../../contract/job.contract.ts';
import { type JobHandler, type JobLane, JobPaused } from './job-handler.ts';
import { type ClaimedJob, JobRepository } from './job-repository.ts';
import { recoverOrphans } from './recovery.ts';

const topicInterval = 100;
const saveInterval = 1_000;

const lanes: readonly JobLane[] = ['data', 'model'];
const ended: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);

class JobCancelled extends Error {}

interface RunningJob {
  readonly jobId: string;
  readonly controller: AbortController;
  job: Job | undefined;
}

/** A controller whose signal a job may hand to any number of calls at once. */
function makeController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/**
 * Runs long work, in each lane one job at a time, in order of priority and age. The queue lives in the database with the data, so a
 * crash loses neither: `recover` deals with what the former process left, by each handler's declared rule.
 */
export class JobService {
  private readonly repository: JobRepository;
  private readonly handlers = new Map<string, JobHandler>();
  private readonly bootId = randomUUID();
  private readonly listeners = new Set<(job: Job) => void>();
  private readonly running = new Map<JobLane, RunningJob>();
  private readonly pumps = new Map<JobLane, Promise<void>>();
  private isClosing = false;

  constructor(
    database: Database,
    private readonly logger: Logger,
  ) {
    this.repository = new JobRepository(database);
  }

  register<Spec, Result>(handler: JobHandler<Spec, Result>): void {
    if (this.handlers.has(handler.type)) throw new Error(`two handlers for ${handler.type}`);
    this.handlers.set(handler.type, handler);
  }

  /** Queues work; the answer is the job's id. The spec is checked against the handler's schema. */
  async start(type: string, spec: unknown, parentId: string | null = null): Promise<string> {
    const handler = this.requireHandler(type);
    const parsed = handler.spec.parse(spec);
    const jobId = randomUUID();
    const { priority = 0 } = handler;
    await this.repository.insert({
      jobId,
      parentId,
      type,
      title: await handler.title(parsed),
      spec: parsed,
      priority,
    });
    await this.publish(jobId);
    this.wake();
    return jobId;
  }

  async again(jobId: string): Promise<string> {
    const former = await this.repository.findSpec(jobId);
    if (!former) throw missing(jobId);
    return this.start(former.type, former.spec, jobId);
  }

  /** Ends a job that has not ended and removes what it has made. */
  async cancel(jobId: string): Promise<Job> {
    const abort = () => this.findRunning(jobId)?.controller.abort(new JobCancelled('cancelled'));
    abort();
    const before = await this.get(jobId);
    await this.repository.requestCancel(jobId);
    if (this.findRunning(jobId)) {
      abort();
      await this.wait(jobId);
    } else if (before.startedAt !== null && (before.status === 'queued' || before.status === 'paused')) {
      await this.discardResting(jobId);
    }
    await this.publish(jobId);
    const after = await this.get(jobId);
    return after.status === 'paused' ? this.cancel(jobId) : after;
  }

  /**
   * Lets a waiting or running job rest until `resume`; it keeps what it has made. Throws JOB_NOT_PAUSABLE for one that
   * has ended or cannot go on where it was.
   */
  async pause(jobId: string): Promise<Job> {
    const job = await this.get(jobId);
    if (ended.has(job.status) || this.handlers.get(job.type)?.recovery !== 'resume')
      throw new AppError(
        'JOB_NOT_PAUSABLE',
        `Not paused: “${job.title}” ${ended.has(job.status) ? 'has ended' : 'cannot go on where it was; cancel it, or let it end'}.`,
      );
    const hasPaused =
      !this.findRunning(jobId) && (await this.repository.moveResting(jobId, 'queued', 'paused'));
    const running = hasPaused ? undefined : this.findRunning(jobId);
    if (running) {
      running.controller.abort(new JobPaused(''));
      await this.wait(jobId);
    }
    await this.publish(jobId);
    return this.get(jobId);
  }

  /** Puts a paused job back in the queue. Throws JOB_CONFLICT for one that has ended. */
  async resume(jobId: string): Promise<Job> {
    const job = await this.get(jobId);
    if (ended.has(job.status))
      throw new AppError('JOB_CONFLICT', `Not resumed: “${job.title}” has ended. Run it again instead.`);
    await this.repository.moveResting(jobId, 'paused', 'queued');
    await this.publish(jobId);
    this.wake();
    return this.get(jobId);
  }

  /** The stored job, with the live progress where it is running. */
  async get(jobId: string): Promise<Job> {
    const job = await this.repository.find(jobId);
    if (!job) throw missing(jobId);
    return this.withLiveProgress(job);
  }

  async list(limit: number): Promise<Job[]> {
    return (await this.repository.list(limit)).map((job) => this.withLiveProgress(job));
  }

  /** Resolves with the job when it has ended, whatever its end, or rests paused. */
  async wait(jobId: string): Promise<Job> {
    return new Promise((resolve, reject) => {
      const settle = (job: Job) => {
        if (job.jobId !== jobId || !(ended.has(job.status) || job.status === 'paused')) return;
        this.listeners.delete(settle);
        resolve(job);
      };
      this.listeners.add(settle);
      this.get(jobId).then(settle, (error: unknown) => {
        this.listeners.delete(settle);
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    });
  }

  /** Calls `listener` on every change until the returned function is called. */
  onChange(listener: (job: Job) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Deals with jobs a dead process left running. Answers what happened, in words for the person. */
  async recover(): Promise<string[]> {
    return recoverOrphans(this.repository, this.handlers, this.bootId);
  }

  /** Starts working through the queue; before this, only `start` does. */
  run(): void {
    this.wake();
  }

  /** Stops the running jobs in order, so that the next opening goes on with them, and takes no new one. */
  async close(): Promise<void> {
    this.isClosing = true;
    for (const { controller } of this.running.values()) controller.abort(new Error('closing'));
    await Promise.all(this.pumps.values());
  }

  private wake(): void {
    for (const lane of lanes) {
      if (this.isClosing || this.pumps.has(lane)) continue;
      this.pumps.set(
        lane,
        this.drain(lane).finally(() => this.pumps.delete(lane)),
      );
    }
  }

  /** Jobs of a kind that nobody knows are taken in the data lane, to be ended. */
  private async drain(lane: JobLane): Promise<void> {
    while (!this.isClosing) {
      const ofModel = [...this.handlers.values()].filter((handler) => handler.lane === 'model');
      const types = ofModel.map((handler) => handler.type);
      const claimed = await this.repository.claim(this.bootId, types, lane === 'model');
      if (!claimed) return;
      const running: RunningJob = {
        jobId: claimed.jobId,
        controller: makeController(),
        job: undefined,
      };
      this.running.set(lane, running);
      try {
        await this.execute(claimed, running);
      } finally {
        this.running.delete(lane);
        await this.publish(claimed.jobId);
      }
    }
  }

  private async execute(claimed: ClaimedJob, running: RunningJob): Promise<void> {
    const { jobId } = claimed;
    const { controller } = running;
    const handler = this.handlers.get(claimed.type);
    running.job = await this.get(jobId);
    await this.publish(jobId);
    if (this.isClosing) controller.abort(new Error('closing'));
    if (running.job.isCancelRequested) controller.abort(new JobCancelled('cancelled'));
    try {
      const known = this.requireHandler(claimed.type);
      controller.signal.throwIfAborted();
      const result = await known.run(
        {
          jobId,
          spec: known.spec.parse(claimed.spec),
          attempt: claimed.attempt,
          progress: this.makeProgress(running),
        },
        controller.signal,
      );
      await this.repository.finish(jobId, 'succeeded', { result });
    } catch (error) {
      await this.stop(handler, claimed, running, error);
    }
  }

  /** What becomes of a job whose run did not come to its end: cancelled, paused, put back or failed. */
  private async stop(
    handler: JobHandler | undefined,
    { jobId, spec }: ClaimedJob,
    running: RunningJob,
    error: unknown,
  ): Promise<void> {
    const canResume = handler?.recovery === 'resume';
    const job = await this.get(jobId);
    const isPaused = error instanceof JobPaused && canResume;
    if (job.isCancelRequested && (isPaused || this.isClosing))
      await this.endBadly(handler, jobId, spec, new JobCancelled('cancelled'));
    else if (isPaused) await this.repository.rest(job, error.message);
    else if (this.isClosing) {
      if (handler?.recovery === 'restart') await handler.discard?.(jobId, spec);
      await this.repository.putBack(jobId);
    } else await this.endBadly(handler, jobId, spec, error);
  }

  private async endBadly(
    handler: JobHandler | undefined,
    jobId: string,
    spec: unknown,
    error: unknown,
  ): Promise<void> {
    await handler
      ?.discard?.(jobId, spec)
      .catch((cause: unknown) => this.logger.error({ cause, jobId }, 'discard failed'));
    if (error instanceof JobCancelled) {
      await this.repository.finish(jobId, 'cancelled', {});
    } else if (error instanceof AppError) {
      await this.repository.finish(jobId, 'failed', { error: { code: error.code, message: error.message } });
    } else {
      const reportId = randomUUID().slice(0, 8);
      this.logger.error({ err: error, jobId, reportId }, 'job failed');
      const message = `An error inside Assay stopped this work (report ${reportId}): ${error instanceof Error ? error.message : String(error)}`;
      await this.repository.finish(jobId, 'failed', { error: { code: 'INTERNAL', message } });
    }
  }

  /** Removes what a job that does not run at the moment has made before. */
  private async discardResting(jobId: string): Promise<void> {
    const stored = await this.repository.findSpec(jobId);
    const handler = stored && this.handlers.get(stored.type);
    if (handler?.recovery === 'resume') await handler.discard?.(jobId, stored?.spec);
  }

  private makeProgress(running: RunningJob): (phase: string, done: number, total: number | null) => void {
    const { jobId } = running;
    let toldAt = 0;
    let savedAt = Date.now();
    return (phase, done, total) => {
      if (!running.job || this.findRunning(jobId) !== running) return;
      const isNewPhase = running.job.phase !== phase;
      running.job = { ...running.job, phase, done, total };
      const now = Date.now();
      if (isNewPhase || now - toldAt >= topicInterval) {
        toldAt = now;
        this.tell(running.job);
      }
      if (now - savedAt >= saveInterval) {
        savedAt = now;
        void this.repository.saveProgress(jobId, phase, done, total).catch(() => undefined);
      }
    };
  }

  private findRunning(jobId: string): RunningJob | undefined {
    return [...this.running.values()].find((running) => running.jobId === jobId);
  }

  private withLiveProgress(stored: Job): Job {
    const live = this.findRunning(stored.jobId)?.job;
    const job = { ...stored, canPause: this.handlers.get(stored.type)?.recovery === 'resume' };
    return live && job.status === 'running'
      ? { ...job, phase: live.phase, done: live.done, total: live.total }
      : job;
  }

  private async publish(jobId: string): Promise<void> {
    if (this.listeners.size > 0) this.tell(await this.get(jobId));
  }

  private tell(job: Job): void {
    for (const listener of [...this.listeners]) listener(job);
  }

  private requireHandler(type: string): JobHandler {
    const handler = this.handlers.get(type);
    if (!handler)
      throw new AppError(
        'JOB_HANDLER_MISSING',
        `Not started: this version does not know work of kind ${type}.`,
      );
    return handler;
  }
}

function missing(jobId: string): AppError {
  return new AppError('JOB_MISSING', `There is no job ${jobId}.`);
}
