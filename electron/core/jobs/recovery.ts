import type { JobHandler } from './job-handler.ts';
import type { JobRepository } from './job-repository.ts';

const crashesAllowed = 3;

/**
 * Deals with jobs a dead process left running, by each handler's rule. Answers what happened, in words for the person.
 * A cancel that was asked for beats every rule; the third crash of one job ends it.
 */
export async function recoverOrphans(
  repository: JobRepository,
  handlers: ReadonlyMap<string, JobHandler>,
  bootId: string,
): Promise<string[]> {
  const notices: string[] = [];
  for (const orphan of await repository.listOrphans(bootId)) {
    const handler = handlers.get(orphan.type);
    const name = `“${orphan.title}”`;
    const endWith = async (status: 'failed' | 'cancelled', code: string, message: string) => {
      await handler?.discard?.(orphan.jobId, orphan.spec);
      await repository.finish(orphan.jobId, status, { error: { code, message } });
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
      await repository.requeue(orphan.jobId);
      const how = handler.recovery === 'resume' ? 'goes on where it was' : 'starts afresh';
      notices.push(`${name} was interrupted when Assay stopped; it ${how}.`);
    }
  }
  return notices;
}
