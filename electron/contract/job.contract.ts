import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';

export const jobStatusSchema = z.enum(['queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled']);
export type JobStatus = z.infer<typeof jobStatusSchema>;

export const jobSchema = z.object({
  jobId: z.string(),
  type: z.string(),
  title: z.string(),
  status: jobStatusSchema,
  phase: z.string(),
  done: z.number(),
  /** Null while the amount of work is not known. */
  total: z.number().nullable(),
  attempt: z.number().int(),
  isCancelRequested: z.boolean(),
  /** Why it failed, or why it paused itself; a paused job goes on after `resume`. */
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** True for work that can be paused and goes on where it was. */
  canPause: z.boolean().optional(),
  /** What the job made, as JSON; its shape belongs to the job type. */
  result: z.unknown(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
});
export type Job = z.infer<typeof jobSchema>;

export const jobContract = {
  job: {
    list: oc
      .input(z.object({ limit: z.number().int().min(1).max(500).default(100) }))
      .output(z.array(jobSchema)),
    get: oc.input(z.object({ jobId: z.string() })).output(jobSchema),
    cancel: oc.input(z.object({ jobId: z.string() })).output(jobSchema),
    /** Lets a job rest that can go on where it was; it keeps what it has made. */
    pause: oc.input(z.object({ jobId: z.string() })).output(jobSchema),
    resume: oc.input(z.object({ jobId: z.string() })).output(jobSchema),
    /** Makes a new job from the spec of an ended one. */
    again: oc.input(z.object({ jobId: z.string() })).output(z.object({ jobId: z.string() })),
    /** First every unfinished job, then each change, at most ten a second per job. */
    changed: oc.output(eventIterator(jobSchema)),
  },
};
