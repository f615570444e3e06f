import type { Ref } from 'vue';
import { onBeforeUnmount, shallowRef } from 'vue';
import { useRouter } from 'vue-router';
import { keepRowSet } from '../../app/row-sets.ts';
import { useShellStore } from '../../app/shell-store.ts';
import { useText } from '../../app/text.ts';
import { browseLink } from '../../app/view-query.ts';
import { toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';

export interface RowsRequest {
  readonly datasetId: number;
  readonly constitutionId: number;
  readonly which: 'for' | 'against' | 'not_applicable' | 'unexplained' | 'silent';
  readonly principle?: { readonly id: string; readonly name: string };
}

/** Opens the pairs behind a figure in the grid. */
export function useRowsLink(): {
  isOpening: Readonly<Ref<boolean>>;
  open(request: RowsRequest): Promise<void>;
} {
  const client = useClient();
  const router = useRouter();
  const shell = useShellStore();
  const { t, number } = useText();
  const isOpening = shallowRef(false);
  const abort = new AbortController();

  async function open({ datasetId, constitutionId, which, principle }: RowsRequest): Promise<void> {
    if (isOpening.value) return;
    isOpening.value = true;
    try {
      const { total, ids } = await client.constitution.rows(
        { constitutionId, which, ...(principle && { principleId: principle.id }) },
        { signal: abort.signal },
      );
      if (ids.length === 0) shell.notify(t('constitution.rows.empty'));
      else {
        const label = t(`constitution.rows.${which}`, { name: principle?.name ?? '' });
        const named = { shown: number(ids.length), total: number(total) };
        if (ids.length < total) shell.notify(t('constitution.rows.first', named));
        await router.push(browseLink(datasetId, { set: keepRowSet({ label, ids }) }));
      }
    } catch (error) {
      if (!abort.signal.aborted) {
        shell.notify([t('constitution.rows.failed'), toFailure(error).message].join(': '));
      }
    }
    isOpening.value = false;
  }

  onBeforeUnmount(() => abort.abort());
  return { isOpening, open };
}
