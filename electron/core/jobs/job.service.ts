import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Job } from '../../contract/job.contract.ts';
import type { JobHandler } from './job-handler.ts';
import { type ClaimedJob, JobRepository } from './job-repository.ts';

const crashesAllowed = 3;
const topicInterval = 100;
const saveInterval = 1_000;

const ended: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);

class JobCancelled extends Error {}

/**
 * Runs long work one job at a time, in order of priority and age. The queue lives in the database with the data, so a
 * crash loses neither: `recover` deals with what the former process left, by each handler's declared rule.
 */
export class JobService {
  private readonly repository: JobRepository;
  private readonly handlers = new Map<string, JobHandler>();
  private readonly bootId = randomUUID();
  private readonly listeners = new Set<(job: Job) => void>();
  private running: { jobId: string; controller: AbortController; job: Job } | undefined;
  private pump: Promise<void> | undefined;
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
      title: handler.title(parsed),
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

  async cancel(jobId: string): Promise<Job> {
    const isRunning = this.running?.jobId === jobId;
    if (isRunning) this.running?.controller.abort(new JobCancelled('cancelled'));
    await this.repository.requestCancel(jobId);
    if (isRunning) await this.wait(jobId);
    await this.publish(jobId);
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

  /** Resolves with the ended job, whatever its end. */
  async wait(jobId: string): Promise<Job> {
    return new Promise((resolve, reject) => {
      const settle = (job: Job) => {
        if (job.jobId !== jobId || !ended.has(job.status)) return;
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

  /**
   * Deals with jobs a dead process left running. Answers what happened, in words for the person.
   * A cancel that was asked for beats every rule; the third crash of one job ends it.
   */
  async recover(): Promise<string[]> {
    const notices: string[] = [];
    for (const orphan of await this.repository.listOrphans(this.bootId)) {
      const handler = this.handlers.get(orphan.type);
      const name = `“${orphan.title}”`;
      const endWith = async (status: 'failed' | 'cancelled', code: string, message: string) => {
        await handler?.discard?.(orphan.jobId, orphan.spec);
        await this.repository.finish(orphan.jobId, status, { error: { code, message } });
        notices.push(message);
      };
      if (!handler)
        await endWith(
          'failed',
          'JOB_HANDLER_MISSING',
          `${name} cannot go on: this version does not know such work.`,
        );
      else if (orphan.isCancelRequested)
        await endWith(
          'cancelled',
          'JOB_INTERRUPTED',
          `${name} was being cancelled when Assay stopped; it is cancelled now.`,
        );
      else if (handler.recovery === 'abandon')
        await endWith(
          'cancelled',
          'JOB_INTERRUPTED',
          `${name} was interrupted when Assay stopped. Run it again if you still want it.`,
        );
      else if (orphan.attempt >= crashesAllowed)
        await endWith(
          'failed',
          'JOB_INTERRUPTED',
          `${name} was ended: Assay stopped ${orphan.attempt} times while it ran.`,
        );
      else {
        if (handler.recovery === 'restart') await handler.discard?.(orphan.jobId, orphan.spec);
        await this.repository.requeue(orphan.jobId);
        const how = handler.recovery === 'resume' ? 'goes on where it was' : 'starts afresh';
        notices.push(`${name} was interrupted when Assay stopped; it ${how}.`);
      }
    }
    return notices;
  }

  /** Starts working through the queue; before this, only `start` does. */
  run(): void {
    this.wake();
  }

  /** Stops the running job in order, so that the next opening goes on with it, and takes no new one. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.running?.controller.abort(new Error('closing'));
    await this.pump;
  }

  private wake(): void {
    if (this.isClosing || this.pump) return;
    this.pump = this.drain().finally(() => {
      this.pump = undefined;
    });
  }

  private async drain(): Promise<void> {
    while (!this.isClosing) {
      const claimed = await this.repository.claim(this.bootId);
      if (!claimed) return;
      await this.execute(claimed);
    }
  }

  private async execute(claimed: ClaimedJob): Promise<void> {
    const { jobId } = claimed;
    const handler = this.requireHandler(claimed.type);
    const spec = handler.spec.parse(claimed.spec);
    const controller = new AbortController();
    this.running = { jobId, controller, job: await this.get(jobId) };
    await this.publish(jobId);
    try {
      const progress = this.makeProgress(jobId);
      const result = await handler.run(
        { jobId, spec, attempt: claimed.attempt, progress },
        controller.signal,
      );
      await this.repository.finish(jobId, 'succeeded', { result });
    } catch (error) {
      if (this.isClosing) {
        if (handler.recovery === 'restart') await handler.discard?.(jobId, spec);
        await this.repository.putBack(jobId);
        return;
      }
      await this.endBadly(handler, jobId, spec, error);
    } finally {
      this.running = undefined;
      if (!this.isClosing) await this.publish(jobId);
    }
  }

  private async endBadly(handler: JobHandler, jobId: string, spec: unknown, error: unknown): Promise<void> {
    await handler
      .discard?.(jobId, spec)
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

  private makeProgress(jobId: string): (phase: string, done: number, total: number | null) => void {
    let toldAt = 0;
    let savedAt = Date.now();
    return (phase, done, total) => {
      if (this.running?.jobId !== jobId) return;
      const isNewPhase = this.running.job.phase !== phase;
      this.running.job = { ...this.running.job, phase, done, total };
      const now = Date.now();
      if (isNewPhase || now - toldAt >= topicInterval) {
        toldAt = now;
        this.tell(this.running.job);
      }
      if (now - savedAt >= saveInterval) {
        savedAt = now;
        void this.repository.saveProgress(jobId, phase, done, total).catch(() => undefined);
      }
    };
  }

  private withLiveProgress(job: Job): Job {
    const live = this.running?.job;
    return live?.jobId === job.jobId && job.status === 'running'
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
