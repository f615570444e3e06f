import { shallowRef, watch } from 'vue';
import type { EditOutcome } from '../../../electron/contract/editing.contract.ts';
import type { JobFeed } from '../../app/job-feed.ts';
import type { MessageKey } from '../../app/messages/en.ts';
import { useShellStore } from '../../app/shell-store.ts';
import { useText } from '../../app/text.ts';
import { useClient } from '../../rpc/use-client.ts';

interface Started {
  readonly outcome: EditOutcome | null;
  readonly jobId: string | null;
}

/** Tells what an edit did, at once or when its job has ended, and calls `onChanged` then. */
export function useEditRun(feed: JobFeed, onChanged: () => void) {
  const client = useClient();
  const shell = useShellStore();
  const { t } = useText();
  const jobs = shallowRef<ReadonlyMap<string, MessageKey>>(new Map());

  function tell(outcome: EditOutcome, key: MessageKey): void {
    shell.notify(outcome.operationId === null ? t('editing.nothing') : t(key, { title: outcome.title }));
    if (outcome.operationId !== null) onChanged();
  }

  watch(feed.jobs, (all) => {
    for (const [jobId, key] of jobs.value) {
      const job = all.get(jobId);
      if (job?.status !== 'succeeded' && job?.status !== 'failed' && job?.status !== 'cancelled') continue;
      jobs.value = new Map([...jobs.value].filter(([id]) => id !== jobId));
      if (job.status === 'succeeded') tell(job.result as EditOutcome, key);
      else shell.notify(job.error?.message ?? t('editing.cancelled'));
    }
  });

  async function follow(started: Started, key: MessageKey = 'editing.done'): Promise<void> {
    if (started.outcome) tell(started.outcome, key);
    if (started.jobId === null) return;
    shell.notify(t('editing.asJob'));
    jobs.value = new Map([...jobs.value, [started.jobId, key]]);
    feed.put(await client.job.get({ jobId: started.jobId }));
  }
  return { follow };
}
