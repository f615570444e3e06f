import type { Ref } from 'vue';
import { onBeforeUnmount, shallowRef } from 'vue';
import { useRouter } from 'vue-router';
import { keepRowSet } from '../../app/row-sets.ts';
import { useShellStore } from '../../app/shell-store.ts';
import { useText } from '../../app/text.ts';
import { browseLink } from '../../app/view-query.ts';
import { toFailure } from '../../rpc/failure.ts';

/** Opens a set of pairs in the grid under a name. */
export function useIdsLink(): {
  isOpening: Readonly<Ref<boolean>>;
  open(
    datasetId: number,
    label: string,
    find: (signal: AbortSignal) => Promise<{ total: number; ids: number[] }>,
  ): Promise<void>;
} {
  const router = useRouter();
  const shell = useShellStore();
  const { t, number } = useText();
  const isOpening = shallowRef(false);
  const abort = new AbortController();

  async function open(
    datasetId: number,
    label: string,
    find: (signal: AbortSignal) => Promise<{ total: number; ids: number[] }>,
  ): Promise<void> {
    if (isOpening.value) return;
    isOpening.value = true;
    try {
      const { total, ids } = await find(abort.signal);
      if (ids.length === 0) shell.notify(t('constitution.rows.empty'));
      else {
        const named = { shown: number(ids.length), total: number(total) };
        if (ids.length < total) shell.notify(t('constitution.rows.first', named));
        await router.push(browseLink(datasetId, { set: keepRowSet({ label, ids }) }));
      }
    } catch (error) {
      if (!abort.signal.aborted)
        shell.notify([t('constitution.rows.failed'), toFailure(error).message].join(': '));
    }
    isOpening.value = false;
  }

  onBeforeUnmount(() => abort.abort());
  return { isOpening, open };
}
