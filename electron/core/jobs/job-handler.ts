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

/** Work of different lanes runs side by side: a model that answers for hours keeps no import waiting. */
export type JobLane = 'data' | 'model';

/**
 * Thrown by a handler that can go on later but not now: the job rests with what it has made until a person resumes it.
 * `message` tells why, to a person; '' when the person paused it. Only for handlers that resume.
 */
export class JobPaused extends Error {}

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
  /** One job a lane runs at a time; 'data' where nothing is said. */
  readonly lane?: JobLane;
  /** What people see in the list of jobs; datasets by their names. */
  title(spec: Spec): string | Promise<string>;
  /** The answer is stored as JSON with the job. Must stop soon after `signal` aborts, rejecting with its reason. A run that was paused is not discarded. */
  run(context: JobContext<Spec>, signal: AbortSignal): Promise<Result>;
  /** Removes what a cancelled, failed or restarted run has left behind. */
  discard?(jobId: string, spec: Spec): Promise<void>;
}
