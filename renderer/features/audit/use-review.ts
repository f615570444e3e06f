import { computed, type Ref, ref, shallowRef, watch } from 'vue';
import type { Proposal, ProposalKind, ProposalStatus } from '../../../electron/contract/audit.contract.ts';
import { useShellStore } from '../../app/shell-store.ts';
import { useText } from '../../app/text.ts';
import { useAsync } from '../../app/use-async.ts';
import { toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';

const pageSize = 100;

export interface ReviewFilter {
  readonly status: ProposalStatus | '';
  readonly audit: string;
  readonly kind: ProposalKind | '';
}

const toChoice = (datasetId: number, { status, audit, kind }: ReviewFilter) => ({
  datasetId,
  ...(status !== '' && { status }),
  ...(audit !== '' && { audit }),
  ...(kind !== '' && { kind }),
});

/** The review queue of a dataset: a filter, a page of proposals, a cursor, a selection, and deciding. */
export function useReview(datasetId: () => number, onChanged: () => void) {
  const client = useClient();
  const shell = useShellStore();
  const { t, number } = useText();
  const filter = ref<ReviewFilter>({ status: 'open', audit: '', kind: '' });
  const limit = shallowRef(pageSize);
  const cursor = shallowRef(0);
  const picked: Ref<ReadonlySet<number>> = shallowRef(new Set<number>());

  const choice = computed(() => toChoice(datasetId(), filter.value));
  const answer = useAsync(
    () => ({ ...choice.value, limit: Math.min(500, limit.value) }),
    (input, signal) => client.audit.proposals({ ...input, offset: 0 }, { signal }),
  );
  const proposals = computed<readonly Proposal[]>(() => answer.value.value?.proposals ?? []);
  const current = computed(() => proposals.value[cursor.value]);

  watch(choice, () => {
    cursor.value = 0;
    picked.value = new Set();
    limit.value = pageSize;
  });
  watch(proposals, (list) => {
    cursor.value = Math.max(0, Math.min(cursor.value, list.length - 1));
  });

  function toggle(proposalId: number): void {
    const next = new Set(picked.value);
    if (!next.delete(proposalId)) next.add(proposalId);
    picked.value = next;
  }

  /** The picked proposals, without any the one under the cursor; or all of the filter. */
  async function decide(decision: ProposalStatus, isAll = false): Promise<void> {
    const own = picked.value.size > 0 ? [...picked.value] : current.value ? [current.value.proposalId] : [];
    if (!isAll && own.length === 0) return;
    try {
      const { changed } = await client.audit.decide({
        ...choice.value,
        ...(isAll ? {} : { proposalIds: own }),
        decision,
      });
      shell.notify(t('audits.review.changed', { n: number(changed) }, changed));
      picked.value = new Set();
      answer.reload();
      onChanged();
    } catch (error) {
      shell.notify([t('audits.review.decideFailed'), toFailure(error).message].join(': '));
    }
  }

  return {
    filter,
    answer,
    proposals,
    current,
    cursor,
    picked,
    toggle,
    decide,
    step: (by: 1 | -1) =>
      (cursor.value = Math.max(0, Math.min(proposals.value.length - 1, cursor.value + by))),
    more: () => (limit.value += pageSize),
  };
}
