import type { z } from 'zod';

/** What a running handler may use; it never sees the queue. */
export interface JobContext<Spec> {
  readonly jobId: string;
  readonly spec: Spec;
  /** 1 on the first run, higher after a crash. */
  readonly attempt: number;
  /** `total` null = unknown. Cheap: writes are throttled. */
  readonly progress: (phase: string, done: number, total: number | null) => void;
}

/**
 * A kind of long work. `recovery` says what the next opening does with a job that was running when the process died:
 * `resume` runs it again, and the handler skips what is done; `restart` discards its output first; `abandon` ends it.
 */
export interface JobHandler<Spec = unknown, Result = unknown> {
  readonly type: string;
  readonly spec: z.ZodType<Spec>;
  readonly recovery: 'resume' | 'restart' | 'abandon';
  /** Background work that others may overtake in the queue has a negative one. */
  readonly priority?: number;
  title(spec: Spec): string;
  /** The answer is stored as JSON with the job. Must stop soon after `signal` aborts, rejecting with its reason. */
  run(context: JobContext<Spec>, signal: AbortSignal): Promise<Result>;
  /** Removes what a cancelled, failed or restarted run has left behind. */
  discard?(jobId: string, spec: Spec): Promise<void>;
}
